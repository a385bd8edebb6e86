"""Polygons fill as COCO's do, and outlines come back as the mask they were made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse import rle
from tests.reference import labeling, rle_shapes
from tests.reference import polygons as reference
from tests.rle.shapes import counts, masks, polygons, random_polygon

KINDS = ("inside", "whole", "far", "tiny", "fifths", "repeated", "huge")


def mask_of(found: dict[str, Any]) -> np.ndarray:
    plain = rle.to_uncompressed(found)
    return rle_shapes.mask_of(plain["counts"], tuple(plain["size"]))


@settings(max_examples=300)
@given(polygons())
def test_fills_as_the_definition_does(case: tuple[list[float], tuple[int, int]]) -> None:
    xy, size = case
    expected = counts(reference.fill(xy, size))
    assert rle.to_uncompressed(rle.from_polygons([xy], size)) == expected
    assert rle.to_uncompressed(rle.from_polygons([np.reshape(xy, (-1, 2))], size)) == expected


def test_equals_pycocotools() -> None:
    pycocotools = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(5)
    for number in range(3000):
        height, width = map(int, rng.integers(1, rng.choice([8, 50, 300]), 2))
        kind = KINDS[number % len(KINDS)]
        if kind == "huge" and number % 25:  # theirs walks every point of those
            continue
        xy = random_polygon(rng, (height, width), kind)
        (expected,) = pycocotools.frPyObjects([xy], height, width)
        assert rle.from_polygons([xy], (height, width)) == expected, (xy, height, width)


def test_parts_equal_pycocotools() -> None:
    pycocotools = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(6)
    for _ in range(300):
        height, width = map(int, rng.integers(1, 60, 2))
        parts = [
            random_polygon(rng, (height, width), KINDS[int(rng.integers(0, 6))])
            for _ in range(int(rng.integers(1, 6)))
        ]
        expected = pycocotools.merge(pycocotools.frPyObjects(parts, height, width))
        assert rle.from_polygons(parts, (height, width)) == expected


@given(st.lists(st.integers(0, 2**32), max_size=4), st.integers(1, 20), st.integers(1, 20))
def test_even_odd_of_parts(seeds: list[int], height: int, width: int) -> None:
    parts = [random_polygon(np.random.default_rng(s), (height, width), "whole") for s in seeds]
    expected = np.zeros((height, width), np.uint8)
    for part in parts:
        expected ^= reference.fill(part, (height, width))
    found = rle.from_polygons(parts, (height, width), rule="even-odd")
    assert rle.to_uncompressed(found) == counts(expected)


@settings(max_examples=300)
@given(masks())
def test_outlines_come_back(mask: np.ndarray) -> None:
    given_rle = rle.from_uncompressed(counts(mask))
    found = rle.to_polygons(given_rle)
    assert len(found) == labeling.label(mask, 4)[1]
    assert rle.from_polygons(found, mask.shape) == given_rle
    assert rle.from_polygons(found, mask.shape, rule="even-odd") == given_rle
    for polygon in found:
        x, y = np.reshape(polygon, (-1, 2)).T
        steps = np.stack([np.diff(x, append=x[0]), np.diff(y, append=y[0])])
        assert ((steps == 0).sum(0) == 1).all()  # along edges, and no point twice in a row
        assert 0 <= x.min() <= x.max() <= mask.shape[1]
        assert 0 <= y.min() <= y.max() <= mask.shape[0]


def test_outlines_come_back_from_pycocotools() -> None:
    pycocotools = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(7)
    for density in (0.1, 0.5, 0.9):
        mask = (rng.random((61, 47)) < density).astype(np.uint8)
        parts = rle.to_polygons(counts(mask))
        merged = pycocotools.merge(pycocotools.frPyObjects(parts, 61, 47))
        assert merged == rle.canonical(counts(mask))


def test_outlines_of_known_shapes() -> None:
    def outline(rows: list[str]) -> list[list[int]]:
        return rle.to_polygons(counts(np.array([[c == "#" for c in row] for row in rows])))

    assert outline(["...", "..."]) == []
    assert outline(["##", "##"]) == [[0, 0, 2, 0, 2, 2, 0, 2]]
    assert outline(["#.", ".#"]) == [[0, 0, 1, 0, 1, 1, 0, 1], [1, 1, 2, 1, 2, 2, 1, 2]]
    ring, island = outline(["#####", "#...#", "#.#.#", "#...#", "#####"])
    assert island == [2, 2, 3, 2, 3, 3, 2, 3]
    assert ring[:4] == [0, 0, 1, 0]
    assert ring[4:6] == [1, 1]  # the bridge


def test_many_holes_do_not_nest_the_stack() -> None:
    mask = np.ones((3, 40_001), np.uint8)
    mask[1, 1::2] = 0
    found = rle.to_polygons(counts(mask))
    assert len(found) == 1
    assert rle.to_uncompressed(rle.from_polygons(found, mask.shape)) == counts(mask)
    steps = np.triu(np.ones((300, 300), np.uint8))  # holes that hang on holes
    steps[1::3, 1::3] = 0
    assert rle.from_polygons(rle.to_polygons(counts(steps)), steps.shape) == rle.canonical(
        counts(steps)
    )


@given(masks(), st.floats(0, 3))
def test_simplified_outlines(mask: np.ndarray, tolerance: float) -> None:
    lossless = rle.to_polygons(counts(mask))
    simple = rle.to_polygons(counts(mask), simplify=tolerance)
    assert len(simple) == len(lossless)
    for before, after in zip(lossless, simple, strict=True):
        corners = np.reshape(after, (-1, 2))
        assert 3 <= len(corners) <= len(before) // 2
        assert set(map(tuple, corners.tolist())) <= set(
            map(tuple, np.reshape(before, (-1, 2)).tolist())
        )
        for point in np.reshape(before, (-1, 2)):
            assert distance_to_ring(point, corners) <= tolerance + 1e-9
    if tolerance == 0:
        assert rle.from_polygons(simple, mask.shape) == rle.canonical(counts(mask))


def distance_to_ring(point: np.ndarray, ring: np.ndarray) -> float:
    start, step = ring, np.roll(ring, -1, 0) - ring
    length = np.maximum((step**2).sum(1), 1e-300)
    along = np.clip(((point - start) * step).sum(1) / length, 0, 1)
    return float(np.sqrt((((start + along[:, None] * step) - point) ** 2).sum(1)).min())


def test_simplify_drops_stairs() -> None:
    stairs = np.tril(np.ones((40, 40), np.uint8))
    (lossless,) = rle.to_polygons(counts(stairs))
    (simple,) = rle.to_polygons(counts(stairs), simplify=1)
    assert len(lossless) == 2 * 82
    assert len(simple) <= 2 * 5


def test_batches() -> None:
    square, triangle = [0, 0, 4, 0, 4, 4, 0, 4], [0, 0, 6, 0, 0, 6]
    one = [rle.from_polygons(parts, (7, 8)) for parts in ([square], [square, triangle], [])]
    found = rle.from_polygons([[square], [square, triangle], []], (7, 8), batched=True)
    assert found == one
    sizes = [(7, 8), (5, 5), (1, 1)]
    found = rle.from_polygons([[square], [triangle], []], sizes, batched=True, text=True)
    assert [item["size"] for item in found] == [[7, 8], [5, 5], [1, 1]]
    assert all(isinstance(item["counts"], str) for item in found)
    assert rle.from_polygons([], (3, 3), batched=True) == []
    assert rle.to_polygons([]) == []
    assert rle.to_polygons(one) == [rle.to_polygons(item) for item in one]
    assert rle.from_polygons((tuple(square), np.float32(triangle)), (7, 8)) == one[1]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("parts", "error", "text"),
    [
        ([[0, 0, 4, 0, 4, 4], [0, 0, 1, NAN, 2, 2]], ValueError, r"polygons\[1\]: coordinate 3 is"),
        ([[0, 0, 4, 0, INF, 4]], ValueError, r"polygons\[0\]: coordinate 4 is not finite"),
        ([[0, 0, 4, 0]], ValueError, r"polygons\[0\]: expected 3 points or more, got 2"),
        ([[]], ValueError, r"polygons\[0\]: expected 3 points or more, got 0"),
        ([[0, 0, 4, 0, 4, 4, 5]], ValueError, r"polygons\[0\]: expected x and y .* got 7"),
        ([[0, 0, 4, 0, 4, 5e8]], OverflowError, r"polygons\[0\]: coordinate 5 is beyond"),
        ([[0, -5e8, 4, 0, 4, 4]], OverflowError, r"polygons\[0\]: coordinate 1 is beyond"),
        ([[0, 10**400, 4, 0, 4, 4]], OverflowError, r"polygons\[0\]: an integer is beyond"),
        ([[0, "1", 4, 0, 4, 4]], TypeError, r"polygons\[0\]: expected numbers, got str"),
        (["000000"], TypeError, r"polygons\[0\]: expected a sequence of numbers, got str"),
        ([0, 0, 4, 0, 4, 4], TypeError, r"polygons\[0\]: expected a sequence of numbers, got int"),
        (7, TypeError, "polygons: expected a sequence of polygons, got int"),
        ([np.zeros((3, 3))], ValueError, r"polygons\[0\]: expected an array"),
        ([np.zeros(6, complex)], TypeError, r"polygons\[0\]: expected an array of numbers"),
    ],
)
def test_bad_polygons(parts: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        rle.from_polygons(parts, (9, 9))
    with pytest.raises(error, match=text.replace("polygons", r"polygons\[1\]", 1)):
        rle.from_polygons([[], parts], (9, 9), batched=True)


@pytest.mark.parametrize(
    ("size", "error"),
    [
        ((0, 4), ValueError),
        ((4, 0), ValueError),
        ((2**31, 1), ValueError),
        ((2**16, 2**16), ValueError),
        ((-1, 4), ValueError),
        ((4, 4, 4), ValueError),
        ((4.0, 4), TypeError),
        (4, TypeError),
        ("44", TypeError),
    ],
)
def test_bad_sizes(size: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="size"):
        rle.from_polygons([[0, 0, 4, 0, 4, 4]], size)
    with pytest.raises(error, match="size"):
        rle.from_polygons([[], []], [(3, 3), size], batched=True)


def test_bad_options() -> None:
    with pytest.raises(ValueError, match="rule"):
        rle.from_polygons([], (3, 3), rule="winding")
    with pytest.raises(ValueError, match="size: expected one"):
        rle.from_polygons([[], []], [(3, 3)] * 3, batched=True)
    for bad in (-1, NAN, INF):
        with pytest.raises(ValueError, match="simplify"):
            rle.to_polygons([], simplify=bad)
    with pytest.raises(ValueError, match=r"rles\[1\]"):
        rle.to_polygons([counts(np.ones((2, 2))), {"size": [2, 2], "counts": [1]}])


def test_the_largest_coordinates() -> None:
    most = 429496729.0
    xy = [-most, -most, most, -most, most, most, -most, most]
    assert rle.to_uncompressed(rle.from_polygons([xy], (5, 7)))["counts"] == [0, 35]
    long = [-1e5, 0, most, 0, most, 3]  # a line over the image whose slope is next to nothing
    np.testing.assert_array_equal(mask_of(rle.from_polygons([long], (4, 4))), np.zeros((4, 4)))
