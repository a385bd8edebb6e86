"""The demo: what it writes, returns and prints."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

import panfuse as pf
from panfuse.cli.demo import run_demo
from panfuse.formats import coco
from panfuse.scenes import street
from tests.report.test_picture import read_png

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (90, 120)
RED = (255, 32, 32)


def run(output: Path, **arguments: object) -> tuple[dict, str]:
    text = io.StringIO()
    console = Console(file=text, width=100)
    options = {"images": 3, "size": SIZE, "seed": 0, "as_json": False, **arguments}
    return run_demo(output, console=console, **options), text.getvalue()


def test_files_are_a_data_set_with_that_quality(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    result, _ = run(folder, seed=4)
    names = ("gt.json", "pred.json", "worst.png", "components.png", "fusion.png")
    assert result["files"] == [str(folder / name) for name in names]
    assert result["size"] == list(SIZE)
    assert result["seconds"] > 0
    evaluated = pf.evaluate(folder / "gt.json", folder / "pred.json")
    assert evaluated.to_dict() == result["result"]
    truths = dict(coco.read(folder / "gt.json"))
    for k in range(3):
        np.testing.assert_array_equal(truths[k + 1].ids, street(SIZE, seed=4 + k).panoptic.ids)


def test_components_of_the_first_street(tmp_path: Path) -> None:
    result, text = run(tmp_path, seed=4)
    scene = street(SIZE, seed=4)
    labels = scene.panoptic.semantic(void=255)
    things = np.where(np.isin(labels, list(scene.categories.thing_ids)), labels, 255)
    found = pf.components(things, background=255, min_area=result["components"]["smallest"])
    assert result["components"]["things"] == found.count
    assert result["components"]["true_things"] == int(scene.panoptic.segments.is_thing.sum())
    assert f"make {found.count} instances" in " ".join(text.split())
    assert read_png(tmp_path / "components.png").shape == (*SIZE, 3)


def test_coins(tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    result, text = run(tmp_path)
    assert result["coins"]["coins"] == 24
    assert "coins they find 24" in " ".join(text.split())


def test_rows_of_images(tmp_path: Path) -> None:
    result, _ = run(tmp_path)
    table = pf.evaluate(tmp_path / "gt.json", tmp_path / "pred.json").images
    assert [row["image_id"] for row in result["images"]] == [1, 2, 3]
    for name in ("tp", "fp", "fn", "pq"):
        assert [row[name] for row in result["images"]] == getattr(table, name).tolist()
    errors = [row["error"] for row in result["images"]]
    assert errors == sorted(errors)
    scene = street(SIZE, seed=1)
    assert result["images"][1]["gt_segments"] == len(scene.panoptic.segments)
    prediction = scene.prediction(seed=1, error=errors[1])
    assert result["images"][1]["pred_segments"] == len(prediction.segments)
    assert result["worst"]["image_id"] == 1 + int(table.pq.argmin())


def test_matches_of_the_worst_agree_with_its_maps(tmp_path: Path) -> None:
    result, _ = run(tmp_path)
    worst = result["worst"]
    truth, prediction = (
        coco.load(tmp_path / name, worst["image_id"]) for name in ("gt.json", "pred.json")
    )
    categories = street(SIZE).categories
    for row in worst["matches"]:
        gt, pred = truth.ids == row["gt_id"], prediction.ids == row["pred_id"]
        iou = np.sum(gt & pred) / np.sum((gt | pred) & (truth.ids != 0))
        assert row["iou"] == iou > 0.5
        assert row["area"] == np.sum(gt)
        assert row["category"] == categories[int(truth.semantic()[gt][0])].name
        assert row["pred_category"] == categories[int(prediction.semantic()[pred][0])].name
    right = [row for row in worst["matches"] if row["category"] == row["pred_category"]]
    for panoptic, key, name in (
        (truth, "gt_id", "unmatched_gt"),
        (prediction, "pred_id", "unmatched_pred"),
    ):
        others = set(panoptic.segments.id.tolist()) - {row[key] for row in right}
        assert others == {row["id"] for row in worst[name]}
    # Crowds are in no count.
    row = result["images"][worst["image_id"] - 1]
    assert row["tp"] == sum(not match["is_crowd"] for match in right)
    assert row["fn"] == sum(not segment["is_crowd"] for segment in worst["unmatched_gt"])


def test_picture(tmp_path: Path) -> None:
    run(tmp_path)
    picture = read_png(tmp_path / "worst.png")
    height, width = SIZE
    assert picture.shape[0] == height
    assert picture.shape[1] > 2 * width
    for half in (picture[:, :width], picture[:, -width:]):
        assert (half == RED).all(-1).any()


def test_text(tmp_path: Path) -> None:
    result, text = run(tmp_path)
    flat = " ".join(text.split())
    assert "Streets of 90 x 120 pixels" in flat
    assert "3 of each" in flat
    evaluated = pf.evaluate(tmp_path / "gt.json", tmp_path / "pred.json")
    for line in str(evaluated).splitlines():
        assert line.rstrip() in text
    assert len(evaluated.notes) == 1  # the scenes have several crowds of a category
    assert f"Note: {evaluated.notes[0]}" in flat
    for row in result["images"]:
        assert f"{100 * row['pq']:.1f} │" in text
    assert f"Image {result['worst']['image_id']}: {len(result['worst']['matches'])} matches" in flat
    assert "panfuse demo --seed 1" in flat
    long, text = run(tmp_path, size=(240, 320), images=1)
    assert len(long["worst"]["matches"]) > 8
    assert "the largest 8 shown" in " ".join(text.split())


def test_json(tmp_path: Path) -> None:
    result, text = run(tmp_path, as_json=True)
    assert json.loads(text) == result


def test_one_pixel(tmp_path: Path) -> None:
    result, text = run(tmp_path, size=(1, 1), images=1)
    assert result["result"]["images"] == 1
    assert "1 x 1 pixels" in " ".join(text.split())


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"size\[0\]: expected an integer of at least 1, got 0"):
        run(tmp_path, size=(0, 4))
    with pytest.raises(ValueError, match="images: expected 1 to 100, got 0"):
        run(tmp_path, images=0)
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(FileExistsError, match="file"):
        run(blocked)
