"""CuPy's arrays, by a stand-in for CuPy over host memory that the emulated kernels serve."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.interop import producers
from tests.interop.devices import (
    DeviceLibrary,
    DeviceMemory,
    FakeCupy,
    NamespacedArray,
)
from tests.interop.tables import (
    DTYPES,
    assert_counts,
    assert_matches,
    label_map,
    label_maps,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STATE = pf.backends()["emulated"]
pytestmark = pytest.mark.skipif(not STATE.available, reason=STATE.detail)

STREAMS = {0: 0x5550, 1: 0x7770}


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> FakeCupy:
    return install(monkeypatch, STREAMS)


def install(monkeypatch: pytest.MonkeyPatch, streams: dict[int, int]) -> FakeCupy:
    fake = FakeCupy(streams)
    monkeypatch.setitem(sys.modules, "cupy", fake)
    monkeypatch.setenv("PANFUSE_BACKEND", "emulated")
    return fake


def on(index: int, cupy: FakeCupy) -> Callable[[Any], np.ndarray]:
    def get(column: Any) -> np.ndarray:
        assert type(column) is cupy.ndarray
        assert column.place == (producers.CUDA, index)
        assert column in cupy.log.made
        return column.to_host()

    return get


@pytest.mark.parametrize("index", STREAMS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_results_are_cupys(cupy: FakeCupy, dtype: str, index: int) -> None:
    gt, pred = label_map(1, dtype=dtype), label_map(2, dtype="int64")
    table = pf.contingency(cupy.ndarray(gt, index), cupy.ndarray(pred, index))
    assert_counts(table, gt, pred, on(index, cupy))
    assert_matches(pf.match(table), gt, pred, on(index, cupy))
    assert {device for device, *_ in cupy.log.allocations} == {index}


@pytest.mark.parametrize("current", STREAMS)
@pytest.mark.parametrize("index", STREAMS)
def test_the_stream_is_the_current_one_of_the_arrays_device(
    cupy: FakeCupy, index: int, current: int
) -> None:
    cupy.current = current
    gt, pred = (cupy.ndarray(x, index) for x in label_maps())
    pf.match(pf.contingency(gt, pred))
    assert set(cupy.log.streams) == {(index, STREAMS[index])}
    assert cupy.current == current


@pytest.mark.parametrize(("pointer", "stream"), [(0, 1), (1, 1), (2, 2)])
def test_default_streams(monkeypatch: pytest.MonkeyPatch, pointer: int, stream: int) -> None:
    """The legacy stream is 0 to CUDA and 1 to DLPack; 2 is the thread's own to both."""
    cupy = install(monkeypatch, {0: pointer})
    pf.contingency(*(cupy.ndarray(x, 0) for x in label_maps()))
    assert set(cupy.log.streams) == {(0, stream)}


def test_a_known_stream_is_waited_for_once(cupy: FakeCupy) -> None:
    """To learn the sizes; the results themselves follow in the stream."""
    kernels = pytest.importorskip("panfuse._cuda_emulated")
    gt, pred = (cupy.ndarray(x, 0) for x in label_maps())
    before = kernels.synchronize_count()
    table = pf.contingency(gt, pred)
    assert kernels.synchronize_count() == before + 1
    pf.match(table)
    assert kernels.synchronize_count() == before + 2


def test_strided_and_empty_arrays(cupy: FakeCupy) -> None:
    for layout in (np.s_[::2, ::-1], np.s_[:, :0], np.s_[3], np.s_[2, 2, ...]):
        gt, pred = (x[layout] for x in label_maps(dtype="uint16"))
        table = pf.contingency(cupy.ndarray(gt, 1), cupy.ndarray(pred, 1))
        assert_counts(table, gt, pred, on(1, cupy))


def test_cupy_does_not_mix(cupy: FakeCupy) -> None:
    gt, pred = label_maps()
    with pytest.raises(ValueError, match="gt is on CUDA device 0 and pred on the CPU"):
        pf.contingency(cupy.ndarray(gt, 0), pred)
    with pytest.raises(ValueError, match="gt is on the CPU and pred on CUDA device 1"):
        pf.contingency(gt, cupy.ndarray(pred, 1))
    with pytest.raises(ValueError, match="gt is on CUDA device 1 and pred on CUDA device 0"):
        pf.contingency(cupy.ndarray(gt, 1), cupy.ndarray(pred, 0))


def test_the_first_of_two_libraries_on_a_device_gives_the_type(cupy: FakeCupy) -> None:
    library = DeviceLibrary()
    gt, pred = label_maps()
    table = pf.contingency(cupy.ndarray(gt, 1), library.put(pred, 1))
    assert_counts(table, gt, pred, on(1, cupy))
    assert library.allocations == []
    assert library.streams == [(1, STREAMS[1])]


class Exchanged(NamespacedArray):
    """An array whose library has DLPack's C functions, and works on stream 0x7770."""

    _capsule, _api = producers.make_exchange_api(
        lambda array: (array.to_host(), array.place), lambda index: STREAMS[1] if index else 5
    )
    __dlpack_c_exchange_api__ = _capsule


@pytest.mark.parametrize("index", STREAMS)
def test_two_libraries_on_two_streams_are_put_in_order(cupy: FakeCupy, index: int) -> None:
    """DLPack's C functions order nothing, so they are for arrays of the caller's own stream."""
    library = DeviceLibrary()
    gt, pred = label_maps()
    other = Exchanged(pred, (producers.CUDA, index), library)
    assert_counts(pf.contingency(cupy.ndarray(gt, index), other), gt, pred, on(index, cupy))
    assert library.streams == ([] if index == 1 else [(0, STREAMS[0])])


def test_floats_are_refused(cupy: FakeCupy) -> None:
    floats = cupy.ndarray(np.zeros((2, 3), dtype=np.float32), 0)
    with pytest.raises(TypeError, match="gt: expected integers or bool, got float32"):
        pf.contingency(floats, floats)


def test_device_memory_is_viewed_through_cupy(cupy: FakeCupy) -> None:
    gt, pred = label_maps()
    table = pf.contingency(DeviceMemory(gt, 1), DeviceMemory(pred, 1))
    assert_counts(table, gt, pred, on(1, cupy))
    with pytest.raises(ValueError, match="gt is on CUDA device 1 and pred on CUDA device 0"):
        pf.contingency(DeviceMemory(gt, 1), DeviceMemory(pred, 0))


def test_the_real_cupy_beside_numpy() -> None:
    """It imports without a GPU, and NumPy's arrays are still NumPy's."""
    program = (
        "import sys\n"
        "try:\n    import cupy\nexcept ImportError:\n    sys.exit(77)\n"
        "import numpy as np, panfuse as pf\n"
        "gt = np.array([[1, 1, 2]])\n"
        "table = pf.contingency(memoryview(gt), gt)\n"
        "assert type(table.counts) is np.ndarray\n"
        "pf.show_config()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("CuPy is not installed")
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("cupy ") for line in done.stdout.splitlines())
