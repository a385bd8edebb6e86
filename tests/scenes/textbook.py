"""The plain rules of the literature, slow, to decode network outputs and to judge the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from panfuse.categories import Categories
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
    from panfuse.scenes import CenterOutputs, InstanceOutputs, QueryOutputs

CATEGORIES = Categories.cityscapes()


class Quality(NamedTuple):
    """Panoptic quality over the categories that occur, and what was counted for it."""

    pq: float
    tp: int
    fp: int
    fn: int
    ignored: int  # predictions that lie mostly in void or in a crowd of their category


def panoptic_quality(gt: Panoptic, pred: Panoptic) -> Quality:
    """Kirillov et al., CVPR 2019, with panopticapi's rules for void and crowds."""
    totals = {category: [0.0, 0, 0, 0] for category in CATEGORIES.ids.tolist()}
    truth, found = gt.segments, pred.segments
    base = len(found) + 1
    shared = np.bincount(
        (gt.ids.astype(np.int64) * base + pred.ids).ravel(), minlength=(len(truth) + 1) * base
    ).reshape(-1, base)
    matched_gt, matched_pred = set(), set()
    for g in range(len(truth)):
        for p in range(len(found)):
            if truth.is_crowd[g] or truth.category_id[g] != found.category_id[p]:
                continue
            intersection = shared[g + 1, p + 1]
            union = truth.area[g] + found.area[p] - intersection - shared[0, p + 1]
            if intersection > 0.5 * union:
                total = totals[int(truth.category_id[g])]
                total[0] += intersection / union
                total[1] += 1
                matched_gt.add(g)
                matched_pred.add(p)
    for g in range(len(truth)):
        if g not in matched_gt and not truth.is_crowd[g]:
            totals[int(truth.category_id[g])][3] += 1
    ignored = 0
    for p in range(len(found)):
        if p in matched_pred:
            continue
        crowd = truth.is_crowd & (truth.category_id == found.category_id[p])
        excused = shared[0, p + 1] + shared[1:, p + 1][crowd].sum()
        if excused > 0.5 * found.area[p]:
            ignored += 1
        else:
            totals[int(found.category_id[p])][2] += 1
    qualities = [
        iou / (tp + 0.5 * fp + 0.5 * fn) for iou, tp, fp, fn in totals.values() if tp + fp + fn
    ]
    tp, fp, fn = (sum(total[k] for total in totals.values()) for k in (1, 2, 3))
    return Quality(float(np.mean(qualities)), tp, fp, fn, ignored)


