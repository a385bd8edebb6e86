"""What is read of COCO panoptic JSON, and what is refused, with words that lead to the place."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import panfuse as pf
from panfuse.formats import coco
from tests.formats.documents import content, fault, read, with_image, with_segment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "val.json"


def test_ground_truth(path: Path) -> None:
    annotations = read(path, content())
    assert annotations.path == path
    assert not annotations.predictions
    assert annotations.categories == pf.Categories(
        [1, 2], ["cat", "2"], [True, False], ["animal", None]
    )
    assert annotations.categories[1].color == (1, 2, 3)
    assert [image.image_id for image in annotations] == [139, "b", 5]
    assert [image.file_name for image in annotations.images] == ["139.png", "b.png", "5.png"]
    assert len(annotations) == 3
    assert annotations[1:] == annotations.images[1:]
    assert annotations[0].segments_info[1].area == 2.5
    assert repr(annotations) == f"Annotations({str(path)!r}, images=3)"


def assert_columns(columns: Any, **expected: list[Any]) -> None:
    dtypes = {"offsets": "q", "ids": "q", "category_ids": "q", "is_crowd": "?", "areas": "d"}
    for name, values in expected.items():
        column = getattr(columns, name)
        assert column.dtype == np.dtype(dtypes[name])
        np.testing.assert_array_equal(column, values)


def test_columns(path: Path) -> None:
    annotations = read(path, content())
    assert_columns(
        annotations.columns(),
        offsets=[0, 3, 3, 4],
        ids=[12, 7, 2**63 - 1, 12],
        category_ids=[1, 2, -(2**63), 1],
        is_crowd=[False, True, False, False],
        areas=[30, 2.5, math.nan, 30],
    )
    assert_columns(annotations.columns([2, 1, 2]), offsets=[0, 1, 1, 2], ids=[12, 12])
    assert_columns(
        annotations.columns(iter([])), offsets=[0], ids=[], category_ids=[], is_crowd=[], areas=[]
    )
    with pytest.raises(IndexError):
        annotations.columns([3])


@pytest.mark.parametrize(
    ("value", "is_crowd"),
    [(0, 0), (1, 1), (False, 0), (True, 1), (1.0, 1), (0.5, 0), (-1, 0), (2, 0), (10**30, 0)],
)
def test_a_crowd_equals_one(path: Path, value: float, is_crowd: int) -> None:
    columns = read(path, with_segment(iscrowd=value)).columns()
    assert columns.is_crowd.tolist() == [False, bool(is_crowd), False, False]


def test_predictions_need_little(path: Path) -> None:
    segments = [{"id": 3, "category_id": 4}, {"id": 1, "category_id": 4, "iscrowd": "no"}]
    segments += [{"id": 2, "category_id": 9, "area": None, "iscrowd": 1}]
    image = {"image_id": 1, "file_name": "1.png", "segments_info": segments}
    annotations = read(path, {"annotations": [image], "categories": "?"}, predictions=True)
    assert annotations.predictions
    assert annotations.categories is None
    assert_columns(
        annotations.columns(),
        offsets=[0, 3],
        ids=[3, 1, 2],
        category_ids=[4, 4, 9],
        is_crowd=[False] * 3,
        areas=[math.nan] * 3,
    )


def test_ground_truth_without_categories(path: Path) -> None:
    assert read(path, {"annotations": []}).categories is None
    assert read(path, {"annotations": [], "categories": None}).categories is None
    assert read(path, {"annotations": [], "categories": []}).categories == pf.Categories([], [], [])


def test_duplicate_images_are_left_to_the_evaluator(path: Path) -> None:
    document = content()
    document["annotations"] *= 2
    assert [image.image_id for image in read(path, document)] == [139, "b", 5] * 2


def test_names_outside_ascii(path: Path) -> None:
    document = json.dumps(with_image(image_id="ö", file_name="\u4e2d.png"), ensure_ascii=False)
    assert read(path, document.encode())[1].file_name == "\u4e2d.png"


def test_default_folder() -> None:
    assert coco.default_folder("a/val.json").as_posix() == "a/val"
    assert coco.default_folder(b"a.json/b.json").as_posix() == "a.json/b"
    with pytest.raises(ValueError, match=r"^json_path: expected .* \.json .*val$"):
        coco.default_folder("a/val")


INTS = st.integers(-(2**64), 2**64) | st.integers(-3, 300)
ODD = st.none() | st.booleans() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MISSING = st.just(...)
IMAGES = st.lists(
    st.fixed_dictionaries(
        {
            "image_id": INTS | st.text(max_size=4) | FLOATS,
            "file_name": st.text(st.characters(codec="utf-8"), max_size=5),
            "segments_info": st.lists(
                st.fixed_dictionaries(
                    {
                        "id": INTS,
                        "category_id": INTS | st.integers(0, 5) | ODD,
                        "iscrowd": st.booleans() | INTS | FLOATS | MISSING,
                        "area": INTS | FLOATS | MISSING | st.none(),
                        "bbox": ODD,
                    }
                ),
                max_size=4,
            ),
        }
    ),
    max_size=3,
)


def is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def is_number(value: object) -> bool:
    return isinstance(value, int | float)


def sound(images: list[dict[str, Any]], predictions: bool) -> bool:
    segments = [segment for image in images for segment in image["segments_info"]]
    return all(
        (is_int(image["image_id"]) or isinstance(image["image_id"], str))
        and image["file_name"]
        and "\0" not in image["file_name"]
        for image in images
    ) and all(
        is_int(segment["id"])
        and is_int(segment["category_id"])
        and (predictions or is_number(segment.get("iscrowd")))
        and (predictions or is_number(segment.get("area", 0)))
        for segment in segments
    )


@hypothesis.given(IMAGES, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_against_json(
    tmp_path_factory: pytest.TempPathFactory,
    images: list[dict[str, Any]],
    predictions: bool,
    ascii_only: bool,
    random: Any,
) -> None:
    """What is sound is read as Python's json reads it, fields in any order; the rest refused."""
    for image in images:
        for segment in image["segments_info"]:
            items = [(name, value) for name, value in segment.items() if value is not ...]
            random.shuffle(items)
            segment.clear()
            segment.update(items)
    path = tmp_path_factory.getbasetemp() / "against.json"
    data = json.dumps({"annotations": images}, ensure_ascii=ascii_only).encode()
    if not sound(images, predictions):
        assert fault(path, data, predictions=predictions)
        return
    annotations = read(path, data, predictions=predictions)
    assert [(image.image_id, image.file_name) for image in annotations] == [
        (image["image_id"], image["file_name"]) for image in images
    ]
    lists = [image["segments_info"] for image in images]
    infos = [info for segments in lists for info in segments]
    crowds = [not predictions and info["iscrowd"] == 1 for info in infos]
    areas = [math.nan if predictions else float(info.get("area", math.nan)) for info in infos]
    assert_columns(
        annotations.columns(),
        offsets=[0, *np.cumsum([len(segments) for segments in lists])],
        ids=[info["id"] for info in infos],
        category_ids=[info["category_id"] for info in infos],
        is_crowd=crowds,
        areas=areas,
    )


def test_real_files(data: Path) -> None:
    folder = data / "coco_panoptic_sample"
    annotations = coco.read_annotations(folder / "panoptic_examples.json")
    assert annotations.categories == pf.Categories.coco()
    columns = annotations.columns()
    assert columns.offsets.tolist() == [0, 18, 50]
    assert columns.is_crowd.sum() == 3
    for name, predictions in (("gt", False), ("pred", True)):
        path = data / "dsb2018" / "panoptic" / f"{name}.json"
        listed = json.loads(path.read_bytes())["annotations"]
        columns = coco.read_annotations(path, predictions=predictions).columns()
        infos = [info for image in listed for info in image["segments_info"]]
        assert len(columns.offsets) == 664 + 1
        assert columns.ids.tolist() == [info["id"] for info in infos]
        assert columns.category_ids.tolist() == [info["category_id"] for info in infos]
        if not predictions:
            assert columns.areas.tolist() == [info["area"] for info in infos]
            assert columns.is_crowd.tolist() == [info["iscrowd"] == 1 for info in infos]
