"""`contingency` equals NumPy's count of packed pairs, whatever the array and the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from tests.reference import matching as reference

DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
COLUMNS = tuple(pf.Contingency.__slots__)


def assert_table(table: pf.Contingency, expected: dict[str, np.ndarray], get: Any = None) -> None:
    for name in COLUMNS:
        column = getattr(table, name)
        column = column if get is None else get(column)
        assert column.dtype == expected[name].dtype, name
        np.testing.assert_array_equal(column, expected[name], err_msg=name)


def packed(gt: np.ndarray, pred: np.ndarray) -> dict[str, np.ndarray]:
    """What np.unique makes of the pairs; quick enough for real maps."""
    gt_labels, g, gt_areas = np.unique(gt, return_inverse=True, return_counts=True)
    pred_labels, p, pred_areas = np.unique(pred, return_inverse=True, return_counts=True)
    key, counts = np.unique(
        g.ravel().astype(np.int64) * len(pred_labels) + p.ravel(), return_counts=True
    )
    return {
        "gt_ids": gt_labels[key // max(len(pred_labels), 1)],
        "pred_ids": pred_labels[key % max(len(pred_labels), 1)],
        "counts": counts.astype(np.int64),
        "gt_labels": gt_labels,
        "gt_areas": gt_areas.astype(np.int64),
        "pred_labels": pred_labels,
        "pred_areas": pred_areas.astype(np.int64),
    }


def corner_ids(dtype: str) -> list[int]:
    if dtype == "bool":
        return [0, 1]
    info = np.iinfo(dtype)
    inside = (0, 1, 2, 7, 126, 127, 128, 254, 255, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40)
    return sorted({i for i in (*inside, info.min, info.max) if info.min <= i <= info.max})


@st.composite
def label_maps(draw: st.DrawFn, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """A map of runs over few ids, with the id ranges' corners among them."""
    ids = draw(st.lists(st.sampled_from(corner_ids(dtype)), min_size=1, max_size=6))
    n = int(np.prod(shape))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = np.cumsum(rng.random(n) < draw(st.sampled_from([0.0, 0.05, 0.5, 1.0])))
    return np.array(ids, dtype=dtype)[steps % len(ids)].reshape(shape)


SHAPES = st.lists(st.sampled_from([0, 1, 2, 3, 5, 17, 64, 65]), max_size=4).map(tuple)


@settings(max_examples=150)
@given(st.data())
def test_any_dtype_and_shape(data: st.DataObject) -> None:
    shape = data.draw(SHAPES)
    while np.prod(shape, dtype=np.int64) > 20_000:
        shape = shape[1:]
    maps = [data.draw(label_maps(data.draw(st.sampled_from(DTYPES)), shape)) for _ in range(2)]
    threads = data.draw(st.sampled_from([None, 1, 2, 3, 8]))
    assert_table(pf.contingency(*maps, threads=threads), reference.contingency(*maps))


@pytest.mark.parametrize("pred_dtype", DTYPES)
@pytest.mark.parametrize("gt_dtype", DTYPES)
def test_kernels_on_corner_ids(backend: Any, gt_dtype: str, pred_dtype: str) -> None:
    rng = np.random.default_rng(3)
    gt, pred = (
        rng.choice(np.array(corner_ids(dtype), dtype=dtype), (5, 37))
        for dtype in (gt_dtype, pred_dtype)
    )
    table = pf.contingency(backend.put(gt), backend.put(pred))
    assert_table(table, reference.contingency(gt, pred), backend.get)


