"""The data model on two real COCO panoptic maps and on COCO's own category list."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from panfuse.categories import Categories
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments


@pytest.fixture(scope="module")
def sample() -> Path:
    roots = [Path(os.environ["PANFUSE_DATA"])] if "PANFUSE_DATA" in os.environ else []
    roots += [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    for root in roots:
        if (root / "coco_panoptic_sample").is_dir():
            return root / "coco_panoptic_sample"
    pytest.skip("no coco_panoptic_sample: set PANFUSE_DATA to the folder that holds it")


def read(sample: Path) -> list[tuple[npt.NDArray[np.uint32], list[dict[str, Any]]]]:
    image = pytest.importorskip("PIL.Image")
    annotations = json.loads((sample / "panoptic_examples.json").read_text())["annotations"]
    pairs = []
    for annotation in annotations:
        path = sample / "panoptic_examples" / annotation["file_name"].replace(".jpg", ".png")
        rgb = np.asarray(image.open(path).convert("RGB"), np.uint32)
        ids = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
        pairs.append((ids, sorted(annotation["segments_info"], key=lambda info: info["id"])))
    return pairs


def test_coco_table_is_cocos_own(sample: Path) -> None:
    path = sample / "panoptic_coco_categories.json"
    categories = Categories.from_coco(path)
    assert Categories.coco() == categories
    official = json.loads(path.read_text())
    assert [record["color"] for record in categories.to_coco()] == [r["color"] for r in official]
    assert Categories.from_coco(sample / "panoptic_examples.json") == categories


def test_counted_rows_equal_the_json(sample: Path) -> None:
    coco = Categories.coco()
    for ids, infos in read(sample):
        category = [info["category_id"] for info in infos]
        rows = Segments(
            [info["id"] for info in infos],
            category,
            coco.is_thing[coco.to_contiguous(category)],
            is_crowd=[info["iscrowd"] for info in infos],
        )
        panoptic = Panoptic(ids, rows, categories=coco)
        expected = [{**info, "isthing": int(coco[info["category_id"]].is_thing)} for info in infos]
        assert panoptic.segments_info() == expected
        panoptic.check()


def test_round_trip_through_the_encoding(sample: Path) -> None:
    coco = Categories.coco()
    for ids, infos in read(sample):
        category = [info["category_id"] for info in infos]
        is_thing = coco.is_thing[coco.to_contiguous(category)]
        crowd = [info["iscrowd"] for info in infos]
        panoptic = Panoptic(
            ids, Segments([i["id"] for i in infos], category, is_thing, is_crowd=crowd)
        )
        encoded = panoptic.to_encoded(256)
        again = Panoptic.from_encoded(encoded, 256, things=coco)
        again.check()
        assert np.array_equal(again.to_encoded(256), encoded)
        assert np.array_equal(again.semantic(), panoptic.semantic())
        assert int((again.ids == 0).sum()) in (2712, 7189)
        for column in ("category_id", "is_thing", "is_crowd", "area"):
            ours, theirs = getattr(again.segments, column), getattr(panoptic.segments, column)
            assert sorted(ours.tolist()) == sorted(theirs.tolist())


def test_contiguous_categories_and_back(sample: Path) -> None:
    coco = Categories.coco()
    there = dict(zip(coco.ids.tolist(), range(len(coco)), strict=True))
    back = {new: old for old, new in there.items()}
    for ids, infos in read(sample):
        category = [info["category_id"] for info in infos]
        is_thing = coco.is_thing[coco.to_contiguous(category)]
        panoptic = Panoptic(ids, Segments([i["id"] for i in infos], category, is_thing))
        contiguous = panoptic.map_categories(there, categories=coco.contiguous)
        assert contiguous.semantic(255).max() == 255
        assert contiguous.map_categories(back) == panoptic
