"""The demo: what it prints, returns and writes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from panfuse.cli.demo import run_demo
from panfuse.scenes import street
from tests.report.test_picture import read_png

SIZE = (90, 120)


def run(output: Path, **arguments: object) -> tuple[dict, str]:
    text = io.StringIO()
    console = Console(file=text, width=100, height=arguments.pop("height", 60))
    options = {"size": SIZE, "seed": 0, "as_json": False, **arguments}
    return run_demo(output, console=console, **options), text.getvalue()


def test_result_agrees_with_the_maps(tmp_path: Path) -> None:
    result, _ = run(tmp_path, seed=4)
    scene = street(SIZE, seed=4)
    prediction = scene.prediction(seed=4)
    gt, pred = scene.panoptic.ids, prediction.ids
    assert result["size"] == [90, 120]
    assert result["pixels"] == 90 * 120
    assert result["gt_segments"] == len(scene.panoptic.segments)
    assert result["pred_segments"] == len(prediction.segments)
    pairs = np.unique(np.stack([gt.ravel(), pred.ravel()]), axis=1)
    assert result["pairs"] == pairs.shape[1]
    assert result["seconds"] > 0
    for row in result["matches"]:
        intersection = np.sum((gt == row["gt_id"]) & (pred == row["pred_id"]))
        union = np.sum(((gt == row["gt_id"]) | (pred == row["pred_id"])) & (gt != 0))
        assert (row["intersection"], row["union"]) == (intersection, union)
        assert row["iou"] == intersection / union > 0.5
        assert row["area"] == np.sum(gt == row["gt_id"])
        category = scene.panoptic.semantic()[gt == row["gt_id"]][0]
        assert row["category"] == scene.categories[int(category)].name
        category = prediction.semantic()[pred == row["pred_id"]][0]
        assert row["pred_category"] == scene.categories[int(category)].name
    matched_gt = {row["gt_id"] for row in result["matches"]}
    matched_pred = {row["pred_id"] for row in result["matches"]}
    unmatched_gt = {row["id"] for row in result["unmatched_gt"]}
    unmatched_pred = {row["id"] for row in result["unmatched_pred"]}
    assert matched_gt | unmatched_gt == set(scene.panoptic.segments.id.tolist())
    assert matched_pred | unmatched_pred == set(prediction.segments.id.tolist())
    areas = [row["area"] for row in result["matches"]]
    assert areas == sorted(areas, reverse=True)


def test_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    result, _ = run(folder)
    files = [str(folder / "ground_truth.png"), str(folder / "prediction.png")]
    assert result["files"] == files
    for path in files:
        picture = read_png(Path(path))
        assert picture.shape == (*SIZE, 3)
        assert (picture == (255, 32, 32)).all(-1).any()


def test_text(tmp_path: Path) -> None:
    result, text = run(tmp_path)
    flat = " ".join(text.split())
    assert f"{len(result['matches'])} matches (IoU > 0.5)" in flat
    assert f"Unmatched in the ground truth ({len(result['unmatched_gt'])})" in flat
    assert f"Unmatched in the prediction ({len(result['unmatched_pred'])})" in flat
    assert f"90 x 120 pixels has {result['gt_segments']} segments" in flat
    assert "Counting 10,800 pixels" in flat
    assert "panfuse demo --seed 1" in flat


def test_only_as_many_rows_as_fit(tmp_path: Path) -> None:
    tall, _ = run(tmp_path, size=(240, 320), height=100)
    assert len(tall["matches"]) > 8
    _, text = run(tmp_path, size=(240, 320), height=24)
    assert f"{len(tall['matches'])} matches (IoU > 0.5), the largest 8 shown" in " ".join(
        text.split()
    )
    assert sum(line.startswith("│") for line in text.splitlines()) == 8


def test_json(tmp_path: Path) -> None:
    result, text = run(tmp_path, as_json=True)
    assert json.loads(text) == result


def test_one_pixel(tmp_path: Path) -> None:
    result, text = run(tmp_path, size=(1, 1))
    assert result["pixels"] == 1
    assert "Counting 1 pixels" in " ".join(text.split())


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"size\[0\]: expected an integer of at least 1, got 0"):
        run(tmp_path, size=(0, 4))
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(FileExistsError, match="file"):
        run(blocked)
