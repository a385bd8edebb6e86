"""Which segments of two maps are one object, mask by mask, from ViP-DeepLab's description."""

from __future__ import annotations

from itertools import permutations

import numpy as np


def ious(
    previous: np.ndarray, current: np.ndarray, categories: tuple[dict[int, int], dict[int, int]]
) -> dict[tuple[int, int], float]:
    """IoU of each pair of instances of one category that share a pixel."""
    found = {}
    for a, category in sorted(categories[0].items()):
        for b, other in sorted(categories[1].items()):
            shared = np.count_nonzero((previous == a) & (current == b))
            if category == other and shared:
                found[a, b] = shared / np.count_nonzero((previous == a) | (current == b))
    return found


def mutual_best(found: dict[tuple[int, int], float], *, last: bool) -> dict[int, int]:
    """Partner of each current segment; of equal IoUs the first or the last pair is the best."""
    partners = {}
    for a, b in found:
        row = [pair for pair in found if pair[0] == a]
        column = [pair for pair in found if pair[1] == b]
        pick = max if last else min
        best = [
            pick(pair for pair in group if found[pair] == max(found[other] for other in group))
            for group in (row, column)
        ]
        if best == [(a, b), (a, b)]:
            partners[b] = a
    return partners


def best_sum(found: dict[tuple[int, int], float]) -> float:
    """The greatest sum of IoUs that pairs without a common segment have, of a few segments."""
    befores, nows = sorted({a for a, _ in found}), sorted({b for _, b in found})
    wide = max(len(befores), len(nows))
    columns = nows + [-1] * (wide - len(nows))
    sums = (
        sum(found.get(pair, 0.0) for pair in zip(befores, chosen, strict=False))
        for chosen in permutations(columns)
    )
    return max(sums, default=0.0)
