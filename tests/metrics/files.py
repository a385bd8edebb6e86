"""Scenes as COCO panoptic files, and results in a form that can be compared to the last bit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import panfuse as pf
from tests.metrics.unsound import CATEGORIES, TABLE
from tests.reference import panoptic_quality as reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from panfuse.metrics import PanopticResult
    from tests.metrics.unsound import Scene

GROUPS = ("All", "Things", "Stuff")
CATEGORY_IDS = [category for category, _ in TABLE]


def write(
    folder: Path, scenes: Sequence[Scene], ids: Sequence[int | str] | None = None
) -> tuple[Path, Path]:
    """Write scenes, and return the two JSON files."""
    names = range(len(scenes)) if ids is None else ids
    for side in ("gt", "pred"):
        (folder / side).mkdir(parents=True, exist_ok=True)
        annotations = []
        for image_id, scene in zip(names, scenes, strict=True):
            file_name = f"{image_id}.png"
            pf.png.write(getattr(scene, side), folder / side / file_name)
            segments = getattr(scene, f"{side}_segments")
            annotations.append(
                {"image_id": image_id, "file_name": file_name, "segments_info": segments}
            )
        change(folder / f"{side}.json", annotations=annotations)
    change(folder / "gt.json", categories=CATEGORIES.to_coco())
    return folder / "gt.json", folder / "pred.json"


def change(path: Path, **fields: Any) -> None:
    """Replace top-level fields of a JSON file."""
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(content | fields))


def annotations(path: Path) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = json.loads(path.read_text())["annotations"]
    return result


def expected(scenes: Sequence[Scene], protocol: str, fold: int | None = None) -> dict[str, Any]:
    """What the reference says; it raises `reference.Refused` where the protocol refuses."""
    images = [
        reference.image(s.gt, s.pred, s.gt_segments, s.pred_segments, CATEGORY_IDS, protocol)
        for s in scenes
    ]
    result = reference.quality(images, TABLE, protocol, fold)
    if protocol == "panopticapi" and None in [result[group] for group in GROUPS]:
        raise reference.Refused("group")
    return result


def numbers(result: PanopticResult) -> dict[str, Any]:
    """The numbers of a result, as the reference has them. nan and infinity must be told apart."""
    groups = {group: result[group] if result[group]["n"] else None for group in GROUPS}
    return {"per_class": result.per_class, **groups}


def everything(result: PanopticResult) -> str:
    """All that a result says, so that two can be compared to the last bit."""
    images = result.images
    columns = (images.tp, images.fp, images.fn, images.iou, images.pq)
    return repr((result.to_dict(), images.image_id, [column.tolist() for column in columns]))
