from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse.categories import Categories, Category, thing_ids

if TYPE_CHECKING:
    from pathlib import Path


def small() -> Categories:
    return Categories([7, 3, 200], ["road", "car", "sky"], [0, 1, 0], ["flat", None, "sky"])


def test_coco_counts_and_ids() -> None:
    coco = Categories.coco()
    assert len(coco) == 133
    assert len(coco.thing_ids) == 80
    assert len(coco.stuff_ids) == 53
    assert coco[1] == Category(1, "person", True, "person")
    assert coco[200] == Category(200, "rug-merged", False, "textile")
    assert 12 not in coco
    assert np.all(np.diff(coco.ids) > 0)


def test_cityscapes_things_and_colours() -> None:
    cityscapes = Categories.cityscapes()
    assert cityscapes.ids.tolist() == list(range(19))
    assert cityscapes.thing_ids == set(range(11, 19))
    assert cityscapes[0].color == (128, 64, 128)
    assert cityscapes[18].name == "bicycle"
    assert cityscapes.contiguous == cityscapes


@pytest.mark.parametrize("categories", [Categories.coco(), Categories.cityscapes(), small()])
def test_colours_are_distinct_and_not_black(categories: Categories) -> None:
    colors = {category.color for category in categories}
    assert len(colors) == len(categories)
    assert (0, 0, 0) not in colors
    assert categories.colors.dtype == np.uint8
    assert categories.colors.shape == (len(categories), 3)


def test_generated_colours_avoid_given_ones_and_are_reproducible() -> None:
    first = Categories([1, 2], ["a", "b"], [1, 1]).colors
    mixed = Categories([1, 2], ["a", "b"], [1, 1], colors=[None, first[0].tolist()])
    assert mixed.colors[1].tolist() == first[0].tolist()
    assert mixed.colors[0].tolist() == first[1].tolist()
    assert np.array_equal(first, Categories([1, 2], ["a", "b"], [1, 1]).colors)


def test_columns_are_read_only() -> None:
    categories = small()
    for column in (categories.ids, categories.is_thing, categories.colors):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_iteration_lookup_and_membership() -> None:
    categories = small()
    assert [category.id for category in categories] == [7, 3, 200]
    assert categories[3] == categories[np.int64(3)]
    assert np.int32(3) in categories
    assert 4 not in categories
    assert "car" not in categories
    assert repr(categories) == "Categories(3: 1 things, 2 stuff)"
    with pytest.raises(KeyError, match="got 4"):
        categories[4]
    with pytest.raises(TypeError, match="category_id: expected an int, got str"):
        categories["car"]  # type: ignore[index]


def test_equality_ignores_colours_only() -> None:
    ids, names, is_thing = [7, 3], ["a", "b"], [0, 1]
    base = Categories(ids, names, is_thing)
    other = Categories(ids, names, is_thing, colors=[(1, 2, 3), (4, 5, 6)])
    assert base == other
    assert hash(base) == hash(other)
    assert base != Categories(ids[::-1], names[::-1], is_thing[::-1])
    assert base != Categories(ids, names, [1, 1])
    assert base != Categories(ids, ["a", "c"], is_thing)
    assert base != Categories(ids, names, is_thing, ["x", None])
    assert base != ids


def test_pickle_keeps_everything() -> None:
    categories = Categories.cityscapes()
    again = pickle.loads(pickle.dumps(categories))
    assert again == categories
    assert np.array_equal(again.colors, categories.colors)
    assert not again.ids.flags.writeable


def test_to_coco_round_trip(tmp_path: Path) -> None:
    for categories in (Categories.coco(), small(), Categories((), (), ())):
        records = json.loads(json.dumps(categories.to_coco()))
        path = tmp_path / "categories.json"
        path.write_text(json.dumps({"images": [], "categories": records}))
        for source in (records, {"categories": records}, path, str(path)):
            again = Categories.from_coco(source)
            assert again == categories
            assert np.array_equal(again.colors, categories.colors)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20, unique=True),
    st.data(),
)
def test_contiguous_translations_are_inverse(ids: list[int], data: st.DataObject) -> None:
    categories = Categories(ids, map(str, ids), [True] * len(ids))
    indices = data.draw(st.lists(st.integers(0, len(ids) - 1), max_size=30))
    expected = [ids[index] for index in indices]
    assert categories.from_contiguous(indices).tolist() == expected
    assert categories.to_contiguous(expected).tolist() == indices
    assert categories.to_contiguous(ids[-1]) == len(ids) - 1
    assert isinstance(categories.from_contiguous(0), int)
    assert categories.contiguous.names == categories.names
    assert categories.contiguous.ids.tolist() == list(range(len(ids)))
    assert np.array_equal(categories.contiguous.colors, categories.colors)


