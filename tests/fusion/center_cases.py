"""Small random inputs of the centre family, full of ties and of sizes at the edge of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class CenterCase:
    semantic: np.ndarray  # int64 (H, W), labels 0..C-1
    heatmap: np.ndarray  # float32 (H, W)
    offsets: np.ndarray  # float32 (2, H, W)
    foreground: np.ndarray  # bool (H, W)
    things: list[int]
    threshold: float
    nms_kernel: int
    top_k: int
    stuff_area: int

    def knobs(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "nms_kernel": self.nms_kernel,
            "top_k": self.top_k,
            "stuff_area": self.stuff_area,
        }


def blocks(rng: np.random.Generator, shape: tuple[int, int], values: int) -> np.ndarray:
    """Draw a map of rectangles."""
    result = np.full(shape, int(rng.integers(values)))
    for _ in range(int(rng.integers(1, 8))):
        y, x = (int(rng.integers(n)) for n in shape)
        h, w = (int(rng.integers(1, n + 1)) for n in shape)
        result[y : y + h, x : x + w] = rng.integers(values)
    return result


def center_case(rng: np.random.Generator) -> CenterCase:
    shape = (int(rng.integers(1, 40)), int(rng.integers(1, 70)))
    classes = int(rng.integers(1, 8))
    semantic = blocks(rng, shape, classes)
    things = sorted(rng.permutation(classes)[: int(rng.integers(classes + 1))].tolist())
    # Few levels, so that there are plateaus, equal centres and values at the threshold.
    levels = int(rng.choice([3, 10, 1000]))
    heatmap = rng.integers(-1, levels, shape) / levels * (rng.random(shape) < rng.random())
    if rng.random() < 0.2:
        heatmap = blocks(rng, shape, 4) / 4
    kind = int(rng.integers(4))
    reach = float(rng.choice([0.5, 3, 30]))
    offsets = rng.uniform(-reach, reach, (2, *shape))
    if kind == 0:
        offsets = np.zeros((2, *shape))
    elif kind == 1:
        offsets = np.round(offsets)
    elif kind == 2:  # each block points to one place
        aim = rng.integers(0, 60, (2, 10))[:, blocks(rng, shape, 10)]
        offsets = aim - np.indices(shape) + rng.integers(-1, 2, (2, *shape)) / 2
    areas = np.bincount(semantic.ravel())
    stuff_area = int(rng.choice([0, 1, int(rng.choice(areas)), int(rng.choice(areas)) + 1, 50]))
    return CenterCase(
        semantic,
        heatmap.astype(np.float32),
        offsets.astype(np.float32),
        rng.random(shape) < 0.7 if rng.random() < 0.5 else blocks(rng, shape, 2) > 0,
        things,
        float(rng.choice([0.1, 0.25, 0.5, 0.0])),
        int(rng.choice([1, 3, 5, 7, 13, 41])),
        int(rng.choice([1, 2, 3, 5, 8, 13, 200])),
        stuff_area,
    )
