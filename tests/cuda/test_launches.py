"""What the CUDA kernels promise besides their answer; on the emulator, which counts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.interop.devices import DeviceLibrary, DeviceMemory, FakeCupy, NamespacedArray
from tests.matching.test_contingency import assert_table, packed
from tests.matching.test_match import assert_matches, crowded_maps
from tests.reference import matching as reference

if TYPE_CHECKING:
    from collections.abc import Callable

emulated = pytest.importorskip(
    "panfuse._cuda_emulated", reason="panfuse was built without PANFUSE_EMULATED=ON"
)


@pytest.fixture(autouse=True)
def _use_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", "emulated")


def cost(call: Callable[[], Any]) -> tuple[int, int]:
    """Launches and waits of one call."""
    launches, waits = emulated.launch_count(), emulated.synchronize_count()
    call()
    return emulated.launch_count() - launches, emulated.synchronize_count() - waits


def natural_maps(items: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    gt = np.repeat(rng.integers(0, 9, (items, 20, 4)), 25, axis=2).astype(np.int32)
    return gt, np.where(rng.random(gt.shape) < 0.02, 3, gt)


COUNT_AND_WRITE = (2, 1)  # a launch each; the host waits between them for the sizes


def test_a_batch_costs_the_launches_of_one_map() -> None:
    gt, pred = natural_maps(50)
    assert cost(lambda: pf.contingency(gt[0], pred[0])) == COUNT_AND_WRITE
    assert cost(lambda: pf.contingency(gt[:1], pred[:1], batched=True)) == COUNT_AND_WRITE
    assert cost(lambda: pf.contingency(gt, pred, batched=True)) == COUNT_AND_WRITE
    assert cost(lambda: pf.contingency(gt[:0], pred[:0], batched=True)) == (0, 0)


def uneven_maps(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """One map of each kind, with more and more pairs.

    The emulator's tables first take 64 pairs of such a map, then 512, then all; it sorts items that
    had to wait for larger tables, and ranks the others, 32 rows a block.
    """
    rng = np.random.default_rng(7)
    kinds = (1, 2000, 3, 20, 5, 7, 2000, 13, 2, 5)
    gt, pred = (
        np.stack([np.repeat(rng.integers(0, ids, (62, 25)), 2, axis=1) for ids in kinds])
        for _ in range(2)
    )
    info = np.iinfo(dtype)
    return (gt - min(-info.min, 4)).astype(dtype), (pred % min(info.max, 10**6)).astype(dtype)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint64"])
def test_items_of_a_batch_that_take_different_ways(dtype: str) -> None:
    gt, pred = uneven_maps(dtype)
    tables = pf.contingency(gt, pred, batched=True)
    for table, one_gt, one_pred in zip(tables, gt, pred, strict=True):
        assert_table(table, packed(one_gt, one_pred))
    pairs = [len(table.counts) for table in tables]
    assert min(pairs) == 1
    assert sum(32 < n <= 64 for n in pairs) > 0
    assert sum(64 < n <= 512 for n in pairs) > 0
    assert sum(n > 512 for n in pairs) == 2


def test_one_launch_for_the_items_of_a_batch_that_are_ranked() -> None:
    gt, pred = uneven_maps("int32")
    small = [0, 2, 4, 5, 8, 9]
    assert cost(lambda: pf.contingency(gt[small], pred[small], batched=True)) == COUNT_AND_WRITE


def test_the_columns_of_a_batch_are_slices_of_common_arrays() -> None:
    gt, pred = natural_maps(3)
    for maps in ((gt, pred), (np.zeros((3, 0), np.int8),) * 2):
        tables = pf.contingency(*maps, batched=True)
        for name in pf.Contingency.__slots__:
            columns = [getattr(table, name) for table in tables]
            assert len({id(column.base) for column in columns}) == 1
            assert sum(map(len, columns)) == len(columns[0].base)


def test_memory_of_others_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA's array interface has no owner who knows of the work, so nothing may be under way."""
    cupy = FakeCupy({0: 0x100, 1: 0x200})
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    gt, pred = (array[0] for array in natural_maps(1))
    own, lent = cupy.ndarray(gt, 1), DeviceMemory(pred, 1)
    assert cost(lambda: pf.contingency(own, cupy.ndarray(pred, 1))) == COUNT_AND_WRITE
    for maps in ((own, lent), (lent, own), (lent, lent)):
        assert cost(lambda maps=maps: pf.contingency(*maps)) == (2, 2)


class ChangingLibrary(DeviceLibrary):
    """Changes a table's columns whenever it allocates, and watches what lies behind its arrays."""

    def __init__(self, change: Callable[[], None]) -> None:
        super().__init__()
        self.change = change
        self.behind: list[np.ndarray] = []

    def empty(self, shape: tuple[int, ...], *, dtype: str, device: Any) -> NamespacedArray:
        memory = np.full(shape[0] + 64, 77, dtype=dtype)
        self.behind.append(memory[shape[0] :])
        if dtype != "uint8":  # scratch comes before the work
            self.change()
        return NamespacedArray(memory[: shape[0]], device, self)


@pytest.mark.parametrize("value", [0, 1, 5, 99, -7])
def test_a_table_that_changes_under_way_overflows_nothing(value: int) -> None:
    gt, pred = crowded_maps(3)
    table = pf.contingency(gt, pred)
    for name in pf.Contingency.__slots__:
        columns = {other: getattr(table, other).copy() for other in pf.Contingency.__slots__}
        library = ChangingLibrary(lambda column=columns[name]: column.fill(value))
        before = {other: library.put(column) for other, column in columns.items()}
        matches = pf.match(pf.Contingency(**before), iou_threshold=0.1)
        assert len(library.behind) == 8
        for behind in library.behind:
            assert (behind == 77).all()
        sound = pf.match(table, iou_threshold=0.1)
        for column in pf.Matches.__slots__:
            assert getattr(matches, column).shape == getattr(sound, column).shape


def test_matching_waits_once() -> None:
    gt, pred = natural_maps(1)
    table = pf.contingency(gt, pred)
    assert cost(lambda: pf.match(table))[1] == 1


def test_the_order_of_threads_does_not_show() -> None:
    rng = np.random.default_rng(1)
    cases = [natural_maps(3), *(crowded_maps(seed) for seed in range(5))]
    cases.append(tuple(rng.integers(0, 2**40, (2, 60, 70))))
    try:
        for seed in range(1, 6):
            emulated.set_seed(seed)
            for gt, pred in cases:
                table = pf.contingency(gt, pred)
                assert_table(table, packed(gt, pred))
                matches = pf.match(table, iou_threshold=0.1)
                assert_matches(matches, reference.match(packed(gt, pred), 0.1))
    finally:
        emulated.set_seed(0)
