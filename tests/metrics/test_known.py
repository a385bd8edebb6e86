"""Real data, and the values that the original gives for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from panfuse.metrics import evaluate

if TYPE_CHECKING:
    from pathlib import Path

# panopticapi's own output: PQ of All, Things, Stuff.
DSB2018 = {
    None: (0.7403051889714712, 0.5264955776327316, 0.9541148003102109),
    2: (0.7403051889714723, 0.5264955776327329, 0.9541148003102118),
}


@pytest.fixture(scope="module")
def nuclei(data: Path) -> tuple[Path, Path]:
    folder = data / "dsb2018" / "panoptic"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder / "gt.json", folder / "pred.json"


@pytest.mark.parametrize("fold", DSB2018)
def test_dsb2018(nuclei: tuple[Path, Path], fold: int | None) -> None:
    result = evaluate(*nuclei, protocol="panopticapi", fold=fold)
    assert tuple(result[group]["pq"] for group in ("All", "Things", "Stuff")) == DSB2018[fold]
    assert result.notes == []
    coco = evaluate(*nuclei)
    assert coco.pq == pytest.approx(DSB2018[fold][0], abs=1e-12, rel=0)


def test_shards_of_dsb2018(nuclei: tuple[Path, Path]) -> None:
    result = evaluate(*nuclei, protocol="panopticapi", shard=(9, 10))
    for shard in (3, 0, 8, 1, 7, 2, 6, 4, 5):
        result = evaluate(*nuclei, protocol="panopticapi", shard=(shard, 10)).merge(result)
    assert tuple(result[group]["pq"] for group in ("All", "Things", "Stuff")) == DSB2018[None]


def test_coco_sample_against_itself(data: Path, tmp_path: Path) -> None:
    folder = data / "coco_panoptic_sample"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    (gt,) = folder.glob("panoptic_examples.json")
    content: dict[str, Any] = json.loads(gt.read_text())
    segments = [one for image in content["annotations"] for one in image["segments_info"]]
    result = evaluate(gt, gt, gt_folder=gt.with_suffix(""), pred_folder=gt.with_suffix(""))
    crowds = [one for one in segments if one["iscrowd"]]
    assert result.pq == 1.0
    assert sum(row["tp"] for row in result.per_class.values()) == len(segments) - len(crowds)
