"""Which kernels one test runs on, where a fixture cannot say it: in property tests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import panfuse as pf
from panfuse import _cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np


def kernel_names() -> list[str]:
    emulated = ["emulated"] if pf.backends()["emulated"].available else []
    return [*_cpu.isa_available(), *emulated]


@contextmanager
def using(name: str) -> Iterator[None]:
    """Compute with the kernels of an instruction set, or with the emulated ones."""
    before = _cpu.isa_current()
    with pytest.MonkeyPatch.context() as patch:
        if name == "emulated":
            patch.setenv("PANFUSE_BACKEND", name)
        else:
            patch.delenv("PANFUSE_BACKEND", raising=False)
            _cpu.isa_use(name)
        try:
            yield
        finally:
            _cpu.isa_use(before)


def label(backend: Any, image: np.ndarray, **arguments: Any) -> tuple[np.ndarray, Any]:
    """`pf.label` of an array that is put where the backend's kernels reach it."""
    labels, count = pf.label(backend.put(image), **arguments)
    return backend.get(labels), count