def views(rng: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pairs of maps of one shape whose memory is laid out in every way NumPy has."""
    a = np.repeat(rng.integers(0, 9, (24, 6, 26)), 6, axis=1).astype(np.int32)
    b = np.repeat(rng.integers(0, 9, (24, 36, 13)), 2, axis=2).astype(np.uint8)
    unaligned = np.frombuffer(b"x" + a.tobytes(), dtype=np.int32, offset=1).reshape(a.shape)
    read_only = a.copy()
    read_only.flags.writeable = False
    structured = np.zeros(a.shape, dtype=[("other", "u1"), ("ids", "<i4")])
    structured["ids"] = a
    return {
        "C": (a, b),
        "Fortran": (np.asfortranarray(a), np.asfortranarray(b)),
        "C and Fortran": (a, np.asfortranarray(b)),
        "transposed": (a.transpose(2, 0, 1), b.transpose(2, 0, 1)),
        "reversed": (a[::-1, :, ::-1], b[::-1, :, ::-1]),
        "reversed once": (a[:, :, ::-1], b),
        "every second": (a[::2, ::3, 1::2], b[::2, ::3, 1::2]),
        "crop": (a[3:20, 5:30, 4:20], b[3:20, 5:30, 4:20]),
        "broadcast": (np.broadcast_to(a[:, :1], a.shape), np.broadcast_to(b[:1], b.shape)),
        "broadcast scalar": (np.broadcast_to(np.int16(5), b.shape), b),
        "unaligned": (unaligned, b),
        "record field": (structured["ids"], b),
        "read-only": (read_only, b),
        "0-d": (a[0, 0, 0, ...], b[0, 0, 0, ...]),
        "1-d": (a[2, 3], b[2, 3]),
        "wide rows": (np.tile(a[0], (1, 40)), np.tile(b[0], (1, 40))),
        "wide crop": (np.tile(a[0], (1, 40))[:, 3:-5], np.tile(b[0], (1, 40))[:, 3:-5]),
        "many axes": (
            a[..., None, None].reshape(2, 2, 6, 2, 3, 6, 2, 13),
            b.reshape(2, 2, 6, 2, 3, 6, 2, 13),
        ),
    }


@pytest.mark.parametrize("layout", list(views(np.random.default_rng(0))))
def test_kernels_on_every_layout(backend: Any, layout: str) -> None:
    gt, pred = views(np.random.default_rng(5))[layout]
    before = gt.copy(), pred.copy()
    expected = reference.contingency(gt, pred)
    table = pf.contingency(backend.put(gt), backend.put(pred))
    assert_table(table, expected, backend.get)
    for threads in (1, 2, 3, 8):
        assert_table(pf.contingency(gt, pred, threads=threads), expected)
    np.testing.assert_array_equal(gt, before[0])
    np.testing.assert_array_equal(pred, before[1])


@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (), (1, 1), (1, 300), (300, 1)])
def test_small_and_empty(backend: Any, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    gt = np.asarray(rng.integers(0, 3, shape))
    pred = np.asarray(rng.integers(0, 3, shape, dtype=np.uint8))
    table = pf.contingency(backend.put(gt), backend.put(pred))
    assert_table(table, reference.contingency(gt, pred), backend.get)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64"])
def test_batches(backend: Any, dtype: str) -> None:
    rng = np.random.default_rng(2)
    gt = np.repeat(rng.integers(0, 200, (7, 9, 4)), 5, axis=2).astype(dtype)
    pred = np.where(rng.random(gt.shape) < 0.1, 3, gt).astype(np.uint8)
    tables = pf.contingency(backend.put(gt), backend.put(pred), batched=True, ignore=[7, 9])
    assert len(tables) == 7
    for item, table in enumerate(tables):
        expected = reference.contingency(gt[item], pred[item], ((7, 9), (7, 9)))
        assert_table(table, expected, backend.get)
    for threads in (1, 2, 3, 8):
        again = pf.contingency(gt, pred, batched=True, ignore=[7, 9], threads=threads)
        for one, other in zip(tables, again, strict=True):
            assert_table(other, {name: backend.get(getattr(one, name)) for name in COLUMNS})


@pytest.mark.parametrize("shape", [(0, 4, 4), (3, 0, 4), (3,)])
def test_odd_batches(backend: Any, shape: tuple[int, ...]) -> None:
    maps = np.ones(shape, dtype=np.int32)
    tables = pf.contingency(backend.put(maps), backend.put(maps), batched=True)
    assert len(tables) == shape[0]
    for item, table in enumerate(tables):
        assert_table(table, reference.contingency(maps[item], maps[item]), backend.get)


@pytest.mark.parametrize(
    ("ignore", "by_side"),
    [
        (255, ((255,), (255,))),
        ([254, 255, -1], ((254, 255, -1), (254, 255, -1))),
        (np.array([255, 3]), ((255, 3), (255, 3))),
        ({"gt": 255}, ((255,), ())),
        ({"gt": [1, 2], "pred": 3}, ((1, 2), (3,))),
        (2**70, ((), ())),
        (0, ((0,), (0,))),
    ],
)
def test_ignore(backend: Any, ignore: Any, by_side: Any) -> None:
    rng = np.random.default_rng(4)
    values = [-(2**31), -1, 0, 1, 2, 3, 254, 255, 2**31 - 1]
    gt = rng.choice(np.array(values, dtype=np.int32), (13, 40))
    pred = rng.choice(np.array([0, 3, 127, 254, 255], dtype=np.uint8), (13, 40))
    table = pf.contingency(backend.put(gt), backend.put(pred), ignore=ignore)
    assert_table(table, reference.contingency(gt, pred, by_side), backend.get)


@pytest.mark.parametrize("high", [2, 200, 70_000, 2**31 - 1])
@pytest.mark.parametrize("dtypes", [("int32", "int32"), ("uint16", "int64"), ("int64", "uint32")])
def test_noise(backend: Any, high: int, dtypes: tuple[str, str]) -> None:
    """Nearly every pixel a run; with wide ids nearly every one a new pair."""
    rng = np.random.default_rng(6)
    shape = (64, 80) if backend.name == "emulated" else (512, 640)
    gt, pred = (
        rng.integers(0, min(high, np.iinfo(dtype).max), shape, dtype=dtype) for dtype in dtypes
    )
    table = pf.contingency(backend.put(gt), backend.put(pred))
    assert_table(table, packed(gt, pred), backend.get)


def test_more_pairs_than_are_kept_in_the_table() -> None:
    """Far beyond the hash table, runs are written down, sorted and merged."""
    rng = np.random.default_rng(8)
    gt, pred = (rng.integers(0, 3000, (2300, 2000), dtype=np.int32) for _ in range(2))
    expected = packed(gt, pred)
    for threads in (1, 2, 5):
        assert_table(pf.contingency(gt, pred, threads=threads), expected)


def test_nonzero_bools_are_one(backend: Any) -> None:
    raw = np.array([[0, 1, 2, 255, 0, 7]], dtype=np.uint8)
    gt = raw.view(bool)
    table = pf.contingency(backend.put(gt), backend.put(np.zeros((1, 6), dtype=np.uint8)))
    np.testing.assert_array_equal(backend.get(table.counts), [2, 4])
    np.testing.assert_array_equal(backend.get(table.gt_areas), [2, 4])


def read_png_ids(path: Any) -> np.ndarray:
    image = pytest.importorskip("PIL.Image", reason="reading the real maps needs Pillow")
    rgb = np.asarray(image.open(path).convert("RGB")).astype(np.uint32)
    return rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]


def test_real_coco_maps(backend: Any, data: Any) -> None:
    for path in sorted((data / "coco_panoptic_sample" / "panoptic_examples").glob("*.png")):
        gt = read_png_ids(path)
        for pred in (gt, np.roll(gt, (3, -5), (0, 1)), gt[:, ::-1]):
            table = pf.contingency(backend.put(gt), backend.put(pred))
            assert_table(table, packed(gt, pred), backend.get)


def test_real_nuclei(data: Any) -> None:
    truths = sorted((data / "dsb2018" / "panoptic" / "gt").glob("*.png"))[:60]
    for path in truths:
        gt, pred = read_png_ids(path), read_png_ids(path.parents[1] / "pred" / path.name)
        for dtype in (np.uint32, np.int64):
            assert_table(
                pf.contingency(gt.astype(dtype), pred, threads=2), packed(gt.astype(dtype), pred)
            )
