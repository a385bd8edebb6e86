"""Images for an evaluator, and the ways to hand them over."""

from __future__ import annotations

from typing import Any

import numpy as np

import panfuse as pf
from panfuse.metrics import PanopticQuality
from tests.metrics.unsound import CATEGORIES, Scene, sound

IDS = np.array([[1, 2]])
ROWS = [{"id": 1, "category_id": 7}, {"id": 2, "category_id": 3}]
GOOD: dict[str, Any] = {
    "gt": IDS,
    "pred": IDS,
    "gt_segments": ROWS,
    "pred_segments": ROWS,
    "image_id": 5,
}


def scenes(count: int, size: tuple[int, int] | None = None) -> list[Scene]:
    rng = np.random.default_rng(1)
    found: list[Scene] = []
    while len(found) < count:
        scene = sound(rng)
        if size is None or scene.gt.shape == size:
            found.append(scene)
    return found


def lists(images: list[Scene]) -> dict[str, Any]:
    return {
        "gt_segments": [scene.gt_segments for scene in images],
        "pred_segments": [scene.pred_segments for scene in images],
    }


def add(quality: PanopticQuality, scene: Scene, **more: Any) -> None:
    quality.update(
        scene.gt,
        scene.pred,
        gt_segments=scene.gt_segments,
        pred_segments=scene.pred_segments,
        **more,
    )


def one_by_one(images: list[Scene]) -> PanopticQuality:
    quality = PanopticQuality(CATEGORIES)
    for image_id, scene in enumerate(images):
        add(quality, scene, image_id=image_id)
    return quality


def panoptic(ids: Any, segments: list[dict[str, Any]]) -> pf.Panoptic:
    rows = sorted(segments, key=lambda segment: segment["id"])
    categories = [segment["category_id"] for segment in rows]
    return pf.Panoptic(
        ids,
        pf.Segments(
            [segment["id"] for segment in rows],
            categories,
            [CATEGORIES[category].is_thing for category in categories],
            is_crowd=[segment.get("iscrowd", 0) for segment in rows],
        ),
    )