def test_translation_of_a_map_keeps_shape_and_input() -> None:
    image = np.array([[7, 3], [3, 200]], np.uint8)
    before = image.copy()
    assert small().to_contiguous(image).tolist() == [[0, 1], [1, 2]]
    assert np.array_equal(image, before)
    with pytest.raises(ValueError, match=r"^ids: expected category ids of this table, got 4$"):
        small().to_contiguous([3, 4, 9])
    with pytest.raises(ValueError, match=r"^indices: expected 0 to 2, got -1$"):
        small().from_contiguous(-1)
    with pytest.raises(ValueError, match=r"^indices: .* got 0$"):
        Categories((), (), ()).from_contiguous(0)
    with pytest.raises(TypeError, match="ids: expected ints"):
        small().to_contiguous([0.5])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 1], "ab", [0, 0]), ValueError, r"ids: expected unique ids, got 1 in rows 0 and 1"),
        (([-1], "a", [0]), ValueError, r"ids\[0\]: expected an id of 0 to 2\*\*31 - 1, got -1"),
        (([2**31], "a", [0]), ValueError, r"ids\[0\]"),
        (([1.5], "a", [0]), TypeError, r"ids\[0\]: expected an int, got float"),
        (([True], "a", [0]), TypeError, r"ids\[0\]: expected an int, got a bool"),
        ((3, "a", [0]), TypeError, r"ids: expected a sequence, got int"),
        (([1], ["a", "b"], [0]), ValueError, r"names: expected one per id \(1\), got 2"),
        (([1], [5], [0]), TypeError, r"names\[0\]: expected a str, got int"),
        (([1], ["a"], []), ValueError, r"is_thing: expected one per id"),
        (([1], ["a"], [2]), ValueError, r"is_thing\[0\]: expected True or False"),
        (([1], ["a"], [0], [3]), TypeError, r"supercategories\[0\]"),
        (([1], ["a"], [0], None, [(1, 2)]), ValueError, r"colors\[0\]: expected 3 ints"),
        (([1], ["a"], [0], None, [(1, 2, 256)]), ValueError, r"colors\[0\]: .* 0 to 255"),
    ],
)
def test_bad_columns(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    arguments = tuple(list(a) if isinstance(a, str) else a for a in arguments)
    with pytest.raises(error, match=message):
        Categories(*arguments)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"id": None}, TypeError, r"categories\[0\].*name 'car'\): field 'id'"),
        ({"id": -3}, ValueError, r"field 'id': expected an id of 0 to"),
        ({"name": 4}, TypeError, r"field 'name': expected a str"),
        ({"isthing": 2}, ValueError, r"field 'isthing': expected True or False"),
        ({"isthing": "1"}, ValueError, r"field 'isthing'"),
        ({"supercategory": 1}, TypeError, r"field 'supercategory'"),
        ({"color": [1, 2]}, ValueError, r"field 'color': expected 3 ints"),
        ({"color": 7}, ValueError, r"field 'color'"),
    ],
)
def test_bad_fields(change: dict[str, Any], error: type[Exception], message: str) -> None:
    record = {"id": 3, "name": "car", "isthing": 1, **change}
    with pytest.raises(error, match=message):
        Categories.from_coco([record])


@pytest.mark.parametrize("field", ["id", "name", "isthing"])
def test_missing_field(field: str) -> None:
    record = {"id": 3, "name": "car", "isthing": 1}
    del record[field]
    with pytest.raises(ValueError, match=rf"categories\[1\].*'{field}', which is missing"):
        Categories.from_coco([{"id": 1, "name": "sky", "isthing": 0}, record])


def test_bad_sources(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"bad\.json: expected a JSON file"):
        Categories.from_coco(path)
    path.write_text("[3]")
    with pytest.raises(TypeError, match=r"bad\.json: categories\[0\]: expected a dict, got int"):
        Categories.from_coco(path)
    with pytest.raises(FileNotFoundError, match=r"absent\.json"):
        Categories.from_coco(tmp_path / "absent.json")
    with pytest.raises(ValueError, match="expected the field 'categories'"):
        Categories.from_coco({"images": []})
    with pytest.raises(TypeError, match="categories: expected a list of dicts, got int"):
        Categories.from_coco(5)  # type: ignore[arg-type]


def test_thing_ids() -> None:
    assert thing_ids({1, 2}) == {1, 2}
    assert thing_ids(np.array([4, 4, 5])) == {4, 5}
    assert thing_ids(range(3)) == {0, 1, 2}
    assert thing_ids(small()) == {3}
    assert all(type(thing) is int for thing in thing_ids(np.array([4])))
    for bad in (3, None, "12", {1: 2}, [1.5], [True]):
        with pytest.raises(TypeError, match=r"^things: expected"):
            thing_ids(bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^things: expected an id"):
        thing_ids({-1})
