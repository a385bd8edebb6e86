"""Which kernels a test runs on, and where real data lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest

import panfuse as pf
from panfuse import _cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

hypothesis.settings.register_profile("panfuse", deadline=None, print_blob=True)
hypothesis.settings.load_profile("panfuse")


class Kernels:
    """One way to run an op: how to put a NumPy array there, and how to read a result back."""

    def __init__(self, name: str) -> None:
        self.name = name

    def put(self, array: np.ndarray) -> object:
        if self.name != "cuda":
            return array
        import cupy

        return cupy.asarray(array)

    def get(self, array: object) -> np.ndarray:
        return array if isinstance(array, np.ndarray) else array.get()


def backend_names() -> list[object]:
    names = [f"cpu-{isa}" for isa in _cpu.isa_available()]
    states = pf.backends()
    emulated = pytest.mark.skipif(
        not states["emulated"].available, reason=states["emulated"].detail
    )
    cuda = pytest.mark.skipif(not states["cuda"].available, reason=states["cuda"].detail)
    return [
        *names,
        pytest.param("emulated", marks=emulated),
        pytest.param("cuda", marks=[pytest.mark.cuda, cuda]),
    ]


@pytest.fixture(params=backend_names())
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernels]:
    """Run the test on every instruction set, on the emulated CUDA kernels, and on a GPU."""
    name, _, isa = request.param.partition("-")
    before = _cpu.isa_current()
    if isa:
        _cpu.isa_use(isa)
    if name == "emulated":
        monkeypatch.setenv("PANFUSE_BACKEND", "emulated")
    yield Kernels(name)
    _cpu.isa_use(before)


@pytest.fixture(params=_cpu.isa_available())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test on every instruction set."""
    before = _cpu.isa_current()
    _cpu.isa_use(request.param)
    yield request.param
    _cpu.isa_use(before)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data that lies beside the checkout, or that PANFUSE_DATA names."""
    given = os.environ.get("PANFUSE_DATA")
    candidates = (
        [Path(given)]
        if given
        else [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    )
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    pytest.skip("no real data: PANFUSE_DATA is not set and there is no shared/data folder")
