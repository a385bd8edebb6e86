"""The stubs of the compiled module are the ones that pybind11-stubgen makes of it.

``python tests/test_stubs.py`` writes them anew, from the installed package.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import panfuse

STUBS = Path(__file__).resolve().parents[1] / "python" / "panfuse" / "_cpu"
# The values of the version and of the compiler are those of one build.
VALUE = re.compile(r"^(\w+: \w+) = '.*'$", re.MULTILINE)


def make() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pybind11_stubgen", "--exit-code", "-o", folder, "panfuse._cpu"],
            check=True,
            env=os.environ | {"PYTHONPATH": str(Path(panfuse.__file__).parents[1])},
        )
        made = (Path(folder) / "panfuse" / "_cpu").glob("*.pyi")
        return {path.name: VALUE.sub(r"\1", path.read_text()) for path in made}


def test_as_committed() -> None:
    pytest.importorskip("pybind11_stubgen", reason="pybind11-stubgen is not installed")
    assert make() == {path.name: path.read_text() for path in STUBS.glob("*.pyi")}


if __name__ == "__main__":
    for name, text in make().items():
        (STUBS / name).write_text(text)
