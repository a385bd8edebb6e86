from __future__ import annotations

import functools
import pickle
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from panfuse.categories import Categories
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments
from tests.reference import panoptic as reference
from tests.reference.panoptic import Row

IDS = np.array([[0, 3, 3, 1], [5, 5, 3, 1], [5, 0, 9, 9]], np.int32)
ROWS = [Row(1, 7, False), Row(3, 26, True), Row(5, 26, True), Row(9, 26, True, True)]


def segments_of(rows: list[Row]) -> Segments:
    return Segments(
        [row.id for row in rows],
        [row.category_id for row in rows],
        [row.is_thing for row in rows],
        is_crowd=[row.is_crowd for row in rows],
    )


def example(**options: Any) -> Panoptic:
    return Panoptic(IDS, segments_of(ROWS), **options)


def table(segments: Segments) -> list[Row]:
    return [
        Row(int(row.id[0]), int(row.category_id[0]), bool(row.is_thing[0]), bool(row.is_crowd[0]))
        for row in segments
    ]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[npt.NDArray[Any], list[Row]]:
    """An id map, and rows for its ids: categories 1 to 3 are stuff, 4 to 6 things."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=6))
    dtype = draw(st.sampled_from([np.uint8, np.int32, np.int64, np.uint32]))
    ids = draw(hnp.arrays(dtype, shape, elements=st.integers(0, 8)))
    rows = []
    for segment in np.unique(ids[ids > 0]).tolist():
        category = draw(st.integers(1, 6))
        rows.append(Row(segment, category, category > 3, category > 3 and draw(st.booleans())))
    return ids, rows


@settings(deadline=None)
@given(scenes())
def test_unknown_areas_and_boxes_are_counted(scene: tuple[npt.NDArray[Any], list[Row]]) -> None:
    ids, rows = scene
    panoptic = Panoptic(ids, segments_of(rows))
    expected = reference.statistics(ids)
    assert panoptic.segments.area.tolist() == [expected[row.id][0] for row in rows]
    assert panoptic.segments.bbox.tolist() == [expected[row.id][1] for row in rows]
    panoptic.check()


@settings(deadline=None)
@given(scenes(), st.integers(-3, 300))
def test_semantic(scene: tuple[npt.NDArray[Any], list[Row]], void: int) -> None:
    ids, rows = scene
    result = Panoptic(ids, segments_of(rows)).semantic(void)
    assert result.dtype == np.int32
    assert np.array_equal(result, reference.semantic(ids, rows, void))


@settings(deadline=None)
@given(scenes(), st.sampled_from([10, 256, 1000, 2**30, 2**40]), st.sampled_from([0, -1, 2**35]))
def test_to_encoded(scene: tuple[npt.NDArray[Any], list[Row]], divisor: int, void: int) -> None:
    ids, rows = scene
    result = Panoptic(ids, segments_of(rows)).to_encoded(divisor, void)
    expected = reference.to_encoded(ids, rows, divisor, void)
    assert np.array_equal(result, expected)
    needs_int64 = void == 2**35 or any(row.category_id * divisor + 8 >= 2**31 for row in rows)
    assert result.dtype == (np.int64 if needs_int64 else np.int32)


@settings(deadline=None)
@given(scenes(), st.sampled_from([10, 1000]))
def test_from_encoded(scene: tuple[npt.NDArray[Any], list[Row]], divisor: int) -> None:
    ids, rows = scene
    encoded = reference.to_encoded(ids, rows, divisor, -1).astype(np.int32)
    before = encoded.copy()
    panoptic = Panoptic.from_encoded(encoded, divisor, things={4, 5, 6}, void=-1)
    expected_ids, expected_rows = reference.from_encoded(encoded, divisor, {4, 5, 6}, {-1})
    assert np.array_equal(panoptic.ids, expected_ids)
    assert panoptic.ids.dtype == np.int32
    assert table(panoptic.segments) == expected_rows
    panoptic.check()
    assert np.array_equal(encoded, before)
    assert np.array_equal(panoptic.to_encoded(divisor, void=-1), encoded)
    assert Panoptic.from_encoded(encoded, divisor, things={4, 5, 6}, void=-1) == panoptic


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64]
)
def test_from_encoded_of_any_integer_dtype(dtype: type[Any]) -> None:
    encoded = np.array([[10, 10, 21], [127, 21, 22]], dtype)
    panoptic = Panoptic.from_encoded(encoded, 10, things=[2], void=127)
    assert panoptic.ids.tolist() == [[1, 1, 2], [0, 2, 3]]
    assert panoptic.segments.category_id.tolist() == [1, 2, 2]
    assert panoptic.segments.is_crowd.tolist() == [False] * 3


def test_from_encoded_voids_and_crowds() -> None:
    encoded = np.array([0, 255, -1, 20, 21, 30])
    panoptic = Panoptic.from_encoded(encoded, 10, things={2}, void=[0, 255, -1])
    assert panoptic.ids.tolist() == [0, 0, 0, 1, 2, 3]
    assert panoptic.segments.is_crowd.tolist() == [True, False, False]
    nothing_void = Panoptic.from_encoded(np.array([0, 10]), 10, things=(), void=None)
    assert nothing_void.segments.category_id.tolist() == [0, 1]
    known = Categories([2, 3], ["car", "sky"], [1, 0])
    assert Panoptic.from_encoded(encoded[3:], 10, things=known).categories == known
    with pytest.raises(ValueError, match=r"segments: expected categories .* got 25 \(segment 1\)"):
        Panoptic.from_encoded(encoded[1:2] - 5, 10, things=known)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[1]], 10), TypeError, "encoded: expected an integer"),
        ((np.array([-5]), 10), ValueError, "encoded: expected values >= 0 where not void, got -5"),
        ((np.array([15]), 10), ValueError, "got value 15: instance 5 of category 1"),
        ((np.array([2**40]), 10), ValueError, r"category ids below 2\*\*31, got 109951162777"),
        ((np.array([2**63], np.uint64), 10), ValueError, r"encoded: expected labels below 2\*\*63"),
        ((np.array([5]), 0), ValueError, "label_divisor: expected 1 to"),
        ((np.array([5]), 1.5), TypeError, "label_divisor: expected an integer, got float"),
        ((np.array([5]), 10, "0"), TypeError, "void: expected an integer, got str"),
        ((np.array([5]), 10, 1.0), TypeError, "void: expected an integer, got float"),
    ],
)
def test_bad_encoded(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    encoded, divisor, *void = arguments
    options = {"void": void[0]} if void else {}
    with pytest.raises(error, match=message):
        Panoptic.from_encoded(encoded, divisor, things={2}, **options)


def test_to_encoded_capacity() -> None:
    ids = np.arange(5, dtype=np.int32)
    panoptic = Panoptic(ids, Segments([1, 2, 3, 4], [8] * 4, [True] * 4))
    assert panoptic.to_encoded(5).tolist() == [0, 41, 42, 43, 44]
    with pytest.raises(ValueError, match=r"label_divisor: .* 4 instances of category 8, got 4"):
        panoptic.to_encoded(4)
    stuff = Panoptic(ids[:2], Segments([1], [8], [False]))
    assert stuff.to_encoded(1).tolist() == [0, 8]
    with pytest.raises(ValueError, match=r"label_divisor: expected values below 2\*\*63"):
        panoptic.to_encoded(2**62)
    with pytest.raises(ValueError, match="label_divisor: expected 1 or more, got 0"):
        panoptic.to_encoded(0)
    with pytest.raises(TypeError, match="void: expected an integer"):
        panoptic.to_encoded(10, void=None)  # type: ignore[arg-type]


def test_to_encoded_void_must_be_told_apart() -> None:
    rows = Segments([1], [0], [False])
    panoptic = Panoptic(np.array([0, 1]), rows)
    with pytest.raises(ValueError, match=r"void: .* got 0, which is also segment 1 \(category 0\)"):
        panoptic.to_encoded(1000)
    assert panoptic.to_encoded(1000, void=255_000).tolist() == [255_000, 0]
    assert Panoptic(np.array([1, 1]), rows).to_encoded(1000).tolist() == [0, 0]


def test_pixels_without_a_row() -> None:
    panoptic = Panoptic(IDS, segments_of(ROWS[:2]))
    for call in (panoptic.semantic, lambda: panoptic.to_encoded(10), panoptic.check):
        with pytest.raises(ValueError, match=r"^ids: pixel id 5 has no segment$"):
            call()
    negative = Panoptic(np.array([0, -4]), Segments([], [], []))
    for call in (negative.semantic, negative.check):
        with pytest.raises(ValueError, match=r"^ids: pixel id -4 has no segment$"):
            call()


def test_check_compares_rows_with_pixels() -> None:
    good = example().segments
    Panoptic(IDS, good).check()
    ghost = segments_of([*ROWS, Row(12, 7, False)])
    with pytest.raises(ValueError, match="segments: segment 12 has no pixel"):
        Panoptic(IDS, ghost).check()
    assert Panoptic(IDS, ghost).segments.area[-1] == 0
    wrong = good.replace(area=good.area + (good.id == 3))
    with pytest.raises(ValueError, match="segment 3 has area 4, but its pixels have 3"):
        Panoptic(IDS, wrong).check()
    wrong = good.replace(bbox=good.bbox + (good.id == 9)[:, None])
    with pytest.raises(
        ValueError, match=r"segment 9 has bbox \[3, 3, 3, 2\], but .* \[2, 2, 2, 1\]"
    ):
        Panoptic(IDS, wrong).check()


def test_known_areas_and_boxes_are_kept() -> None:
    rows = segments_of(ROWS).replace(area=[50, -1, -1, -1])
    assert Panoptic(IDS, rows).segments.area.tolist() == [50, 3, 3, 2]
    boxed = rows.replace(bbox=[[7, 7, 7, 7]] + [[-1] * 4] * 3)
    assert Panoptic(IDS, boxed).segments.bbox.tolist()[:2] == [[7, 7, 7, 7], [1, 0, 2, 2]]
    with pytest.raises(ValueError, match=r"segments: expected bbox \(N, 6\) for ids of shape"):
        Panoptic(IDS[None], boxed)


def test_segments_info_is_plain_and_complete() -> None:
    rows = segments_of(ROWS).replace(score=[np.nan, 0.5, np.nan, 1.0])
    info = Panoptic(IDS, rows).segments_info()
    first = {"id": 1, "category_id": 7, "iscrowd": 0, "bbox": [3, 0, 1, 2], "area": 2, "isthing": 0}
    assert info[0] == first
    assert info[1]["score"] == 0.5
    assert info[3]["iscrowd"] == info[3]["isthing"] == 1
    for record in info:
        plain = [
            v for value in record.values() for v in (value if isinstance(value, list) else [value])
        ]
        assert {type(value) for value in plain} <= {int, float}


def test_segments_are_read_once_and_late() -> None:
    calls: list[int] = []

    def read() -> Segments:
        calls.append(threading.get_ident())
        return segments_of(ROWS)

    panoptic = Panoptic(IDS, read, decisions=lambda: ["kept"] * 4)
    assert repr(panoptic) == "Panoptic(size=(3, 4), ids=numpy int32, segments=not read)"
    assert not calls
    threads = [threading.Thread(target=lambda: panoptic.segments) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert panoptic.segments is panoptic.segments
    assert panoptic.decisions == ["kept"] * 4
    assert repr(panoptic) == "Panoptic(size=(3, 4), ids=numpy int32, segments=4)"


def test_failing_read_is_not_remembered() -> None:
    results: list[Any] = [RuntimeError("device"), [1], segments_of(ROWS)]

    def read() -> Any:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    panoptic = Panoptic(IDS, read)
    with pytest.raises(RuntimeError, match="device"):
        panoptic.segments  # noqa: B018
    with pytest.raises(TypeError, match="segments: expected Segments, got list"):
        panoptic.segments  # noqa: B018
    assert len(panoptic.segments) == 4


def test_construction_errors() -> None:
    with pytest.raises(TypeError, match="segments: expected Segments or a callable, got list"):
        Panoptic(IDS, [])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ids: expected an integer"):
        Panoptic(IDS * 0.5, segments_of(ROWS))
    with pytest.raises(TypeError, match="categories: expected a Categories, got set"):
        example(categories={1})
    with pytest.raises(ValueError, match=r"segments: expected categories .* got 26 \(segment 3\)"):
        example(categories=Categories([7], ["road"], [0]))
    with pytest.raises(ValueError, match="segment 1 of category 7 has is_thing False"):
        example(categories=Categories([7, 26], ["road", "car"], [1, 1]))
    known = Categories([26, 7], ["car", "road"], [1, 0])
    assert example(categories=known).categories is known


def test_equality_by_content() -> None:
    assert example() == example()
    assert example() == Panoptic(IDS.astype(np.uint8), segments_of(ROWS))
    assert example() != Panoptic(IDS[:, ::-1], segments_of(ROWS))
    assert example() != Panoptic(IDS, segments_of(ROWS).replace(score=[1, 1, 1, 1]))
    assert example() != example(categories=Categories([26, 7], ["car", "road"], [1, 0]))
    assert example() != 3


def test_pickle() -> None:
    original = functools.partial(np.negative, IDS)
    panoptic = Panoptic(
        IDS,
        lambda: segments_of(ROWS),
        categories=Categories([26, 7], ["car", "road"], [1, 0]),
        decisions=lambda: [1, 2],
        original=original,
    )
    again = pickle.loads(pickle.dumps(panoptic))
    assert again == panoptic
    assert again.decisions == [1, 2]
    assert np.array_equal(again.to_original(), -IDS)


def test_to_original() -> None:
    assert example(original=lambda: "map").to_original() == "map"
    with pytest.raises(
        ValueError, match="to_original: expected the result of a fusion with a preset"
    ):
        example().to_original()


@settings(deadline=None)
@given(scenes(), st.booleans(), st.data())
def test_map_categories(
    scene: tuple[npt.NDArray[Any], list[Row]], merge_stuff: bool, data: st.DataObject
) -> None:
    ids, rows = scene
    stuff, things = st.sampled_from([10, 11]), st.sampled_from([20, 21])
    mapping = {old: data.draw(stuff if old < 4 else things) for old in range(1, 7)}
    before = ids.copy()
    result = Panoptic(ids, segments_of(rows)).map_categories(mapping, merge_stuff=merge_stuff)
    expected_ids, expected_rows = reference.map_categories(ids, rows, mapping, merge_stuff)
    assert np.array_equal(result.ids, expected_ids)
    assert result.ids.dtype == ids.dtype
    assert table(result.segments) == expected_rows
    result.check()
    assert np.array_equal(ids, before)


def test_map_categories_shares_the_map_unless_segments_merge() -> None:
    panoptic = example(decisions=["kept"])
    result = panoptic.map_categories({7: 1, 26: 2})
    assert result.ids is panoptic.ids
    assert result.decisions == ["kept"]
    assert result.segments.category_id.tolist() == [1, 2, 2, 2]


def test_map_categories_to_other_categories() -> None:
    target = Categories([1, 2], ["ground", "vehicles"], [1, 0])
    rows = segments_of(ROWS).replace(score=[1, 0.5, 0.25, 1], source_index=[0, 1, 2, 3])
    result = Panoptic(IDS, rows).map_categories({7: 1, 26: 2}, categories=target)
    assert result.categories is target
    assert table(result.segments) == [Row(1, 1, True), Row(3, 2, False), Row(9, 2, False, True)]
    assert np.array_equal(result.segments.score, [1, np.nan, 1], equal_nan=True)
    assert result.segments.source_index.tolist() == [0, -1, 3]
    result.check()


@pytest.mark.parametrize(
    ("mapping", "categories", "error", "message"),
    [
        ({7: 1}, None, ValueError, r"mapping: .* got none for \[26\]"),
        ({7: 1, 26: -1}, None, ValueError, r"mapping\[26\]: expected an id"),
        (
            {7: 1, 26: 1},
            None,
            ValueError,
            "mapping: expected things or stuff in category 1, got both",
        ),
        ({7: 1, 26: 4}, Categories([1], ["a"], [0]), ValueError, r"ids of categories, got \[4\]"),
        ({7: 1, 26: 4}, {1}, TypeError, "categories: expected a Categories, got set"),
        ([7, 26], None, TypeError, "mapping: expected a mapping, got list"),
    ],
)
def test_bad_mapping(mapping: Any, categories: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        example().map_categories(mapping, categories=categories)


def test_torch_results_stay_torch() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(IDS.copy())
    panoptic = Panoptic(tensor, segments_of(ROWS))
    host = example()
    assert panoptic.ids is tensor
    assert panoptic == host
    assert repr(panoptic) == "Panoptic(size=(3, 4), ids=torch int32, segments=4)"
    semantic = panoptic.semantic(255)
    assert semantic.dtype == torch.int32
    assert np.array_equal(semantic.numpy(), host.semantic(255))
    encoded = panoptic.to_encoded(2**40)
    assert encoded.dtype == torch.int64
    again = Panoptic.from_encoded(encoded, 2**40, things={26})
    assert isinstance(again.ids, torch.Tensor)
    assert again.segments == Panoptic.from_encoded(encoded.numpy(), 2**40, things={26}).segments
    merged = panoptic.map_categories({7: 1, 26: 1}, categories=Categories([1], ["all"], [0]))
    assert isinstance(merged.ids, torch.Tensor)
    merged.check()
    assert pickle.loads(pickle.dumps(panoptic)) == panoptic
    assert np.array_equal(tensor.numpy(), IDS)


def test_empty_map() -> None:
    panoptic = Panoptic(np.zeros((0, 4), np.int32), Segments([], [], []))
    panoptic.check()
    assert panoptic.semantic().shape == (0, 4)
    assert panoptic.to_encoded(10).shape == (0, 4)
    assert panoptic.segments_info() == []
    assert Panoptic.from_encoded(panoptic.ids, 10, things=()) == panoptic
