"""Only the units of an instruction set hold its instructions, and they share nothing.

Reads the object files of a build: of the folder that PANFUSE_OBJECTS names, or of the last one that
``pip install .`` has left in build/.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UNIT = re.compile(r".*_(baseline|avx2|avx512)\.cpp\.o")
# AVX's registers, and its names of instructions on the older ones.
AVX = re.compile(r"%[yz]mm|\tv(?!er[rw])[a-z]+")

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or not shutil.which("objdump"),
    reason="needs an x86-64 and binutils",
)


@pytest.fixture(scope="module")
def objects() -> list[Path]:
    named = os.environ.get("PANFUSE_OBJECTS")
    builds = [Path(named)] if named else sorted(ROOT.glob("build/cp*"), key=os.path.getmtime)
    if not builds:
        pytest.skip("no object files: PANFUSE_OBJECTS is not set, and build/ has no build of pip's")
    found = sorted(builds[-1].rglob("*.o"))
    assert found, f"no object files in {builds[-1]}"
    return found


def avx(path: Path) -> set[str]:
    command = ["objdump", "--disassemble", "--no-show-raw-insn", path]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return set(AVX.findall(text))


def test_baseline_objects_run_on_every_cpu(objects: list[Path]) -> None:
    units = [path for path in objects if not re.search(r"_avx(2|512)\.", path.name)]
    assert len(units) > 10
    assert {path.name: found for path in units if (found := avx(path))} == {}


def test_units_use_their_instruction_set(objects: list[Path]) -> None:
    for path in objects:
        if path.name.endswith("_avx2.cpp.o"):
            assert avx(path) & {"%ymm", "%zmm"} == {"%ymm"}, path
        if path.name.endswith("_avx512.cpp.o"):
            assert "%zmm" in avx(path), path


def test_units_share_one_function(objects: list[Path]) -> None:
    """A weak symbol here could become everybody's, and bring its instructions along."""
    units = [path for path in objects if UNIT.fullmatch(path.name)]
    assert len(units) >= 3
    for path in units:
        command = ["nm", "--defined-only", "--extern-only", path]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        kinds = [line.split()[1] for line in lines.splitlines()]
        assert kinds == ["T"], f"{path}:\n{lines}"
