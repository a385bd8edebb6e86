"""Small random images, sound and unsound, and how the room is given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from panfuse.evaluation import Outcomes, SegmentColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

Segments = list[dict[str, Any]]

CATEGORIES = (7, 3, 200, 11)


class Scene(NamedTuple):
    gt: np.ndarray
    pred: np.ndarray
    gt_segments: Segments
    pred_segments: Segments


def blobs(rng: np.random.Generator, size: tuple[int, int], ids: np.ndarray) -> np.ndarray:
    """A map of overlapping boxes."""
    image = np.full(size, rng.choice(ids), np.uint32)
    for _ in range(3 * len(ids)):
        y, x = (np.sort(rng.integers(0, n + 1, 2)) for n in size)
        image[y[0] : y[1], x[0] : x[1]] = rng.choice(ids)
    return image


def scene(rng: np.random.Generator, faults: float = 0.0) -> Scene:
    """Void, crowds, matches and misses; each way of being unsound with that probability."""
    size = tuple(rng.integers(1, 20, 2))
    ids = np.append(rng.choice(np.arange(1, 30), rng.integers(1, 7), replace=False), 0)
    gt = blobs(rng, size, ids)
    pred = np.where(rng.random(size) < rng.choice([0.0, 0.2, 0.6]), blobs(rng, size, ids + 100), 0)
    pred = np.where(pred > 0, pred, np.where(gt > 0, gt + 100, rng.choice([0, 100 + ids[0]])))
    pred = np.where(pred == 100, 0, pred).astype(np.uint32)
    few = CATEGORIES[: rng.integers(1, len(CATEGORIES) + 1)]
    category = {int(i): int(rng.choice(few)) for i in ids}

    def fault() -> bool:
        return bool(rng.random() < faults)

    gt_segments: Segments = []
    for i, area in zip(*np.unique(gt[gt > 0], return_counts=True), strict=True):
        listed = {"id": int(i), "category_id": category[int(i)], "area": int(area)}
        listed["iscrowd"] = int(rng.random() < 0.25)
        if fault():
            listed["area"] = listed["area"] * float(rng.choice([0.0, 0.3, 0.5, 2.0]))
        gt_segments += [] if fault() else [listed]
    pred_segments: Segments = [
        {"id": int(i), "category_id": category.get(int(i) - 100, CATEGORIES[0])}
        for i in np.unique(pred[pred > 0])
        if not fault()
    ]
    rng.shuffle(gt_segments)
    rng.shuffle(pred_segments)
    if fault():
        gt_segments.append({"id": 31, "category_id": CATEGORIES[1], "iscrowd": 0, "area": 4})
    if fault() and gt_segments:
        gt_segments.append({**gt_segments[0], "iscrowd": 1, "category_id": CATEGORIES[0]})
    if fault() and pred_segments:
        pred_segments.append({**pred_segments[0], "category_id": CATEGORIES[0]})
    for segments in (gt_segments, pred_segments):
        if fault():
            zero = {"id": 0, "category_id": CATEGORIES[0], "iscrowd": 0, "area": 3}
            segments.insert(0, zero)
        if fault() and segments:
            segments[0]["category_id"] = 4
    if fault() and gt_segments:
        del gt_segments[0]["area"]
    if fault():
        pred_segments.append({"id": 999, "category_id": CATEGORIES[0]})
    if fault():
        rows, columns = (int(rng.choice([1, n, n + 1])) for n in pred.shape)
        pred = np.resize(pred, (rows, columns))
    return Scene(gt, pred, gt_segments, pred_segments)


def columns(images: Sequence[Segments]) -> SegmentColumns:
    rows = [segment for segments in images for segment in segments]
    return SegmentColumns(
        np.cumsum([0, *map(len, images)]),
        np.array([row["id"] for row in rows], np.int64),
        np.array([row["category_id"] for row in rows], np.int64),
        np.array([row.get("iscrowd", 0) == 1 for row in rows], np.bool_),
        np.array([row.get("area", np.nan) for row in rows], np.float64),
    )


def rows_of(outcomes: Outcomes, image: int = 0) -> list[tuple[int, int, float]]:
    mine = outcomes.image == image
    columns = (outcomes.kind, outcomes.category_id, outcomes.iou)
    return list(zip(*(column[mine].tolist() for column in columns), strict=True))


def notes_of(outcomes: Outcomes, image: int = 0) -> set[tuple[int, int]]:
    notes = outcomes.notes
    mine = notes.image == image
    return set(zip(notes.kind[mine].tolist(), notes.segment[mine].tolist(), strict=True))