def upsample(maps: np.ndarray, padded_size: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Bilinear with half-pixel centres to ``padded_size``, then crop to ``size``."""
    for axis, (out, keep) in enumerate(zip(padded_size, size, strict=True), start=1):
        length = maps.shape[axis]
        at = np.maximum((np.arange(keep) + 0.5) * length / out - 0.5, 0)
        low = np.minimum(at.astype(int), length - 1)
        high = np.minimum(low + 1, length - 1)
        weight = (at - low).astype(np.float32).reshape((-1, 1) if axis == 1 else (-1,))
        maps = np.take(maps, low, axis) * (1 - weight) + np.take(maps, high, axis) * weight
    return maps


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def to_panoptic(ids: np.ndarray, category_ids: list[int]) -> Panoptic:
    """Ids 1..K with a category each; those without pixels are left out."""
    present = [k for k in range(1, len(category_ids) + 1) if (ids == k).any()]
    renumbered = np.zeros(len(category_ids) + 1, np.int32)
    renumbered[present] = np.arange(1, len(present) + 1)
    kept = [category_ids[k - 1] for k in present]
    things = [category in CATEGORIES.thing_ids for category in kept]
    segments = Segments(list(range(1, len(kept) + 1)), np.array(kept, int), np.array(things, bool))
    return Panoptic(renumbered[ids], segments)


def decode_queries(out: QueryOutputs, threshold: float = 0.8, overlap: float = 0.8) -> Panoptic:
    """MaskFormer: each pixel to the query with the largest score times probability."""
    probabilities = softmax(out.class_logits)
    labels, scores = probabilities.argmax(1), probabilities.max(1)
    kept = np.flatnonzero((labels != len(CATEGORIES)) & (scores > threshold))
    ids = np.zeros(out.size, np.int32)
    categories: list[int] = []
    if len(kept) == 0:
        return to_panoptic(ids, categories)
    masks = 1 / (1 + np.exp(-upsample(out.mask_logits[kept], out.padded_size, out.size)))
    winner = (masks * scores[kept][:, None, None]).argmax(0)
    stuff: dict[int, int] = {}
    for k, query in enumerate(kept):
        mask = (winner == k) & (masks[k] >= 0.5)
        area, original = (winner == k).sum(), (masks[k] >= 0.5).sum()
        if not mask.any() or area / original < overlap:
            continue
        category = int(CATEGORIES.ids[labels[query]])
        if category in stuff:
            ids[mask] = stuff[category]
            continue
        categories.append(category)
        if category not in CATEGORIES.thing_ids:
            stuff[category] = len(categories)
        ids[mask] = len(categories)
    return to_panoptic(ids, categories)


def paste(mask: np.ndarray, box: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A RoI mask over the image: bilinear, zero outside, as in detectron2."""
    m = len(mask)
    padded = np.pad(mask, 1)
    result = padded
    for axis, length in enumerate(size):
        start, stop = float(box[1 - axis]), float(box[3 - axis])
        at = (np.arange(length) + 0.5 - start) / (stop - start) * m - 0.5
        inside = (at > -1) & (at < m)
        low = np.floor(np.clip(at, -1, m - 1)).astype(int)
        weight = np.clip(at - low, 0, 1).reshape((-1, 1) if axis == 0 else (-1,))
        first, second = np.take(result, low + 1, axis), np.take(result, low + 2, axis)
        result = first * (1 - weight) + second * weight
        result = result * inside.reshape((-1, 1) if axis == 0 else (-1,))
    return result


def decode_instances(out: InstanceOutputs, stuff_area: int) -> Panoptic:
    """Panoptic FPN: instances over each other by score, then stuff where nothing lies yet."""
    ids = np.zeros(out.size, np.int32)
    categories: list[int] = []
    for k in np.argsort(-out.scores, kind="stable"):
        if out.scores[k] < 0.5:
            break
        mask = paste(out.masks[k], out.boxes[k], out.size) >= 0.5
        area = mask.sum()
        if area == 0 or (mask & (ids != 0)).sum() / area > 0.5:
            continue
        categories.append(int(out.category_ids[k]))
        ids[mask & (ids == 0)] = len(categories)
    semantic = upsample(out.semantic_logits, out.padded_size, out.size).argmax(0)
    for channel, category in enumerate(CATEGORIES.ids.tolist()):
        mask = (semantic == channel) & (ids == 0)
        if category not in CATEGORIES.thing_ids and mask.sum() >= max(1, stuff_area):
            categories.append(category)
            ids[mask] = len(categories)
    return to_panoptic(ids, categories)


def find_centers(heatmap: np.ndarray, threshold: float, kernel: int) -> np.ndarray:
    """Local maxima of a heatmap: (K, 2) rows and columns in raster order."""
    reach = kernel // 2
    padded = np.pad(heatmap, reach, constant_values=-1)
    highest = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel)).max(axis=(2, 3))
    return np.argwhere((heatmap == highest) & (heatmap > threshold))


def decode_centers(out: CenterOutputs, kernel: int = 7) -> Panoptic:
    """Panoptic-DeepLab: thing pixels to the nearest centre, then a vote for its category."""
    semantic, heatmap, offsets = out.semantic, out.heatmap, out.offsets
    if semantic.ndim == 3:
        logits = upsample(semantic, out.padded_size, out.size)
        semantic = CATEGORIES.ids[logits.argmax(0)]
    if out.padded_size != heatmap.shape:
        heatmap = upsample(heatmap[None], out.padded_size, out.size)[0]
        offsets = upsample(offsets, out.padded_size, out.size)
    centers = find_centers(heatmap, 0.1, kernel)
    ids = np.zeros(out.size, np.int32)
    categories: list[int] = []
    ys, xs = np.nonzero(np.isin(semantic, sorted(CATEGORIES.thing_ids)))
    if len(centers) and len(ys):
        points = np.stack([ys, xs]) + offsets[:, ys, xs]
        distances = [(points[0] - cy) ** 2 + (points[1] - cx) ** 2 for cy, cx in centers]
        nearest = np.argmin(distances, axis=0)
        for k in range(len(centers)):
            mine = nearest == k
            if mine.any():
                categories.append(int(np.bincount(semantic[ys[mine], xs[mine]]).argmax()))
                ids[ys[mine], xs[mine]] = len(categories)
    for category in sorted(CATEGORIES.stuff_ids):
        mask = semantic == category
        if mask.any():
            categories.append(category)
            ids[mask] = len(categories)
    return to_panoptic(ids, categories)
