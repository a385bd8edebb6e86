from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from panfuse.segments import Segments


def three() -> Segments:
    return Segments(
        [2, 5, 9],
        [17, 200, 17],
        [True, False, True],
        is_crowd=[0, 0, 1],
        score=[0.9, np.nan, 0.25],
        area=[30, 12, 1],
        bbox=[[0, 0, 5, 6], [1, 2, 3, 4], [9, 9, 1, 1]],
        source_index=[4, -1, 0],
    )


def test_dtypes_shapes_and_defaults() -> None:
    rows = Segments([2, 5], [17, 200], [True, False])
    for name, dtype, shape in (
        ("id", np.int32, (2,)),
        ("category_id", np.int32, (2,)),
        ("is_thing", np.bool_, (2,)),
        ("is_crowd", np.bool_, (2,)),
        ("score", np.float32, (2,)),
        ("area", np.int64, (2,)),
        ("bbox", np.int32, (2, 4)),
        ("source_index", np.int32, (2,)),
    ):
        column = getattr(rows, name)
        assert column.dtype == dtype
        assert column.shape == shape
        assert not column.flags.writeable
    assert not rows.is_crowd.any()
    assert np.isnan(rows.score).all()
    assert (rows.area == -1).all()
    assert (rows.bbox == -1).all()
    assert (rows.source_index == -1).all()


def test_columns_are_copies() -> None:
    ids = np.array([1, 2], np.int32)
    rows = Segments(ids, [0, 0], [0, 0])
    ids[0] = 7
    assert rows.id.tolist() == [1, 2]


def test_empty() -> None:
    rows = Segments([], [], [], area=[], bbox=[], score=[])
    assert len(rows) == 0
    assert rows.bbox.shape == (0, 4)
    assert repr(rows) == "Segments(0)"
    assert rows.index([]).tolist() == []


def test_indexing_by_position() -> None:
    rows = three()
    assert rows[1].id.tolist() == [5]
    assert rows[-1].score.tolist() == [0.25]
    assert rows[np.int64(0)].id.tolist() == [2]
    assert rows[1:].id.tolist() == [5, 9]
    assert rows[rows.is_thing].area.tolist() == [30, 1]
    assert rows[[0, 2]] == rows[::2]
    assert rows[[]] == rows[:0]
    assert [row.id.item() for row in rows] == [2, 5, 9]
    for position in (3, -4, [0, 3]):
        with pytest.raises(IndexError, match="rows: expected positions below 3"):
            rows[position]
    with pytest.raises(ValueError, match="mask of 3"):
        rows[np.array([True])]
    with pytest.raises(TypeError, match="rows: expected an int, slice, mask or positions"):
        rows["id"]
    with pytest.raises(ValueError, match="id: expected strictly ascending"):
        rows[::-1]


def test_index_of_ids() -> None:
    rows = three()
    assert rows.index([9, 2, 9]).tolist() == [2, 0, 2]
    assert rows.index(np.array([[5]], np.uint8)).tolist() == [[1]]
    assert rows.index(5) == 1
    assert isinstance(rows.index(5), int)
    for bad in ([2, 3], [2, 10], 0, 2**40, -1):
        missing = bad[1] if isinstance(bad, list) else bad
        with pytest.raises(ValueError, match=f"ids of these 3 segments, got {missing}$"):
            rows.index(bad)
    with pytest.raises(TypeError, match="ids: expected ints"):
        rows.index([0.5])


def test_equality_pickle_and_immutability() -> None:
    rows = three()
    assert rows == three()
    assert pickle.loads(pickle.dumps(rows)) == rows
    for name, value in (
        ("id", [2, 5, 8]),
        ("category_id", [1, 2, 3]),
        ("is_thing", [0, 0, 0]),
        ("is_crowd", [0, 0, 0]),
        ("score", [0.9, 0.5, 0.25]),
        ("area", [30, 12, 2]),
        ("bbox", [[0, 0, 0, 0]] * 3),
        ("source_index", [4, 4, 4]),
    ):
        assert rows.replace(**{name: value}) != rows
    assert rows != 3
    with pytest.raises(AttributeError, match="immutable"):
        rows.id = np.zeros(3, np.int32)
    with pytest.raises(AttributeError, match="immutable"):
        del rows.id
    with pytest.raises(TypeError, match="colour"):
        rows.replace(colour=[1, 2, 3])


def test_repr_shows_a_table() -> None:
    lines = repr(three()).splitlines()
    assert lines[0] == "Segments(3)"
    assert lines[1].split() == list(Segments.__annotations__)
    assert lines[3].split()[:5] == ["5", "200", "False", "False", "nan"]
    many = Segments(range(1, 31), [0] * 30, [0] * 30)
    assert repr(many).splitlines()[-1].strip() == "... 20 more"


def test_boxes_of_other_ranks() -> None:
    assert Segments([1], [0], [0], bbox=[[0, 0, 0, 3, 2, 1]]).bbox.shape == (1, 6)
    for width in (0, 3):
        with pytest.raises(ValueError, match=r"bbox: expected shape \(1, 2 \* rank\)"):
            Segments([1], [0], [0], bbox=np.zeros((1, width), np.int32))


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"id": [2, 2]}, ValueError, "id: expected strictly ascending ids, got 2 in row 1 after 2"),
        ({"id": [3, 2]}, ValueError, "id: expected strictly ascending ids, got 2 in row 1 after 3"),
        ({"id": [0, 2]}, ValueError, "id: expected values of 1 to 2147483647, got 0 in row 0"),
        ({"id": [1, 2**31]}, ValueError, "id: .* got 2147483648 in row 1"),
        ({"id": np.array([1, 2**64 - 1], np.uint64)}, ValueError, "id: .* in row 1"),
        ({"id": [1.0, 2.0]}, TypeError, "id: expected ints, got dtype float64"),
        ({"id": [True, False]}, TypeError, "id: expected ints, got dtype bool"),
        ({"id": [[1, 2]]}, ValueError, r"id: expected shape \(N,\), got \(1, 2\)"),
        ({"category_id": [1]}, ValueError, r"category_id: expected shape \(2,\), got \(1,\)"),
        ({"category_id": [1, -1]}, ValueError, "category_id: expected values of 0"),
        ({"is_thing": [1, 2]}, ValueError, "is_thing: expected True or False.* got 2 in row 1"),
        ({"is_thing": ["a", "b"]}, TypeError, "is_thing: expected bools"),
        ({"is_crowd": [1]}, ValueError, "is_crowd: expected shape"),
        ({"score": ["a", "b"]}, TypeError, "score: expected floats"),
        ({"area": [1, -2]}, ValueError, "area: expected values of -1"),
        ({"area": [1.5, 2]}, TypeError, "area: expected ints"),
        ({"bbox": [1, 2]}, ValueError, r"bbox: expected shape \(2, 2 \* rank\), got \(2,\)"),
        ({"bbox": [[0, 0, 1, 1], [0, -1, 1, 1]]}, ValueError, "bbox: .* in row 1"),
        ({"bbox": [[0, 0, 1]] * 2}, ValueError, "bbox: expected shape"),
        ({"source_index": [0, -2]}, ValueError, "source_index: expected values of -1"),
    ],
)
def test_bad_columns(columns: dict[str, Any], error: type[Exception], message: str) -> None:
    good: dict[str, Any] = {"id": [1, 2], "category_id": [1, 2], "is_thing": [0, 1]}
    with pytest.raises(error, match=f"^{message}"):
        Segments(**{**good, **columns})
