"""What `pf.fuse_queries` is, step by step and with every array in full, on torch's arithmetic.

Written from the descriptions of the projects, in the order of their operations; torch computes the
resizes, sigmoids and softmaxes, which are part of the definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Rules:
    """What dialects differ in; the defaults are those of `pf.fuse_queries`."""

    score: str = "softmax"
    temperature: float = 1.0
    threshold: float = 0.8
    mask_threshold: float = 0.5
    overlap_threshold: float = 0.8
    weigh_foreground: bool = False
    write_foreground: bool = True
    single: bool = False  # whether the float32 ratio must be above the threshold


@dataclass
class Step:
    """As `pf.Resize`, with a size and a crop."""

    size: tuple[int, int]
    crop: tuple[int, int]
    align_corners: bool = False
    probabilities: bool = False


def resized(mask_logits: torch.Tensor, steps: list[Step]) -> torch.Tensor:
    """Probabilities (Q, H, W)."""
    values, probabilities = mask_logits, False
    for step in steps:
        if step.probabilities and not probabilities:
            values, probabilities = values.sigmoid(), True
        values = torch.nn.functional.interpolate(
            values[None], size=step.size, mode="bilinear", align_corners=step.align_corners
        )[0, :, : step.crop[0], : step.crop[1]]
    return values if probabilities else values.sigmoid()


def scores(class_logits: torch.Tensor, rules: Rules) -> tuple[torch.Tensor, torch.Tensor, Any]:
    """Score and class of each query, and which are kept."""
    if rules.score == "softmax":
        score, label = class_logits.softmax(-1).max(-1)
        return score, label, (label != class_logits.shape[1] - 1) & (score > rules.threshold)
    score, label = class_logits.sigmoid().max(-1)
    kept = score > rules.threshold
    if rules.score == "sigmoid_softmax":
        score, label = (class_logits.sigmoid() / rules.temperature).softmax(-1).max(-1)
    return score, label, kept


def fuse(
    mask_logits: np.ndarray,
    class_logits: np.ndarray,
    steps: list[Step],
    rules: Rules,
    things: set[int] | None,
) -> tuple[np.ndarray, list[tuple[int, int, float]]]:
    """The map of ids, and of each segment its class, its first query and its score."""
    masks = torch.from_numpy(mask_logits)
    score, label, keep = scores(torch.from_numpy(class_logits), rules)
    ids = torch.zeros(steps[-1].crop, dtype=torch.int32)
    segments: list[tuple[int, int, float]] = []
    queries = torch.nonzero(keep)[:, 0].tolist()
    if not queries:
        return ids.numpy(), segments
    probabilities = resized(masks, steps)[keep]
    weights = score[keep][:, None, None] * probabilities
    winner = weights.argmax(0)
    joint: dict[int, int] = {}
    for k, query in enumerate(queries):
        won = winner == k
        mask = (weights if rules.weigh_foreground else probabilities)[k] >= rules.mask_threshold
        pixels = won & mask if rules.write_foreground else won
        if int(pixels.sum()) == 0 or int(mask.sum()) == 0:
            continue
        if rules.single:
            if not (won.sum() / mask.sum()).item() > rules.overlap_threshold:
                continue
        elif int(won.sum()) / int(mask.sum()) < rules.overlap_threshold:
            continue
        category = int(label[query])
        if things is not None and category not in things and category in joint:
            ids[pixels] = joint[category]
            continue
        segments.append((category, query, float(score[query])))
        ids[pixels] = len(segments)
        joint[category] = len(segments)
    return ids.numpy(), segments
