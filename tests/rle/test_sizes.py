"""What large and many-run masks cost, and the ways that set operations choose between."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import panfuse as pf
from tests.reference import rle as reference

MEMORY = """
import numpy as np
import panfuse as pf

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))

def masks(seed, count, runs):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.integers(0, 60000**2, (count, 2 * runs)), axis=1)
    counts = np.diff(cuts, prepend=0, append=60000**2, axis=1).astype(np.uint32)
    return [{"size": [60000, 60000], "counts": row} for row in counts]

def use(a, b):
    rle.merge(a)
    rle.merge(a, True)
    rle.intersection(a, b)
    rle.iou(a, b)
    rle.overlaps(a[:2], b[:2])
    rle.invert(a)

rle = pf.rle
use(masks(0, 2, 3), masks(1, 2, 3))
a, b = masks(2, 12, 1500), masks(3, 2, 1500)
before = peak()
use(a, b)
print(peak() - before, sum(len(one["counts"]) for one in a + b))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_is_proportional_to_runs() -> None:
    """A bit for each pixel would take 450 MB."""
    ran = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=120
    )
    grown, counts = map(int, ran.stdout.split())
    assert grown < (32 << 20) + 100 * counts


@pytest.mark.parametrize("shape", [(70, 90), (1, 4000), (4000, 1), (33000, 2), (64, 64)])
@pytest.mark.parametrize("length", [1, 7, 400])
def test_set_operations(shape: tuple[int, int], length: int) -> None:
    """With many runs a column and few, and columns that are too tall for layers."""
    rng = np.random.default_rng([*shape, length])
    pixels = shape[0] * shape[1]
    steps = rng.random((6, pixels)) < 1 / (2 * length)
    flat = (np.cumsum(steps, axis=1) % 2).astype(np.uint8)
    flat[1] = 1
    flat[2] = 0
    flat[3, : pixels // 3] = 0
    stack = flat.reshape(6, shape[1], shape[0]).transpose(0, 2, 1)
    rles = pf.rle.encode(stack, axis=0)
    assert rles == [reference.encode(mask) for mask in stack]
    assert pf.rle.encode(np.ascontiguousarray(stack), axis=0) == rles
    np.testing.assert_array_equal(pf.rle.decode(rles, axis=0), stack)
    wide = flat.astype(np.int64)
    shared, areas = wide @ wide.T, wide.sum(1)
    np.testing.assert_array_equal(pf.rle.intersection(rles, rles), shared)
    crowd = np.array([False, True] * 3)
    whole = np.where(crowd, areas[:, None], areas[:, None] + areas - shared)
    want = np.where(shared == 0, 0, shared / np.maximum(whole, 1))
    np.testing.assert_array_equal(pf.rle.iou(rles, rles, crowd), want)
    for picked in ([0, 3], [0, 4, 5], [1, 2], [0, 1, 2, 3, 4, 5]):
        some = [rles[i] for i in picked]
        assert pf.rle.merge(some) == reference.encode(stack[picked].any(0))
        assert pf.rle.merge(some, True) == reference.encode(stack[picked].all(0))


def test_sparse_masks_of_many_pixels() -> None:
    """Too few runs for a bit each pixel."""
    size = [50000, 40000]
    total = size[0] * size[1]
    a = {"size": size, "counts": [10, 100, 49890, 50000, total - 100000]}
    b = {"size": size, "counts": [60, 100, 49840, 25000, total - 75000]}
    assert pf.rle.intersection([a], [b]).item() == 50 + 25000
    union = {"size": size, "counts": [10, 150, 49840, 50000, total - 100000]}
    assert pf.rle.merge([a, b]) == pf.rle.canonical(union)
    assert pf.rle.iou([a], [b]).item() == (50 + 25000) / (150 + 50000)
