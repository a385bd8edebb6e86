"""Small random images with their lists of segments, sound or with faults of every kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import panfuse as pf

if TYPE_CHECKING:
    from collections.abc import Callable

# Neither ascending nor contiguous, as in COCO.
CATEGORY_IDS = (7, 3, 200, 1, 90, 11)
CATEGORIES = pf.Categories(
    CATEGORY_IDS, [f"c{i}" for i in CATEGORY_IDS], [True, True, False, True, False, False]
)
TABLE = [(category.id, category.is_thing) for category in CATEGORIES]
_UNKNOWN = 55
_LARGEST_ID = 2**24 - 1


@dataclass(frozen=True)
class Scene:
    """Ground truth and prediction of one image; the segments as COCO's JSON lists them."""

    gt: np.ndarray
    pred: np.ndarray
    gt_segments: list[dict[str, Any]]
    pred_segments: list[dict[str, Any]]


def sound(rng: np.random.Generator) -> Scene:
    """Make an image whose maps and lists agree, with void and at most one crowd a category."""
    size = tuple(rng.integers(3, 14, 2))
    ids = rng.choice([1, 2, 5, 300, 70_000, _LARGEST_ID, 9, 12], rng.integers(1, 7), replace=False)
    gt = _painted(rng, size, ids)
    category_of = {int(i): int(rng.choice(CATEGORY_IDS)) for i in ids}
    gt_segments = []
    crowded: set[int] = set()
    for segment in rng.permutation(np.unique(gt[gt > 0])).tolist():
        category = category_of[segment]
        crowd = category not in crowded and rng.random() < 0.2
        crowded |= {category} if crowd else set()
        area = int((gt == segment).sum())
        gt_segments.append(
            {"id": segment, "category_id": category, "iscrowd": int(crowd), "area": area}
        )

    pred = np.roll(gt, rng.integers(-1, 2), axis=rng.integers(2))
    noise = _painted(rng, size, ids)
    pred = np.where(rng.random(size) < rng.choice([0.0, 0.1, 0.3]), noise, pred)
    found = np.unique(pred[pred > 0]).tolist()
    renamed = dict(zip(found, rng.permutation(found).tolist(), strict=True))
    pred_segments = [
        {
            "id": renamed[segment],
            "category_id": category_of[segment]
            if rng.random() < 0.9
            else int(rng.choice(CATEGORY_IDS)),
        }
        for segment in rng.permutation(found).tolist()
    ]
    pred = np.array([renamed.get(value, 0) for value in pred.ravel().tolist()]).reshape(size)
    return Scene(gt.astype(np.uint32), pred.astype(np.uint32), gt_segments, pred_segments)


def _painted(rng: np.random.Generator, size: tuple[int, ...], ids: np.ndarray) -> np.ndarray:
    """Fill rectangles in turn, over void or over the first id."""
    image = np.full(size, rng.choice([0, ids[0]]), np.int64)
    for segment in ids:
        (top, left), (height, width) = rng.integers(0, size), rng.integers(1, size)
        image[top : top + height, left : left + width] = segment
    return image


def unsound(rng: np.random.Generator, faults: int = 1) -> Scene:
    """Make a sound image, and break something in it, a few times over."""
    scene = sound(rng)
    for _ in range(faults):
        names = list(FAULTS)
        scene = FAULTS[names[rng.integers(len(names))]](rng, scene)
    return scene


def _of_gt(change: Callable[[np.random.Generator, dict[str, Any]], None]) -> Any:
    """Make a fault of a change to one listed segment of ground truth."""

    def fault(rng: np.random.Generator, scene: Scene) -> Scene:
        segments = [dict(segment) for segment in scene.gt_segments]
        if segments:
            change(rng, segments[rng.integers(len(segments))])
        return replace(scene, gt_segments=segments)

    return fault


def _wrong_area(rng: np.random.Generator, segment: dict[str, Any]) -> None:
    area = segment.get("area", 1)
    segment["area"] = [area + 3, max(area - 3, 0), area / 3, 0, -2, 10**6][rng.integers(6)]


def _unknown_category(_: np.random.Generator, segment: dict[str, Any]) -> None:
    segment["category_id"] = _UNKNOWN


def _no_area(_: np.random.Generator, segment: dict[str, Any]) -> None:
    segment.pop("area", None)


def _crowd(_: np.random.Generator, segment: dict[str, Any]) -> None:
    segment["iscrowd"] = 1


