"""What the kernels of the room `rle` cost, and that the order of threads does not show."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import panfuse as pf
from tests.cuda.test_launches import cost, emulated
from tests.interop.devices import DeviceLibrary, DeviceMemory, FakeCupy
from tests.rle.test_encode_ids_devices import dicts


@pytest.fixture(autouse=True)
def _use_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", "emulated")


BATCH = np.repeat(np.random.default_rng(0).integers(0, 4, (30, 20, 12)), 5, 2).astype(np.int32)


def test_a_batch_costs_the_launches_of_one_map() -> None:
    assert cost(lambda: pf.rle.encode_ids(BATCH[0])) == (4, 2)
    assert cost(lambda: pf.rle.encode_ids(BATCH[:1], batched=True)) == (4, 2)
    assert cost(lambda: pf.rle.encode_ids(BATCH, batched=True)) == (4, 2)
    assert cost(lambda: pf.rle.encode_ids(BATCH[:0], batched=True)) == (0, 0)
    assert cost(lambda: pf.rle.encode_ids(np.zeros_like(BATCH), batched=True)) == (1, 1)


def test_many_segments_cost_one_more_wait() -> None:
    """The emulator expects four a map."""
    many = np.arange(5, 605, dtype=np.int64).reshape(20, 30)
    assert cost(lambda: pf.rle.encode_ids(many)) == (4, 3)
    assert cost(lambda: pf.rle.encode_ids(many % 4 + 1)) == (4, 2)


def test_the_order_of_threads_does_not_show() -> None:
    expected = [dicts(ids, 0) for ids in BATCH[:3]]
    try:
        for seed in range(1, 6):
            emulated.set_seed(seed)
            found = pf.rle.encode_ids(BATCH[:3], batched=True)
            assert [one.to_list() for one in found] == expected
    finally:
        emulated.set_seed(0)


def test_pixels_stay_on_the_device() -> None:
    """The map cannot be read on the host, and all memory is asked for on its device."""
    library = DeviceLibrary()
    found = pf.rle.encode_ids(library.put(BATCH[:2], 1), batched=True)
    assert [one.to_list() for one in found] == [dicts(ids, 0) for ids in BATCH[:2]]
    assert {index for index, _, _ in library.allocations} == {1}
    assert {dtype for _, dtype, _ in library.allocations} == {"uint8"}


def test_memory_is_the_callers_and_nothing_is_under_way_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cupy = FakeCupy({0: 0x100, 1: 0x200})
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    own, lent = cupy.ndarray(BATCH[0], 1), DeviceMemory(BATCH[0], 1)
    assert cost(lambda: pf.rle.encode_ids(own)) == (4, 2)
    assert {index for index, _, _ in cupy.log.allocations} == {1}
    assert cost(lambda: pf.rle.encode_ids(lent)) == (4, 3)
    assert pf.rle.encode_ids(lent) == pf.rle.encode_ids(BATCH[0])


def test_functions_of_the_cpu_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANFUSE_BACKEND")
    masks = DeviceLibrary().put(BATCH[:2] != 0)
    with pytest.raises(ValueError, match="masks: expected an array on the CPU, got one on a CUDA"):
        pf.rle.encode(masks)


def test_a_panoptic_result_is_written_by_the_same_kernels() -> None:
    segments = pf.Segments(id=[1, 2, 3], category_id=[5, 6, 7], is_thing=[True] * 3)
    panoptic = pf.Panoptic(BATCH[0], segments)
    assert panoptic.rles().to_list() == dicts(BATCH[0], 0)
    assert cost(panoptic.rles) == (4, 2)
