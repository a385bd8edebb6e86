"""On a GPU, what the tests of the rooms leave out: size, many streams, wide ids, PANFUSE_SYNC.

The `backend` fixture runs those on the GPU too, with small maps of every dtype and layout.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse.scenes import street
from tests.cuda.libraries import LIBRARIES
from tests.matching.test_contingency import assert_table, packed
from tests.matching.test_match import assert_matches, crowded_maps

STATE = pf.backends()["cuda"]
pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not STATE.available, reason=STATE.detail)]


@pytest.fixture
def cupy() -> Any:
    return pytest.importorskip("cupy")


def assert_equal_to_cpu(gt: np.ndarray, pred: np.ndarray, library: Any, **options: Any) -> None:
    """Bit for bit, in the table and in the match."""
    table = pf.contingency(library.put(gt), library.put(pred), **options)
    expected = pf.contingency(gt, pred, **options)
    assert_table(table, columns_of(expected), library.get)
    for ignore_void in (True, False):
        for threshold in (0.0, 0.5):
            choice = {"iou_threshold": threshold, "ignore_void": ignore_void}
            assert_matches(
                pf.match(table, **choice), columns_of(pf.match(expected, **choice)), library.get
            )


def columns_of(record: Any) -> dict[str, np.ndarray]:
    return {name: getattr(record, name) for name in type(record).__slots__}


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64"])
def test_large_natural_maps(name: str, dtype: str) -> None:
    library = LIBRARIES[name]()
    scene = street((1024, 2048), seed=3)
    gt, pred = (x.ids.astype(dtype) for x in (scene.panoptic, scene.prediction(seed=3)))
    assert_equal_to_cpu(gt, pred, library)
    assert_equal_to_cpu(gt[3:-5, 7:-9], pred[3:-5, 7:-9], library, ignore=[1, 2])


@pytest.mark.parametrize(
    ("dtype", "high"),
    [("uint8", 256), ("int32", 40), ("int32", 3000), ("int32", 2**31 - 1), ("int64", 2**62)],
)
def test_large_noise(dtype: str, high: int) -> None:
    """From every pair of few ids to a pair for each pixel, by way of each size of table."""
    rng = np.random.default_rng(9)
    gt, pred = rng.integers(0, high, (2, 1024, 2048), dtype=dtype)
    table = pf.contingency(*map(LIBRARIES["cupy"]().put, (gt, pred)))
    assert_table(table, packed(gt, pred), lambda column: column.get())


def test_large_maps_of_more_than_2_to_the_31_pixels(cupy: Any) -> None:
    n = 2**31 + 4099
    ids = cupy.zeros(n, dtype=cupy.uint8)
    ids[-5:] = 7
    ids[2**31] = 9
    ids[0] = 200
    table = pf.contingency(ids, ids)
    assert table.gt_ids.tolist() == table.pred_labels.tolist() == [0, 7, 9, 200]
    expected = [n - 7, 5, 1, 1]
    for column in (table.counts, table.gt_areas, table.pred_areas):
        assert column.tolist() == expected


def test_large_views_of_more_than_2_to_the_32_pixels(cupy: Any) -> None:
    rows = 2**23 + 1
    row = cupy.repeat(cupy.arange(67, dtype=cupy.int16), 8)
    gt = cupy.broadcast_to(row, (rows, row.size))
    pred = cupy.broadcast_to(row[::-1], (rows, row.size))
    assert gt.size > 2**32
    table = pf.contingency(gt, pred)
    assert table.gt_ids.tolist() == table.pred_ids[::-1].tolist() == list(range(67))
    assert table.counts.tolist() == [8 * rows] * 67


@pytest.mark.parametrize("signed", [True, False])
def test_ids_of_64_bits(cupy: Any, signed: bool) -> None:
    """More ids and pairs than are ranked, and ids that share either half with others."""
    rng = np.random.default_rng(11)
    info = np.iinfo(np.int64 if signed else np.uint64)
    ids = rng.integers(info.min, info.max, 300, dtype=info.dtype, endpoint=True)
    corners = np.array([0, 1, info.min, info.max], dtype=info.dtype)
    ids = np.concatenate([ids, ids ^ corners[1], ids ^ info.dtype.type(2**40), corners])
    gt, pred = rng.choice(ids, (2, 4, 300, 400))
    gt[0], pred[1] = gt[0, 0, 0], np.repeat(pred[1, :, ::20], 20, axis=1)
    tables = pf.contingency(cupy.asarray(gt), cupy.asarray(pred), batched=True, ignore=int(ids[5]))
    for table, one_gt, one_pred in zip(tables, gt, pred, strict=True):
        expected = (np.where(one == ids[5], one.dtype.type(0), one) for one in (one_gt, one_pred))
        assert_table(table, packed(*expected), lambda column: column.get())


@pytest.mark.parametrize("size", [(96, 160), (512, 640)])
def test_items_of_a_batch_that_take_different_ways(cupy: Any, size: tuple[int, int]) -> None:
    """Ranked by one block and by many, sorted, and counted again in larger tables."""
    rng = np.random.default_rng(12)
    kinds = (1, 9, 60, 5000, 2, 45, 100, 5000, 63, 3)
    gt, pred = (
        np.stack([rng.integers(0, ids, size, dtype=np.int32) for ids in kinds]) for _ in range(2)
    )
    tables = pf.contingency(cupy.asarray(gt), cupy.asarray(pred), batched=True)
    for table, one_gt, one_pred in zip(tables, gt, pred, strict=True):
        assert_table(table, packed(one_gt, one_pred), lambda column: column.get())


def test_many_items(cupy: Any) -> None:
    rng = np.random.default_rng(13)
    gt, pred = rng.integers(0, 3, (2, 3000, 5, 7), dtype=np.uint8)
    tables = pf.contingency(cupy.asarray(gt), cupy.asarray(pred), batched=True)
    for item in (0, 1, 127, 128, 129, 1500, 2999):
        assert_table(tables[item], packed(gt[item], pred[item]), lambda column: column.get())
    assert sum(int(table.counts.sum()) for table in tables[::100]) == 30 * 35


@pytest.mark.parametrize("name", LIBRARIES)
def test_threads_on_streams_of_their_own(name: str) -> None:
    library = LIBRARIES[name]()

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        with library.using(library.stream()):
            for _ in range(15):
                gt = np.repeat(rng.integers(0, 30, (80, 10)), 16, axis=1).astype(np.int32)
                pred = np.where(rng.random(gt.shape) < 0.05, rng.integers(0, 30, gt.shape), gt)
                assert_equal_to_cpu(gt, pred.astype(np.int64), library)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


SYNC = """
import cupy, numpy as np, panfuse as pf
gt = np.repeat(np.arange(600).reshape(20, 30), 7, axis=1) % 50
noise = np.random.default_rng(0).integers(0, 5000, (2, 500, 600))
for a, b in ((gt, gt // 2), noise):
    table, expected = pf.contingency(cupy.asarray(a), cupy.asarray(b)), pf.contingency(a, b)
    for x, y in ((table, expected), (pf.match(table), pf.match(expected))):
        for name in type(x).__slots__:
            np.testing.assert_array_equal(getattr(x, name).get(), getattr(y, name))
print("equal")
"""


def test_a_wait_for_each_kernel(cupy: Any) -> None:
    """PANFUSE_SYNC is read once a process."""
    done = subprocess.run(
        [sys.executable, "-c", SYNC],
        env={**os.environ, "PANFUSE_SYNC": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["equal"]


def test_greedy_matches_are_the_cpus() -> None:
    library = LIBRARIES["cupy"]()
    for seed in range(40):
        assert_equal_to_cpu(*crowded_maps(seed), library)
