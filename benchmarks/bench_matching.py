"""`contingency` and `match` beside NumPy.

`pytest benchmarks` checks every answer and times each case; `python -m benchmarks.bench_matching`
prints the table of benchmarks/results/matching.md.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

import panfuse as pf
from benchmarks.alternate import alternate, median, ratio
from benchmarks.maps import Pair, coco_pair, noise_pair, street_pair
from panfuse import _cpu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALL, LARGE = (480, 640), (1024, 2048)


class Case(NamedTuple):
    """A pair of maps, what to compare with, and the bar of the issue, as a ratio of times."""

    name: str
    make: Callable[[], Pair | None]
    peer: str
    bar: float


def cases() -> Iterator[Case]:
    """Every pair of maps that is measured."""
    bars = {
        ("int32", SMALL): 1.6,
        ("uint8", SMALL): 3,
        ("int32", LARGE): 1.25,
        ("uint8", LARGE): 1.1,
    }
    for (dtype, size), bar in bars.items():
        for kind, make in (("street", street_pair), ("COCO", coco_pair)):
            name = f"{kind} {size[0]}x{size[1]} {dtype}"
            yield Case(name, lambda make=make, s=size, d=dtype: make(s, d), "array_equal", bar)
    for high in (2, 4096, 2**31 - 1):
        name = f"noise below {high}, 1024x2048 int32"
        yield Case(name, lambda h=high: noise_pair(LARGE, "int32", h), "unique", 1)


def packed_unique(gt: np.ndarray, pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """NumPy's way to the same counts, for ids of at most 32 bits."""
    key = gt.astype(np.uint64) << np.uint64(32) | pred.astype(np.uint64)
    return np.unique(key, return_counts=True)


def assert_equal_answers(gt: np.ndarray, pred: np.ndarray) -> None:
    """Compare with NumPy, with one thread and with two."""
    keys, counts = packed_unique(gt, pred)
    for threads in (1, 2):
        table = pf.contingency(gt, pred, threads=threads)
        np.testing.assert_array_equal(table.gt_ids, (keys >> np.uint64(32)).astype(gt.dtype))
        np.testing.assert_array_equal(
            table.pred_ids, (keys & np.uint64(2**32 - 1)).astype(pred.dtype)
        )
        np.testing.assert_array_equal(table.counts, counts)
        for side, labels, areas in (
            (gt, table.gt_labels, table.gt_areas),
            (pred, table.pred_labels, table.pred_areas),
        ):
            expected = np.unique(side, return_counts=True)
            np.testing.assert_array_equal(labels, expected[0])
            np.testing.assert_array_equal(areas, expected[1])


def peer_of(case: Case, gt: np.ndarray, pred: np.ndarray) -> Callable[[], Any]:
    """Bind the function that the bar is set against."""
    if case.peer == "array_equal":
        return lambda: np.array_equal(gt, pred)
    key = gt.astype(np.uint64) << np.uint64(32) | pred.astype(np.uint64)
    return lambda: np.unique(key, return_counts=True)


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_contingency(benchmark: Any, case: Case) -> None:
    pair = case.make()
    if pair is None:
        pytest.skip("no real data beside the checkout")
    gt, pred = pair
    assert_equal_answers(gt, pred)
    benchmark(pf.contingency, gt, pred, threads=1)


def test_call(benchmark: Any) -> None:
    gt, pred = street_pair((256, 256), "int32")
    assert_equal_answers(gt, pred)
    benchmark(pf.contingency, gt, pred, threads=1)


def test_match(benchmark: Any) -> None:
    table = pf.contingency(*street_pair(LARGE, "int32"))
    matches = benchmark(pf.match, table)
    assert len(matches) > 10
    assert (matches.iou > 0.5).all()


def main() -> None:
    """Print the table."""
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {_cpu.isa_current()}, NumPy {np.__version__}\n")
    print("| case | runs | ours, 1 thread | peer | ratio (bar) | 2 threads |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case in cases():
        pair = case.make()
        if pair is None:
            continue
        gt, pred = pair
        assert_equal_answers(gt, pred)
        noisy = case.peer == "unique"
        times = alternate(
            {
                "peer": peer_of(case, gt, pred),
                "one": lambda gt=gt, pred=pred: pf.contingency(gt, pred, threads=1),
                "two": lambda gt=gt, pred=pred: pf.contingency(gt, pred, threads=2),
            },
            rounds=7 if noisy else 41,
        )
        steps = (np.diff(gt.ravel()) != 0) | (np.diff(pred.ravel()) != 0)
        print(
            f"| {case.name} | {int(steps.sum()) + 1:,} | {median(times['one']) * 1e6:,.0f} us | "
            f"{case.peer} {median(times['peer']) * 1e6:,.0f} us | "
            f"{ratio(times, 'one', 'peer'):.2f} ({case.bar:g}) | "
            f"{ratio(times, 'one', 'two'):.2f}x |"
        )
    gt, pred = street_pair((256, 256), "int32")
    call = alternate({"call": lambda: pf.contingency(gt, pred)})["call"]
    print(f"\nOne call on 256x256 int32: {median(call) * 1e6:.0f} us (bar: 50)")


if __name__ == "__main__":
    main()
