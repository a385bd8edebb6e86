"""COCO's rule for filling polygons, point by point, as research/rle_formats_qa_io.md tells it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

SCALE = 5


def fill(xy: list[float], size: tuple[int, int]) -> np.ndarray:
    """The mask of one polygon of at least one point."""
    flips = np.zeros(size[0] * size[1] + 1, int)
    for position in crossings(xy, size):
        flips[position] += 1
    return (np.cumsum(flips)[:-1] % 2).reshape(size, order="F").astype(np.uint8)


def crossings(xy: list[float], size: tuple[int, int]) -> list[int]:
    """Where the outline enters another column, as positions in column-major order."""
    height, width = size
    found = []
    for (u0, v0), (u1, v1) in pairwise(points(xy)):
        if u0 == u1:
            continue
        column = ((u1 if u1 < u0 else u1 - 1) + 0.5) / SCALE - 0.5
        if column != math.floor(column) or not 0 <= column <= width - 1:
            continue
        row = math.ceil(min(max((min(v0, v1) + 0.5) / SCALE - 0.5, 0), height))
        found.append(int(column) * height + row)
    return found


def points(xy: list[float]) -> list[tuple[int, int]]:
    """All points of the outline on a grid of fifths of a pixel."""
    corners = [
        (int(SCALE * x + 0.5), int(SCALE * y + 0.5)) for x, y in zip(xy[::2], xy[1::2], strict=True)
    ]
    walk = []
    for start, end in pairwise([*corners, corners[0]]):
        along = 0 if abs(end[0] - start[0]) >= abs(end[1] - start[1]) else 1
        low, high = (end, start) if start[along] > end[along] else (start, end)
        length = high[along] - low[along]
        slope = (high[1 - along] - low[1 - along]) / length if length else 0.0
        edge = []
        for step in range(length + 1):
            other = int(low[1 - along] + slope * step + 0.5)
            edge.append((low[0] + step, other) if along == 0 else (other, low[1] + step))
        walk += edge if low is start else edge[::-1]
    return walk
