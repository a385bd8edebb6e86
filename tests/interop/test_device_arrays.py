"""Where an array lives decides where the op runs, in whose memory and on which stream."""

from __future__ import annotations

import gc
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import _backend
from tests.interop import producers
from tests.interop.devices import DeviceLibrary, NamespacedArray
from tests.interop.producers import Producer
from tests.interop.tables import (
    COLUMNS,
    DTYPES,
    MATCH_COLUMNS,
    assert_counts,
    assert_matches,
    label_map,
    label_maps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STATES = pf.backends()
needs_emulator = pytest.mark.skipif(
    not STATES["emulated"].available, reason=STATES["emulated"].detail
)


@pytest.fixture
def library() -> DeviceLibrary:
    return DeviceLibrary()


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The emulated kernels, in the place of the CUDA kernels."""
    if not STATES["emulated"].available:
        pytest.skip(STATES["emulated"].detail)
    monkeypatch.delenv("PANFUSE_BACKEND", raising=False)
    monkeypatch.setitem(_backend._MODULES, "cuda", _backend._MODULES["emulated"])
    _backend._load.cache_clear()
    yield _backend._load("emulated")
    _backend._load.cache_clear()


def on(index: int, library: DeviceLibrary) -> Any:
    def get(column: Any) -> np.ndarray:
        assert type(column) is NamespacedArray
        assert column.place == (producers.CUDA, index)
        assert column in library.made
        return column.to_host()

    return get


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("dtype", DTYPES)
def test_results_are_the_callers(
    emulator: Any, library: DeviceLibrary, dtype: str, index: int
) -> None:
    gt, pred = label_map(1, dtype=dtype), label_map(2, dtype="uint8")
    table = pf.contingency(library.put(gt, index), library.put(pred, index))
    assert_counts(table, gt, pred, on(index, library))
    assert_matches(pf.match(table), gt, pred, on(index, library))
    assert {device for device, *_ in library.allocations} == {index}


@needs_emulator
def test_the_emulated_backend_takes_device_arrays(
    library: DeviceLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", "emulated")
    gt, pred = label_maps()
    table = pf.contingency(library.put(gt, 1), library.put(pred, 1))
    assert_counts(table, gt, pred, on(1, library))
    assert_counts(pf.contingency(gt, pred), gt, pred)


def test_residency_decides_the_kernels(emulator: Any, library: DeviceLibrary) -> None:
    gt, pred = label_maps()
    before = emulator.launch_count()
    pf.match(pf.contingency(gt, pred))
    pf.match(pf.contingency(Producer(gt), Producer(pred)))
    assert emulator.launch_count() == before
    pf.contingency(library.put(gt), library.put(pred))
    counted = emulator.launch_count()
    assert counted > before
    pf.match(pf.contingency(library.put(gt), library.put(pred)))
    assert emulator.launch_count() - counted > counted - before


@pytest.mark.parametrize("batched", [False, True])
def test_memory_is_the_librarys_own(emulator: Any, library: DeviceLibrary, batched: bool) -> None:
    """Seven columns, of which a batch's tables are slices; the rest is bytes, and free again."""
    gt, pred = label_maps((3, 5, 9), "uint16")
    result = pf.contingency(library.put(gt), library.put(pred), batched=batched)
    tables = result if batched else [result]
    dtypes = [getattr(tables[0], name).dtype for name in COLUMNS]
    lengths = [sum(getattr(table, name).shape[0] for table in tables) for name in COLUMNS]
    rest = list(library.allocations)
    for dtype, length in zip(dtypes, lengths, strict=True):
        rest.remove((0, dtype, length))
    assert 0 < len(rest) < 10
    assert {dtype for _, dtype, _ in rest} == {"uint8"}
    gc.collect()
    assert library.events.count("free") == len(rest) + (7 if batched else 0)
    maps = zip(gt, pred, strict=True) if batched else [(gt, pred)]
    for table, (one_gt, one_pred) in zip(tables, maps, strict=True):
        assert_counts(table, one_gt, one_pred, on(0, library))
        assert_matches(pf.match(table), one_gt, one_pred, on(0, library))


def test_an_empty_map_needs_columns_alone(emulator: Any, library: DeviceLibrary) -> None:
    gt, pred = label_maps((0, 4))
    table = pf.contingency(library.put(gt), library.put(pred))
    assert_counts(table, gt, pred, on(0, library))
    assert [n for _, _, n in library.allocations] == [0] * 7
    assert_matches(pf.match(table), gt, pred, on(0, library))


def test_a_library_without_streams_gets_the_legacy_default_stream(
    emulator: Any, library: DeviceLibrary
) -> None:
    """DLPack spells it 1. New arrays are asked for on it too."""
    pf.match(pf.contingency(library.put(label_map(1), 1), library.put(label_map(2), 1)))
    assert set(library.streams) == {(1, 1)}


def test_nothing_is_given_back_before_the_work_is_done(
    emulator: Any, library: DeviceLibrary
) -> None:
    """Nobody knows the caller's stream, so its allocator cannot know when memory is in use."""
    waited_at: list[int] = []

    class Events(list[str]):
        def append(self, event: str) -> None:
            super().append(event)
            waited_at.append(emulator.synchronize_count())

    library.events = Events()
    gt, pred = library.put(label_map(1)), library.put(label_map(2))
    table = None
    for _ in range(2):
        library.events.clear()
        waited_at.clear()
        table = pf.contingency(gt, pred) if table is None else pf.match(table)
        # New columns are lent and returned at once, to learn where they are.
        last_column = len(library.events) - library.events[::-1].index("empty") + 2
        after = library.events[last_column:]
        assert set(after) == {"return", "free"}
        assert set(waited_at[last_column:]) == {emulator.synchronize_count()}
        assert waited_at[last_column - 1] == emulator.synchronize_count() - 1


def test_no_way_to_the_host_is_used(emulator: Any, library: DeviceLibrary) -> None:
    gt, pred = library.put(label_map(1)), library.put(label_map(2))
    for name in ("__array__", "__array_interface__", "__buffer__", "__iter__", "tolist", "get"):
        assert not hasattr(gt, name)
    with pytest.raises(TypeError):
        memoryview(gt)  # type: ignore[arg-type]
    assert len(pf.match(pf.contingency(gt, pred)).iou.shape) == 1


@pytest.mark.parametrize("index", [0, 1])
def test_host_and_device_do_not_mix(library: DeviceLibrary, index: int) -> None:
    host, device = label_map(1), library.put(label_map(2), index)
    with pytest.raises(ValueError, match=f"gt is on the CPU and pred on CUDA device {index}"):
        pf.contingency(host, device)
    with pytest.raises(ValueError, match=f"gt is on CUDA device {index} and pred on the CPU"):
        pf.contingency(device, Producer(host))
    assert library.allocations == library.streams == []


def test_two_devices_do_not_mix(emulator: Any, library: DeviceLibrary) -> None:
    gt, pred = label_maps()
    with pytest.raises(ValueError, match="gt is on CUDA device 0 and pred on CUDA device 1"):
        pf.contingency(library.put(gt, 0), library.put(pred, 1))
    here, there = (pf.contingency(library.put(gt, i), library.put(pred, i)) for i in (0, 1))
    columns = {name: getattr(here, name) for name in COLUMNS} | {"gt_areas": there.gt_areas}
    with pytest.raises(
        ValueError,
        match=r"contingency.gt_ids is on CUDA device 0 and contingency.gt_areas on CUDA device 1",
    ):
        pf.match(pf.Contingency(**columns))


def test_managed_memory_is_its_devices(emulator: Any, library: DeviceLibrary) -> None:
    gt, pred = label_maps()
    managed = library.put(gt, 1, producers.CUDA_MANAGED)
    assert_counts(pf.contingency(library.put(gt, 1), managed), gt, gt, on(1, library))
    columns = pf.contingency(managed, library.put(pred, 1))
    assert_counts(columns, gt, pred, lambda column: column.to_host())
    with pytest.raises(ValueError, match="gt is on CUDA device 1 and pred on the CPU"):
        pf.contingency(managed, pred)


@pytest.mark.skipif(STATES["cuda"].available, reason="there are CUDA kernels")
def test_without_cuda_kernels(library: DeviceLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANFUSE_BACKEND", raising=False)
    device = library.put(label_map(1))
    with pytest.raises(RuntimeError, match=re.escape(STATES["cuda"].detail)):
        pf.contingency(device, device)
    assert library.allocations == library.streams == []


@pytest.mark.skipif(STATES["emulated"].available, reason="there are emulated kernels")
def test_without_emulated_kernels(library: DeviceLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", "emulated")
    with pytest.raises(RuntimeError, match="built without PANFUSE_EMULATED"):
        pf.contingency(library.put(label_map(1)), library.put(label_map(1)))


def test_kernels_that_cannot_run_say_why(
    library: DeviceLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that is there, on a machine with no driver, is refused like one that is not."""

    class Driverless:
        @staticmethod
        def why_not() -> str:
            return "there is no NVIDIA driver"

    monkeypatch.delenv("PANFUSE_BACKEND", raising=False)
    monkeypatch.setattr(_backend.importlib, "import_module", lambda _: Driverless)
    _backend._load.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="there is no NVIDIA driver"):
            pf.contingency(library.put(label_map(1)), library.put(label_map(1)))
        assert pf.backends()["cuda"] == (False, "there is no NVIDIA driver")
    finally:
        _backend._load.cache_clear()
    assert library.allocations == []


def test_a_backend_that_cannot_reach_the_arrays(
    library: DeviceLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, device = label_map(1), library.put(label_map(1))
    monkeypatch.setenv("PANFUSE_BACKEND", "cpu")
    with pytest.raises(ValueError, match="PANFUSE_BACKEND=cpu, but the arrays are on a CUDA dev"):
        pf.contingency(device, device)
    monkeypatch.setenv("PANFUSE_BACKEND", "cuda")
    with pytest.raises(ValueError, match="PANFUSE_BACKEND=cuda, but the arrays are on the CPU"):
        pf.contingency(host, host)


def test_a_producer_whose_results_nobody_can_make() -> None:
    lent = Producer(label_map(1), device=(producers.CUDA, 0))
    with pytest.raises(TypeError, match="gt: Producer has no __array_namespace__"):
        pf.contingency(lent, lent)
    assert lent.calls == []


def test_bad_input_on_a_device(emulator: Any, library: DeviceLibrary) -> None:
    ids, floats = label_map(1), np.zeros((7, 40), dtype=np.float32)
    with pytest.raises(TypeError, match="pred: expected integers or bool, got float32"):
        pf.contingency(library.put(ids), library.put(floats))
    with pytest.raises(ValueError, match=r"one shape, got \(7, 40\) and \(40, 7\)"):
        pf.contingency(library.put(ids), library.put(ids.T))
    with pytest.raises(ValueError, match="batch"):
        pf.contingency(library.put(ids[0, 0, ...]), library.put(ids[0, 0, ...]), batched=True)
    assert library.events.count("lend") == library.events.count("return")


class Careless(DeviceLibrary):
    """A library that makes something else than it was asked for."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def empty(self, shape: tuple[int, ...], *, dtype: str, device: Any) -> NamespacedArray:
        if self.fault == "shorter":
            shape = (max(shape[0] - 1, 0),)
        if self.fault == "two axes":
            shape = (*shape, 1)
        if self.fault == "int32" and dtype == "int64":
            dtype = "int32"  # as a library does that has no wide integers
        if self.fault == "elsewhere":
            device = (producers.CUDA, 1 - device[1])
        array = super().empty(shape, dtype=dtype, device=device)
        if self.fault == "strided":
            array._memory = np.repeat(array._memory, 2)[::2]
        if self.fault in ("read-only", "copied"):
            flags = {"read-only": producers.READ_ONLY, "copied": producers.COPIED}[self.fault]
            return Flagged(array._memory, device, self, flags)
        return array


class Flagged(NamespacedArray):
    """An array that lends its memory with a reservation."""

    def __init__(self, memory: np.ndarray, place: Any, log: DeviceLibrary, flags: int) -> None:
        super().__init__(memory, place, log)
        self.flags = flags

    def __dlpack__(self, **_: Any) -> Any:
        return producers.make_capsule(self._memory, device=self.place, flags=self.flags)


FAULTS = ("shorter", "two axes", "int32", "elsewhere", "strided", "read-only", "copied")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_library_that_makes_something_else(emulator: Any, fault: str) -> None:
    library = Careless(fault)
    gt, pred = (library.put(x) for x in label_maps())
    with pytest.raises(RuntimeError, match=r"asked for \d+ writable elements of .* made something"):
        pf.contingency(gt, pred)
    assert library.events.count("lend") == library.events.count("return")


@pytest.mark.parametrize("allowed", range(9))
def test_a_library_out_of_memory(emulator: Any, allowed: int) -> None:
    class Small(DeviceLibrary):
        def empty(self, shape: tuple[int, ...], *, dtype: str, device: Any) -> NamespacedArray:
            if len(self.allocations) == allowed:
                raise MemoryError("no more")
            return super().empty(shape, dtype=dtype, device=device)

    library = Small()
    gt, pred = (library.put(x) for x in label_maps())
    with pytest.raises(MemoryError, match="no more"):
        pf.match(pf.contingency(gt, pred))
    gc.collect()
    assert library.events.count("lend") == library.events.count("return")
    assert library.events.count("empty") == library.events.count("free") == allowed


def test_every_column_of_a_match_is_the_callers(emulator: Any, library: DeviceLibrary) -> None:
    gt, pred = label_maps()
    matches = pf.match(pf.contingency(library.put(gt), library.put(pred)))
    assert {type(getattr(matches, name)) for name in MATCH_COLUMNS} == {NamespacedArray}