def _crowds(rng: np.random.Generator, scene: Scene) -> Scene:
    """Let a category have several crowds."""
    category = int(rng.choice(CATEGORY_IDS))
    segments = [
        dict(segment, iscrowd=1, category_id=category) if rng.random() < 0.7 else segment
        for segment in scene.gt_segments
    ]
    predictions = [
        dict(segment, category_id=category) if rng.random() < 0.5 else segment
        for segment in scene.pred_segments
    ]
    return replace(scene, gt_segments=segments, pred_segments=predictions)


def _gt_unlisted(rng: np.random.Generator, scene: Scene) -> Scene:
    row = rng.integers(len(scene.gt_segments) + 1)
    return replace(scene, gt_segments=scene.gt_segments[:row] + scene.gt_segments[row + 1 :])


def _pred_unlisted(rng: np.random.Generator, scene: Scene) -> Scene:
    row = rng.integers(len(scene.pred_segments) + 1)
    return replace(scene, pred_segments=scene.pred_segments[:row] + scene.pred_segments[row + 1 :])


def _gt_unseen(rng: np.random.Generator, scene: Scene) -> Scene:
    segment = {"id": 77, "category_id": int(rng.choice(CATEGORY_IDS)), "area": 4}
    return _inserted(rng, scene, "gt_segments", segment | {"iscrowd": int(rng.random() < 0.3)})


def _pred_unseen(rng: np.random.Generator, scene: Scene) -> Scene:
    segment = {"id": 77, "category_id": int(rng.choice(CATEGORY_IDS))}
    return _inserted(rng, scene, "pred_segments", segment)


def _gt_void_listed(rng: np.random.Generator, scene: Scene) -> Scene:
    area = int((scene.gt == 0).sum())
    segment = {"id": 0, "category_id": int(rng.choice(CATEGORY_IDS)), "area": area, "iscrowd": 0}
    return _inserted(rng, scene, "gt_segments", segment)


def _pred_void_listed(rng: np.random.Generator, scene: Scene) -> Scene:
    segment = {"id": 0, "category_id": int(rng.choice(CATEGORY_IDS))}
    return _inserted(rng, scene, "pred_segments", segment)


def _gt_twice(rng: np.random.Generator, scene: Scene) -> Scene:
    if not scene.gt_segments:
        return scene
    segment = dict(scene.gt_segments[rng.integers(len(scene.gt_segments))])
    segment |= {"category_id": int(rng.choice(CATEGORY_IDS)), "iscrowd": int(rng.random() < 0.3)}
    return _inserted(rng, scene, "gt_segments", segment)


def _pred_twice(rng: np.random.Generator, scene: Scene) -> Scene:
    if not scene.pred_segments:
        return scene
    segment = dict(scene.pred_segments[rng.integers(len(scene.pred_segments))])
    segment["category_id"] = int(rng.choice([*CATEGORY_IDS, _UNKNOWN]))
    return _inserted(rng, scene, "pred_segments", segment)


def _inserted(rng: np.random.Generator, scene: Scene, side: str, segment: dict[str, Any]) -> Scene:
    segments = list(getattr(scene, side))
    segments.insert(int(rng.integers(len(segments) + 1)), segment)
    return replace(scene, **{side: segments})


def _pred_unknown_category(rng: np.random.Generator, scene: Scene) -> Scene:
    segments = [dict(segment) for segment in scene.pred_segments]
    if segments:
        segments[rng.integers(len(segments))]["category_id"] = _UNKNOWN
    return replace(scene, pred_segments=segments)


def _other_size(rng: np.random.Generator, scene: Scene) -> Scene:
    """Cut one map: some of what is left NumPy stretches to the size of the other."""
    side = ("gt", "pred")[rng.integers(2)]
    ids = getattr(scene, side)
    height, width = np.subtract(ids.shape, 1).clip(1)
    cut = (ids[:1], ids[:, :1], ids[:1, :1], ids[:height], ids[:, :width])[rng.integers(5)]
    return replace(scene, **{side: np.ascontiguousarray(cut)})


FAULTS: dict[str, Callable[[np.random.Generator, Scene], Scene]] = {
    "wrong area": _of_gt(_wrong_area),
    "no area": _of_gt(_no_area),
    "crowd": _of_gt(_crowd),
    "unknown category": _of_gt(_unknown_category),
    "several crowds": _crowds,
    "gt unlisted": _gt_unlisted,
    "gt unseen": _gt_unseen,
    "gt lists void": _gt_void_listed,
    "gt listed twice": _gt_twice,
    "pred unlisted": _pred_unlisted,
    "pred unseen": _pred_unseen,
    "pred lists void": _pred_void_listed,
    "pred listed twice": _pred_twice,
    "pred of unknown category": _pred_unknown_category,
    "other size": _other_size,
}
