"""Panoptic quality by its definition: one dict per map and per segment, exact fractions.

The oracle of tests/metrics and tests/evaluation. `image` says what becomes of the segments of one
image, `quality` what follows for the set. Segments are dicts as in COCO's JSON.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VOID = 0
TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = range(3)
AREA, UNLISTED, UNSEEN, CROWDS = range(4)

Segment = dict[str, Any]
Row = tuple[int, int, float]  # kind, category id, IoU


class Refused(Exception):  # noqa: N818 (it is an outcome, not a fault)
    """The protocol does not evaluate this input."""


@dataclass
class Image:
    """What became of the segments of one image, in the order in which it is tallied."""

    rows: list[Row] = field(default_factory=list)
    notes: set[tuple[int, int]] = field(default_factory=set)  # kind, segment or category id


def image(
    gt: np.ndarray,
    pred: np.ndarray,
    gt_segments: Sequence[Segment],
    pred_segments: Sequence[Segment],
    category_ids: Iterable[int],
    protocol: str,
) -> Image:
    """Compare two label maps, by one of the two protocols."""
    compare = {"coco": _coco, "panopticapi": _panopticapi}[protocol]
    return compare(gt, pred, gt_segments, pred_segments, set(category_ids))


def _coco(
    gt: np.ndarray,
    pred: np.ndarray,
    gt_segments: Sequence[Segment],
    pred_segments: Sequence[Segment],
    category_ids: set[int],
) -> Image:
    if gt.shape != pred.shape:
        raise Refused("size")
    for segments in (gt_segments, pred_segments):
        ids = [segment["id"] for segment in segments]
        if VOID in ids or len(set(ids)) < len(ids):
            raise Refused("listed ids")
        if not {segment["category_id"] for segment in segments} <= category_ids:
            raise Refused("category")
    gt_areas, pred_areas, shared = _counts(gt, pred)
    if {segment["id"] for segment in pred_segments} != set(pred_areas) - {VOID}:
        raise Refused("ids of the prediction")

    result = Image()
    listed = {segment["id"] for segment in gt_segments}
    void_ids = {label for label in gt_areas if label not in listed}
    result.notes |= {(UNLISTED, label) for label in void_ids - {VOID}}
    for segment in gt_segments:
        pixels, area = gt_areas[segment["id"]], segment.get("area")
        if pixels == 0:
            result.notes.add((UNSEEN, segment["id"]))
        elif area is not None and not math.isnan(area) and area != pixels:
            result.notes.add((AREA, segment["id"]))
    crowds = [segment for segment in gt_segments if segment.get("iscrowd", 0)]
    per_category = Counter(segment["category_id"] for segment in crowds)
    result.notes |= {(CROWDS, category) for category, count in per_category.items() if count > 1}

    in_void = {
        segment["id"]: sum(shared[label, segment["id"]] for label in void_ids)
        for segment in pred_segments
    }
    wanted = [s for s in gt_segments if not s.get("iscrowd", 0) and gt_areas[s["id"]] > 0]
    matched_gt, matched_pred = set(), set()
    for true in sorted(wanted, key=lambda segment: segment["id"]):
        for found in sorted(pred_segments, key=lambda segment: segment["id"]):
            if true["category_id"] != found["category_id"]:
                continue
            both = shared[true["id"], found["id"]]
            union = gt_areas[true["id"]] + pred_areas[found["id"]] - both - in_void[found["id"]]
            if both > 0 and Fraction(both, union) > Fraction(1, 2):
                result.rows.append((TRUE_POSITIVE, true["category_id"], both / union))
                matched_gt.add(true["id"])
                matched_pred.add(found["id"])
    for true in wanted:
        if true["id"] not in matched_gt:
            result.rows.append((FALSE_NEGATIVE, true["category_id"], 0.0))
    for found in pred_segments:
        if found["id"] in matched_pred:
            continue
        excused = in_void[found["id"]] + sum(
            shared[crowd["id"], found["id"]]
            for crowd in crowds
            if crowd["category_id"] == found["category_id"]
        )
        if Fraction(excused, pred_areas[found["id"]]) <= Fraction(1, 2):
            result.rows.append((FALSE_POSITIVE, found["category_id"], 0.0))
    return result


def _panopticapi(
    gt: np.ndarray,
    pred: np.ndarray,
    gt_segments: Sequence[Segment],
    pred_segments: Sequence[Segment],
    category_ids: set[int],
) -> Image:
    try:
        _, _, shared = _counts(*np.broadcast_arrays(gt, pred))
    except ValueError:
        raise Refused("size") from None
    # Areas are of a map itself, before it is stretched to the other's size.
    gt_areas, pred_areas = Counter(gt.ravel().tolist()), Counter(pred.ravel().tolist())
    true_by_id: dict[int, Segment] = {segment["id"]: segment for segment in gt_segments}
    found_by_id: dict[int, Segment] = {segment["id"]: segment for segment in pred_segments}
    if set(pred_areas) - {VOID} - set(found_by_id) or set(found_by_id) - set(pred_areas):
        raise Refused("ids of the prediction")
    if not {segment["category_id"] for segment in found_by_id.values()} <= category_ids:
        raise Refused("category")

    result = Image()
    matched_gt, matched_pred = set(), set()
    for g, p in sorted(shared):
        if g not in true_by_id or p not in found_by_id:
            continue
        true, found = true_by_id[g], found_by_id[p]
        if true.get("iscrowd", 0) or true["category_id"] != found["category_id"]:
            continue
        if true.get("area") is None or math.isnan(true["area"]):
            raise Refused("area")
        union = np.float64(pred_areas[p] + true["area"] - shared[g, p] - shared[VOID, p])
        with np.errstate(divide="ignore", invalid="ignore"):
            iou = float(shared[g, p] / union)
        if iou > 0.5:
            result.rows.append((TRUE_POSITIVE, true["category_id"], iou))
            matched_gt.add(g)
            matched_pred.add(p)
    last_crowd = {}
    for g, true in true_by_id.items():
        if true.get("iscrowd", 0):
            last_crowd[true["category_id"]] = g
        elif g not in matched_gt:
            result.rows.append((FALSE_NEGATIVE, true["category_id"], 0.0))
    for p, found in found_by_id.items():
        if p in matched_pred:
            continue
        excused = shared[VOID, p]
        if found["category_id"] in last_crowd:
            excused += shared[last_crowd[found["category_id"]], p]
        if excused / pred_areas[p] <= 0.5:
            result.rows.append((FALSE_POSITIVE, found["category_id"], 0.0))

    result.notes |= {(UNLISTED, g) for g in gt_areas if g != VOID and g not in true_by_id}
    for g, true in true_by_id.items():
        area = true.get("area")
        if gt_areas[g] == 0:
            result.notes.add((UNSEEN, g))
        elif area is not None and not math.isnan(area) and area != gt_areas[g]:
            result.notes.add((AREA, g))
    crowds = Counter(s["category_id"] for s in true_by_id.values() if s.get("iscrowd", 0))
    result.notes |= {(CROWDS, category) for category, count in crowds.items() if count > 1}
    return result


def _counts(
    gt: np.ndarray, pred: np.ndarray
) -> tuple[Counter[int], Counter[int], Counter[tuple[int, int]]]:
    """Pixels of each id on both sides, and of each pair; 0 for what is not there."""
    pairs = list(zip(gt.ravel().tolist(), pred.ravel().tolist(), strict=True))
    return Counter(g for g, _ in pairs), Counter(p for _, p in pairs), Counter(pairs)


def quality(
    images: Sequence[Image],
    categories: Sequence[tuple[int, bool]],
    protocol: str,
    fold: int | None = None,
) -> dict[str, Any]:
    """Tally the images, in the given order, and average over (category id, is thing) rows.

    Returns
    -------
    dict
        ``"All"``, ``"Things"``, ``"Stuff"`` and ``"per_class"``. A group without a class is None.
    """
    tallies: dict[int, Counter[int]] = defaultdict(Counter)
    ious: dict[int, float] = defaultdict(float)
    if protocol == "coco":
        addends = defaultdict(list)
        for one in images:
            for kind, category, iou in one.rows:
                tallies[category][kind] += 1
                addends[category].append(iou)
        ious.update({category: math.fsum(values) for category, values in addends.items()})
    else:
        workers = 1 if fold is None else fold
        for part in np.array_split(np.arange(len(images)), workers):
            running: dict[int, float] = defaultdict(float)
            for index in part:
                for kind, category, iou in images[index].rows:
                    tallies[category][kind] += 1
                    running[category] += iou
            for category, value in running.items():
                ious[category] += value

    per_class = {}
    for category, _ in categories:
        tp, fp, fn = (tallies[category][kind] for kind in range(3))
        weight = tp + 0.5 * fp + 0.5 * fn
        iou = ious[category]
        per_class[category] = {
            "pq": iou / weight if weight else 0.0,
            "sq": iou / tp if tp else 0.0,
            "rq": tp / weight if weight else 0.0,
            "iou": iou,
            "tp": tp,
            "fp": fp,
            "fn": fn,
        }
    result: dict[str, Any] = {"per_class": per_class}
    for group, wanted in (("All", (True, False)), ("Things", (True,)), ("Stuff", (False,))):
        members = [
            per_class[category]
            for category, is_thing in categories
            if is_thing in wanted and sum(tallies[category].values()) > 0
        ]
        result[group] = None
        if members:
            n = len(members)
            add = math.fsum if protocol == "coco" else _running_sum
            result[group] = {key: add([m[key] for m in members]) / n for key in ("pq", "sq", "rq")}
            result[group]["n"] = n
    return result


def _running_sum(values: Iterable[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total
