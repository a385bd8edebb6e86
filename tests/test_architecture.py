"""The dependency rules of the house hold, and each rule sees a breach planted in a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture import cpp_rules as cpp
from tests.architecture import python_rules as python

ROOT = Path(__file__).resolve().parents[1]
MOST_LINES = 450

Rule = Callable[[Path], Iterator[str]]


def lengths(root: Path) -> Iterator[str]:
    """One noun a file."""
    texts = [(path, text) for _, _, path, text in cpp.files(root)]
    texts += [(module.path, module.text) for module in python.modules(root)]
    for path, text in texts:
        if text.count("\n") > MOST_LINES:
            yield f"{path}: {text.count(chr(10))} lines"


RULES: tuple[Rule, ...] = (
    cpp.outside_headers,
    cpp.rooms,
    cpp.dlpack,
    cpp.instruction_sets,
    lengths,
    python.frameworks,
    python.kernels,
    python.private_modules,
    python.heights,
    python.all_lists,
    python.docstrings,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule) -> None:
    assert list(rule(ROOT)) == []


UNTOLD = '__all__ = ["f"]\n\n\ndef f(a: int) -> None:\n    """Do it.\n\n%s    """\n'
TOLD = "    Parameters\n    ----------\n    a : int\n\n"
EXAMPLE = "    Examples\n    --------\n    >>> f(1)\n"
PLANTS: tuple[tuple[Rule, str, str], ...] = (
    (cpp.outside_headers, "cpp/runs/scanner.cpp", "#include <pybind11/pybind11.h>"),
    (cpp.outside_headers, "cpp/support/image.h", "# include <Python.h>"),
    (cpp.outside_headers, "cpp/bindings/array.h", "#include <cuda_runtime.h>"),
    (cpp.outside_headers, "cuda/matching/match.cu", "#include <cub/cub.cuh>"),
    (cpp.outside_headers, "cuda/matching/match.cu", "void f() { kernel<<<1, 1>>>(); }"),
    (cpp.rooms, "cpp/support/image.h", '#include "runs/scanner.h"'),
    (cpp.rooms, "cpp/runs/scanner.h", '#include "matching/rule.h"'),
    (cpp.rooms, "cpp/evaluation/pairs.h", '#include "bindings/array.h"'),
    (cpp.rooms, "cpp/matching/match.cpp", '#include "cuda/matching/match.h"'),
    (cpp.rooms, "cpp/bindings/module.cpp", '#include "cuda/matching/match.h"'),
    (cpp.rooms, "cuda/labeling/label.cu", '#include "cuda/matching/match.h"'),
    (cpp.rooms, "cuda/matching/match.cu", '#include "cuda/emulated/emulator.h"'),
    (cpp.rooms, "cpp/matching/match.cpp", '#include "match.h"'),
    (cpp.dlpack, "cpp/bindings/bind_matching.h", "struct DLTensor;"),
    (cpp.instruction_sets, "cpp/runs/scanner_avx2.cpp", "inline int shared() { return 0; }"),
    (cpp.instruction_sets, "cpp/runs/scanner_avx512.cpp", "#include <algorithm>"),
    (lengths, "cpp/runs/scanner.cpp", "\n" * MOST_LINES),
    (lengths, "python/panfuse/errors.py", "\n" * MOST_LINES),
    (python.frameworks, "python/panfuse/matching.py", "def f():\n    import torch.cuda"),
    (python.frameworks, "python/panfuse/_backend.py", 'sys.modules.get("jax")'),
    (python.kernels, "python/panfuse/matching.py", "from panfuse._cpu import runs"),
    (python.kernels, "python/panfuse/matching.py", "from . import _cpu"),
    (python.kernels, "python/panfuse/report/__init__.py", 'm = import_module("panfuse._cuda")'),
    (python.private_modules, "python/panfuse/cli/demo.py", "from panfuse import _maps"),
    (python.private_modules, "python/panfuse/report/picture.py", "from .._maps import equal"),
    (python.private_modules, "python/panfuse/cli/demo.py", "from panfuse.panoptic import _encoded"),
    (python.heights, "python/panfuse/_arrays.py", "from panfuse import _backend"),
    (python.heights, "python/panfuse/panoptic.py", "from .scenes import street"),
    (python.heights, "python/panfuse/matching.py", "import panfuse"),
    (python.heights, "python/panfuse/__init__.py", "from panfuse import report"),
    (python.all_lists, "python/panfuse/matching.py", "def spare(): ..."),
    (python.all_lists, "python/panfuse/spare.py", ""),
    (python.docstrings, "python/panfuse/spare.py", UNTOLD % TOLD),
    (python.docstrings, "python/panfuse/spare.py", UNTOLD % EXAMPLE),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    for folder in ("cpp", "cuda", "python/panfuse"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    return root


@contextmanager
def planted(root: Path, name: str, text: str) -> Iterator[None]:
    """Add text to a file, or a file, for a while."""
    path = root / name
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{text}\n", encoding="utf-8")
    yield
    if before is None:
        path.unlink()
    else:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(("rule", "path", "text"), PLANTS)
def test_rule_sees_a_breach(copy: Path, rule: Rule, path: str, text: str) -> None:
    before = set(rule(copy))
    with planted(copy, path, text):
        (breach,) = set(rule(copy)) - before
    assert breach.startswith(path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cpp/evaluation/pairs.h", '#include "matching/rule.h"\n#include "runs/scanner.h"'),
        ("cuda/matching/match.cu", '#include "matching/rule.h"\n#include <cuda_fp16.h>'),
        ("python/panfuse/panoptic.py", "def _f():\n    from panfuse import report"),
        ("python/panfuse/integrations/torch.py", "import torch"),
        ("python/panfuse/spare.py", UNTOLD % (TOLD + EXAMPLE)),
    ],
)
def test_what_is_allowed(copy: Path, path: str, text: str) -> None:
    before = [set(rule(copy)) for rule in RULES]
    with planted(copy, path, text):
        assert [set(rule(copy)) for rule in RULES] == before
