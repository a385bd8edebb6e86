"""The room `matching`, as literally as it can be said."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np


def contingency(gt: np.ndarray, pred: np.ndarray, ignore: Any = ((), ())) -> dict[str, np.ndarray]:
    """Count pairs of ids one pixel at a time."""
    sides = []
    for ids, ignored in zip((gt, pred), ignore, strict=True):
        sides.append([0 if int(i) in ignored else int(i) for i in np.ravel(ids)])
    pairs = Counter(zip(*sides, strict=True))
    labels = [Counter(side) for side in sides]
    order = sorted(pairs)
    table = {
        "gt_ids": np.array([g for g, _ in order], dtype=gt.dtype),
        "pred_ids": np.array([p for _, p in order], dtype=pred.dtype),
        "counts": np.array([pairs[pair] for pair in order], dtype=np.int64),
    }
    for name, ids, areas in zip(("gt", "pred"), (gt, pred), labels, strict=True):
        table[f"{name}_labels"] = np.array(sorted(areas), dtype=ids.dtype)
        table[f"{name}_areas"] = np.array([areas[i] for i in sorted(areas)], dtype=np.int64)
    return table


def match(
    table: dict[str, np.ndarray], iou_threshold: float = 0.5, ignore_void: bool = True
) -> dict[str, np.ndarray]:
    """Take candidate pairs one by one, the best first."""
    counts = {
        (int(g), int(p)): int(n)
        for g, p, n in zip(table["gt_ids"], table["pred_ids"], table["counts"], strict=True)
    }
    gt_area = {int(i): int(a) for i, a in zip(table["gt_labels"], table["gt_areas"], strict=True)}
    pred_area = {
        int(i): int(a) for i, a in zip(table["pred_labels"], table["pred_areas"], strict=True)
    }
    candidates = []
    for (g, p), n in counts.items():
        if g == 0 or p == 0:
            continue
        in_void = counts.get((0, p), 0) if ignore_void else 0
        union = gt_area[g] + pred_area[p] - n - in_void
        if n / union > iou_threshold:
            candidates.append((-(n / union), g, p, n, union))
    matched: dict[tuple[int, int], tuple[float, int, int]] = {}
    for negative_iou, g, p, n, union in sorted(candidates):
        if all(g != other_g and p != other_p for other_g, other_p in matched):
            matched[g, p] = (-negative_iou, n, union)
    order = sorted(matched)
    gt_left = sorted(set(gt_area) - {0} - {g for g, _ in order})
    pred_left = sorted(set(pred_area) - {0} - {p for _, p in order})
    return {
        "gt_ids": np.array([g for g, _ in order], dtype=table["gt_ids"].dtype),
        "pred_ids": np.array([p for _, p in order], dtype=table["pred_ids"].dtype),
        "iou": np.array([matched[pair][0] for pair in order], dtype=np.float64),
        "intersection": np.array([matched[pair][1] for pair in order], dtype=np.int64),
        "union": np.array([matched[pair][2] for pair in order], dtype=np.int64),
        "unmatched_gt": np.array(gt_left, dtype=table["gt_labels"].dtype),
        "unmatched_pred": np.array(pred_left, dtype=table["pred_labels"].dtype),
    }
