"""Functions of pycocotools' names: by definition, and beside pycocotools where it is installed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import panfuse as pf
from tests.reference import rle as reference
from tests.rle.masks import encoded, layout, stacks

SETTINGS = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(stacks(), st.sampled_from(["c", "fortran", "reversed", "spread"]), st.integers(0, 5))
def test_encode(isa: str, stack: np.ndarray, name: str, kind: int) -> None:
    values = [
        stack,
        stack.astype(bool),
        stack * np.int32(-7),
        stack * np.int64(1 << 40),
        stack * np.float32(-0.5),  # -0.0 is background
        np.where(stack, np.float16(np.nan), np.float16(0)),
    ][kind]
    want = encoded(stack)
    assert [pf.rle.encode(layout(mask, name)) for mask in values] == want
    assert pf.rle.encode(values, axis=0) == want
    assert pf.rle.encode(np.asfortranarray(values.transpose(1, 2, 0))) == want
    text = pf.rle.encode(values, axis=0, text=True)
    assert json.loads(json.dumps(text)) == [{**d, "counts": d["counts"].decode()} for d in want]


@SETTINGS
@given(stacks(), st.data())
def test_by_definition(stack: np.ndarray, data: st.DataObject) -> None:
    rles = encoded(stack)
    masks = pf.rle.decode(rles)
    assert masks.dtype == np.uint8
    assert masks.flags.f_contiguous
    np.testing.assert_array_equal(masks, stack.transpose(1, 2, 0))
    np.testing.assert_array_equal(pf.rle.decode(rles, axis=0), stack)
    np.testing.assert_array_equal(pf.rle.area(rles), stack.sum((1, 2)))
    np.testing.assert_array_equal(pf.rle.toBbox(rles), [reference.box(mask) for mask in stack])
    assert pf.rle.merge(rles) == reference.encode(stack.any(0))
    assert pf.rle.merge(rles, True) == reference.encode(stack.all(0))

    others = np.roll(stack[::-1], data.draw(st.integers(0, 3)), 1)
    crowd = data.draw(st.lists(st.booleans(), min_size=len(stack), max_size=len(stack)))
    shared = reference.shared(list(stack), list(others))
    np.testing.assert_array_equal(pf.rle.intersection(rles, encoded(others)), shared)
    found = pf.rle.overlaps(rles, encoded(others))
    np.testing.assert_array_equal(np.nonzero(shared), (found.a, found.b))
    np.testing.assert_array_equal(shared[found.a, found.b], found.pixels)
    mine, theirs = stack.sum((1, 2), dtype=np.int64), others.sum((1, 2), dtype=np.int64)
    whole = np.where(crowd, mine[:, None], mine[:, None] + theirs - shared)
    want = np.divide(shared, whole, out=np.zeros(shared.shape), where=shared > 0)
    np.testing.assert_array_equal(pf.rle.iou(rles, encoded(others), crowd), want)


@SETTINGS
@given(stacks())
def test_counts_in_any_form(stack: np.ndarray) -> None:
    for mask in stack:
        numbers, size = reference.counts(mask), list(mask.shape)
        text = reference.string(numbers)
        forms = [text, text.decode(), numbers, tuple(numbers), np.array(numbers, np.uint32)]
        forms.append(np.array(numbers, np.int64)[::-1].copy()[::-1])
        for form in forms:
            assert pf.rle.area({"size": size, "counts": form}) == np.count_nonzero(mask)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 2**32 - 1).map(lambda n: n >> (n % 32)), max_size=12))
def test_long_numbers(numbers: list[int]) -> None:
    """Counts and differences of every length; what is beyond 2^32 pixels is refused."""
    total = sum(numbers)
    rle = {"size": [1, total], "counts": reference.string(numbers)}
    if total >= 2**31:
        with pytest.raises(ValueError, match="size"):
            pf.rle.area(rle)
        return
    assert pf.rle.area(rle) == sum(numbers[1::2])
    assert pf.rle.merge([rle])["counts"] == (reference.string(numbers) if numbers else b"")


def test_empty_runs_inside() -> None:
    rle = {"size": [1, 7], "counts": [1, 2, 0, 1, 1, 0, 2]}
    mask = [[0, 1, 1, 1, 0, 0, 0]]
    assert pf.rle.decode(rle).tolist() == mask
    assert pf.rle.toBbox(rle).tolist() == [1, 0, 3, 1]
    assert pf.rle.merge([rle, rle]) == reference.encode(np.array(mask))
    assert pf.rle.iou([rle], [reference.encode(np.array(mask))]) == 1


def test_no_pixels() -> None:
    for shape in [(0, 5), (5, 0), (0, 0)]:
        rle = pf.rle.encode(np.zeros(shape, np.uint8))
        assert rle == {"size": list(shape), "counts": b"0"}
        assert pf.rle.decode(rle).shape == shape
        assert pf.rle.area(rle) == 0
        assert pf.rle.toBbox(rle).tolist() == [0, 0, 0, 0]


def test_largest() -> None:
    rle = {"size": [2**31 - 1, 2], "counts": [0, 2**32 - 2]}
    assert pf.rle.area(rle) == 2**32 - 2
    assert pf.rle.toBbox(rle).tolist() == [0, 0, 2, 2**31 - 1]
    assert pf.rle.iou([rle], [rle]) == 1
    assert pf.rle.merge([rle, rle])["counts"] == reference.string([0, 2**32 - 2])


BAD: list[tuple[Any, str]] = [
    ({"size": [2, 3], "counts": b"5"}, r"rles: counts: expected a sum of 6 \(2 x 3\), got 5"),
    ([{"size": [2, 3], "counts": b"6"}, {"size": [2, 3], "counts": b"7"}], r"rles\[1\]: counts"),
    ({"size": [2, 3], "counts": b"1x"}, "got 'x' at character 1"),
    ({"size": [2, 3], "counts": b"1\xff"}, "got byte 0xff at character 1"),
    ({"size": [2, 3], "counts": "6é"}, r"got U\+00E9 at character 1"),
    ({"size": [2, 3], "counts": b"6" * 20 + b"\x00"}, "got byte 0x00 at character 20"),
    ({"size": [2, 3], "counts": b"33P"}, "the number at character 2 is cut short"),
    ({"size": [2, 3], "counts": b"PPPPPPP1"}, "the number at character 0 has more than 7"),
    ({"size": [2, 3], "counts": b"O7"}, "expected counts of 0 to 4294967295, got -1"),
    ({"size": [2, 3], "counts": b"PPPPPP4"}, "expected counts of 0 to 4294967295, got 4294967296"),
    ({"size": [2, 3], "counts": [7, -1]}, "got -1 at index 1"),
    ({"size": [2, 3], "counts": [2**70]}, "at index 0"),
    ({"size": [2, 3], "counts": np.array([2**64 - 1], np.uint64)}, "got 18446744073709551615"),
    ({"size": [2, 3], "counts": np.zeros((2, 2), int)}, "one axis"),
    ({"size": [2**31, 1], "counts": b"1"}, "size: expected sides of 0 to 2147483647"),
    ({"size": [-1, 1], "counts": b"1"}, "size: expected sides of 0 to 2147483647"),
    ({"size": [2**17, 2**15], "counts": b"1"}, "size: expected fewer than 2"),
    ({"size": [2], "counts": b"2"}, "size: expected two integers, got 1"),
    ({"counts": b"2"}, 'expected the item "size"'),
    ({"size": [1, 1]}, 'expected the item "counts"'),
]


@pytest.mark.parametrize(("rles", "words"), BAD, ids=range(len(BAD)))
def test_bad_values(rles: Any, words: str) -> None:
    for function in (pf.rle.area, pf.rle.toBbox, pf.rle.decode, pf.rle.merge):
        with pytest.raises(ValueError, match=words):
            function(rles)


@pytest.mark.parametrize(
    "rles",
    [
        5,
        None,
        "012",
        [5],
        {"size": 5, "counts": b"1"},
        {"size": [1.0, 1], "counts": b"1"},
        {"size": [1, 1], "counts": None},
        {"size": [1, 1], "counts": [1.0]},
        {"size": [1, 1], "counts": np.array([1.0])},
    ],
)
def test_bad_types(rles: Any) -> None:
    with pytest.raises(TypeError, match="rles"):
        pf.rle.area(rles)


def test_mixed_sizes() -> None:
    a, b = {"size": [2, 3], "counts": b"6"}, {"size": [3, 2], "counts": b"6"}
    assert pf.rle.area([a, b]).tolist() == [0, 0]
    for call in (
        lambda: pf.rle.merge([a, b]),
        lambda: pf.rle.decode([a, b]),
        lambda: pf.rle.iou([a], [b], [0]),
        lambda: pf.rle.intersection([a], [b]),
        lambda: pf.rle.overlaps([a], [b]),
        lambda: pf.rle.decode_ids([a, b]),
    ):
        with pytest.raises(ValueError, match=r"expected the size 2 x 3 .* got 3 x 2"):
            call()


def test_other_arguments() -> None:
    a = {"size": [2, 3], "counts": b"6"}
    assert pf.rle.iou([], [a], [0]) == [] == pf.rle.iou([a], [], [])
    with pytest.raises(ValueError, match="iscrowd: expected 1 values"):
        pf.rle.iou([a], [a], [0, 1])
    with pytest.raises(ValueError, match=r"dt: expected boxes \(N, 4\)"):
        pf.rle.iou(np.zeros((2, 3)), np.zeros((1, 4)))
    with pytest.raises(TypeError, match="gt: expected boxes"):
        pf.rle.iou(np.zeros((2, 4)), [a])
    for function in (pf.rle.merge, pf.rle.decode):
        with pytest.raises(ValueError, match="rles: expected a mask at least"):
            function([])
    with pytest.raises(ValueError, match="masks: expected 2 or 3 axes, got 1"):
        pf.rle.encode(np.zeros(3))
    with pytest.raises(ValueError, match="axis"):
        pf.rle.encode(np.zeros((3, 3)), axis=1)
    with pytest.raises(TypeError, match="masks"):
        pf.rle.encode(np.zeros((3, 3), complex))
    with pytest.raises(TypeError, match="pyobj"):
        pf.rle.frPyObjects("0", 3, 3)
    with pytest.raises(ValueError, match=r"pyobj\[0\]: expected the size \[3, 3\]"):
        pf.rle.frPyObjects([a], 3, 3)


def test_memory_is_that_of_runs() -> None:
    """Masks of 4 G pixels, which nobody could decode here."""
    side = 65_535
    columns = [{"size": [side, side], "counts": [side * (9 * k), side * side // 2,
                side * side - side * (9 * k) - side * side // 2]} for k in range(40)]  # fmt: skip
    both = side * side // 2 - 9 * side
    assert pf.rle.intersection(columns[:1], columns[1:2]) == both
    assert pf.rle.area(pf.rle.merge(columns)) == side * side // 2 + 39 * 9 * side
    assert pf.rle.overlaps(columns[:1], columns[1:2]).pixels == both


@pytest.fixture(scope="module")
def coco() -> Any:
    return pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")


def assert_same(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs)
    if isinstance(ours, np.ndarray):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert ours.flags.f_contiguous == theirs.flags.f_contiguous
        np.testing.assert_array_equal(ours, theirs)
    else:
        assert ours == theirs


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stacks(), st.data())
def test_as_pycocotools(coco: Any, stack: np.ndarray, data: st.DataObject) -> None:
    masks = np.asfortranarray(stack.transpose(1, 2, 0))
    rles = coco.encode(masks)
    one = rles[0]
    crowd = data.draw(st.lists(st.integers(0, 1), min_size=len(rles), max_size=len(rles)))
    assert_same(pf.rle.encode(masks), rles)
    assert_same(pf.rle.encode(masks[:, :, 0]), coco.encode(masks[:, :, 0]))
    for name in ("decode", "area", "toBbox"):
        assert_same(getattr(pf.rle, name)(rles), getattr(coco, name)(rles))
        assert_same(getattr(pf.rle, name)(one), getattr(coco, name)(one))
    for intersect in (0, 1, False, True):
        assert_same(pf.rle.merge(rles, intersect), coco.merge(rles, intersect))
    assert_same(pf.rle.iou(rles, rles[::-1], crowd), coco.iou(rles, rles[::-1], crowd))
    numbers = [
        {"size": r["size"], "counts": reference.counts(m)} for r, m in zip(rles, stack, strict=True)
    ]
    height, width = one["size"]
    assert_same(
        pf.rle.frPyObjects(numbers, height, width), coco.frPyObjects(numbers, height, width)
    )
    assert_same(
        pf.rle.frPyObjects(numbers[0], height, width),
        coco.frPyObjects(numbers[0], height, width),
    )
    box = st.lists(st.floats(0, 60, width=32), min_size=4, max_size=4)
    boxes = np.array(data.draw(st.lists(box, min_size=1, max_size=4)))
    assert_same(pf.rle.frPyObjects(boxes, height, width), coco.frPyObjects(boxes, height, width))
    assert_same(
        pf.rle.frPyObjects(boxes.tolist(), height, width), coco.frPyObjects(boxes, height, width)
    )
    turns = np.concatenate([boxes, boxes + 3], axis=1).tolist()
    assert_same(pf.rle.frPyObjects(turns, height, width), coco.frPyObjects(turns, height, width))
    flags = [0] * len(boxes)
    for given_boxes in (boxes, boxes.tolist()):
        assert_same(
            pf.rle.iou(given_boxes, given_boxes, flags), coco.iou(given_boxes, given_boxes, flags)
        )
