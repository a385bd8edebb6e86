"""Set operations on runs equal those on decoded masks."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from panfuse import rle
from tests.reference import rle_shapes as reference
from tests.rle.shapes import counts, loose, masks

SIDES = st.tuples(st.integers(1, 25), st.integers(1, 25))


def same(found: Any, expected: np.ndarray) -> None:
    assert rle.to_uncompressed(found) == counts(expected)


@settings(max_examples=200)
@given(st.data())
def test_any_mask(data: st.DataObject) -> None:
    mask = data.draw(masks())
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    given_rle = loose(mask, rng)
    height, width = mask.shape
    same(rle.canonical(given_rle), mask)
    same(rle.invert(given_rle), 1 - mask)
    same(rle.flip(given_rle, 0), mask[::-1])
    same(rle.flip(given_rle, 1), mask[:, ::-1])
    same(rle.flip(given_rle, (1, 0)), mask[::-1, ::-1])
    x0, x1 = sorted(rng.choice(width + 1, 2, replace=False).tolist())
    y0, y1 = sorted(rng.choice(height + 1, 2, replace=False).tolist())
    same(rle.crop(given_rle, (x0, y0, x1, y1)), mask[y0:y1, x0:x1])
    top, bottom, left, right = rng.integers(0, 4, 4).tolist()
    padded = rle.pad(given_rle, top=top, bottom=bottom, left=left, right=right)
    same(padded, np.pad(mask, ((top, bottom), (left, right))))
    dy, dx = data.draw(st.tuples(st.integers(-25, 25), st.integers(-25, 25)))
    same(rle.shift(given_rle, (dy, dx)), reference.place(mask, -dy, -dx, mask.shape))
    size = data.draw(SIDES)
    for rule in ("nearest", "nearest-exact"):
        same(rle.resize(given_rle, size, rule=rule), reference.resize(mask, size, rule))


@settings(max_examples=200)
@given(masks(), st.sampled_from([0, 0.02, 0.05, 0.1, 0.2, 1.0, 1e300]))
def test_boundary(mask: np.ndarray, ratio: float) -> None:
    width = min(reference.band_width(mask.shape, ratio), 100)
    found = rle.boundary(counts(mask), dilation_ratio=ratio)
    same(found, reference.boundary(mask, width))


@settings(max_examples=200)
@given(masks())
def test_components(mask: np.ndarray) -> None:
    for connectivity in (4, 8):
        expected = [counts(part) for part in reference.components(mask, connectivity)]
        found = rle.components(counts(mask), connectivity=connectivity)
        assert rle.to_uncompressed(found) == expected
        labels, count = pf.label(mask, connectivity=connectivity)
        assert len(found) == count
        for number, part in enumerate(found, start=1):
            same(part, labels == number)


def test_boundary_equals_the_original() -> None:
    """`mask_to_boundary` of bowenc0221/boundary-iou-api is these calls of OpenCV's."""
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(0)
    for _ in range(60):
        height, width = map(int, rng.integers(1, 240, 2))
        cells = rng.random((height // 20 + 1, width // 30 + 1)) < 0.8
        mask = np.kron(cells, np.ones((20, 30)))[:height, :width].astype(np.uint8)
        mask[rng.random(mask.shape) < 0.0005] ^= 1
        times = max(1, round(0.02 * np.sqrt(height**2 + width**2)))
        bordered = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        eroded = cv2.erode(bordered, np.ones((3, 3), np.uint8), iterations=times)
        same(rle.boundary(counts(mask)), mask - eroded[1:-1, 1:-1])


def test_band_width_rounds_half_to_even() -> None:
    mask = counts(np.ones((30, 40), np.uint8))  # its diagonal is 50
    for ratio, width in ((0.05, 2), (0.07, 4), (0.09, 4), (0.11, 6), (0.001, 1)):
        same(
            rle.boundary(mask, dilation_ratio=ratio),
            reference.boundary(np.ones((30, 40), np.uint8), width),
        )


def test_resize_beside_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(1)
    mask = (rng.random((48, 64)) < 0.5).astype(np.uint8)
    for size in ((96, 128), (24, 32), (48, 16), (144, 320), (12, 64)):  # ratios that are exact
        expected = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST)
        same(rle.resize(counts(mask), size), expected)


def test_shapes_of_batches() -> None:
    rng = np.random.default_rng(2)
    given_masks = [(rng.random((h, w)) < 0.5).astype(np.uint8) for h, w in ((3, 4), (7, 2), (1, 1))]
    rles = [rle.from_uncompressed(counts(mask)) for mask in given_masks]
    calls = [
        lambda r, **k: rle.boundary(r, **k),
        lambda r, **k: rle.crop(r, (0, 0, 1, 1), **k),
        lambda r, **k: rle.pad(r, top=1, **k),
        lambda r, **k: rle.shift(r, (1, 0), **k),
        lambda r, **k: rle.flip(r, 0, **k),
        lambda r, **k: rle.resize(r, (4, 4), **k),
        lambda r, **k: rle.invert(r, **k),
        lambda r, **k: rle.components(r, **k),
        lambda r, **k: rle.canonical(r, **k),
    ]
    for call in calls:
        expected = [call(item) for item in rles]
        assert call(rles) == call(tuple(rles)) == expected
        assert call([]) == []
        for item, found in zip(expected, call(rles, text=True), strict=True):
            pairs = zip(item, found, strict=True) if isinstance(item, list) else [(item, found)]
            for a, b in pairs:
                assert a["size"] == b["size"]
                assert a["counts"].decode() == b["counts"]


def test_memory_is_that_of_runs() -> None:
    """A mask of 2**31 pixels decodes to 2 GB; here little more than its columns is used."""
    resource = pytest.importorskip("resource")
    side = 46_340
    box = {"size": [side, side], "counts": [5 * side + 7, 1000, side * side - 5 * side - 1007]}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    rle.boundary(box)
    rle.flip(box, 1)
    rle.invert(rle.shift(box, (3, 4)))
    rle.resize(box, (side // 2, side // 2))
    rle.pad(rle.crop(box, (0, 0, side // 2, side)), right=5)
    rle.components(box)
    assert rle.from_polygons(rle.to_polygons(box), (side, side)) == rle.canonical(box)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert peak < 2**20
    assert after - before < 32 * 1024  # KiB


ONE = {"size": [4, 6], "counts": [24]}
BAD_CALLS = [
    (lambda: rle.crop(ONE, (0, 0, 7, 4)), ValueError, "box: .* within rles, which is 4 x 6"),
    (lambda: rle.crop([ONE, ONE], (0, 0, 6, 5)), ValueError, r"rles\[0\]"),
    (lambda: rle.crop(ONE, (2, 0, 2, 4)), ValueError, "box"),
    (lambda: rle.crop(ONE, (-1, 0, 2, 4)), ValueError, "box"),
    (lambda: rle.crop(ONE, (0, 0, 2)), ValueError, "box: .* got 3"),
    (lambda: rle.crop(ONE, (0, 0, 2.5, 1)), TypeError, "box"),
    (lambda: rle.crop(ONE, 3), TypeError, "box"),
    (lambda: rle.pad(ONE, left=-1), ValueError, "left"),
    (lambda: rle.pad(ONE, top=2**31), ValueError, "top"),
    (lambda: rle.pad(ONE, top=2**31 - 1), ValueError, "too large"),
    (lambda: rle.pad(ONE, bottom="1"), TypeError, "bottom"),
    (lambda: rle.shift(ONE, 3), TypeError, "offset"),
    (lambda: rle.shift(ONE, (1, 2, 3)), ValueError, "offset"),
    (lambda: rle.flip(ONE, 2), ValueError, "axis"),
    (lambda: rle.flip(ONE, (0, 0)), ValueError, "axis"),
    (lambda: rle.flip(ONE, None), ValueError, "axis"),
    (lambda: rle.resize(ONE, (0, 3)), ValueError, "size"),
    (lambda: rle.resize(ONE, (2**31, 3)), ValueError, "size"),
    (lambda: rle.resize(ONE, (3, 3), rule="linear"), ValueError, "rule"),
    (lambda: rle.resize({"size": [0, 3], "counts": [0]}, (3, 3)), ValueError, "0 x 3"),
    (lambda: rle.boundary(ONE, dilation_ratio=-0.1), ValueError, "dilation_ratio"),
    (lambda: rle.boundary(ONE, dilation_ratio=float("nan")), ValueError, "dilation_ratio"),
    (lambda: rle.boundary(ONE, dilation_ratio="wide"), TypeError, "dilation_ratio"),
    (lambda: rle.components(ONE, connectivity=6), ValueError, "connectivity"),
    (lambda: rle.components(ONE, connectivity=None), TypeError, "connectivity"),
    (lambda: rle.invert({"size": [4, 6], "counts": [23]}), ValueError, "rles"),
    (lambda: rle.invert([ONE, {"size": [4, 6], "counts": b"~"}]), ValueError, r"rles\[1\]"),
    (lambda: rle.invert(7), TypeError, "rles"),
]


@pytest.mark.parametrize(("call", "error", "text"), BAD_CALLS)
def test_bad_arguments(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_far_shifts_leave_nothing() -> None:
    full = counts(np.ones((3, 4)))
    for offset in ((10**30, 0), (0, -(10**30)), (3, 0), (0, 4)):
        same(rle.shift(full, offset), np.zeros((3, 4)))
