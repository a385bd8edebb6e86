"""Masks and polygons of every kind, for property tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.reference import rle_shapes as reference


@st.composite
def masks(draw: st.DrawFn, most: int = 20) -> np.ndarray:
    """Noise, blocks, diagonals, rings, lines, empty and full ones."""
    height, width = draw(st.tuples(st.integers(1, most), st.integers(1, most)))
    if draw(st.integers(0, 9)) == 0:
        height = 1
    kind = draw(st.sampled_from(["noise", "blocks", "check", "rings", "empty", "full", "few"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    y, x = np.indices((height, width))
    if kind == "noise":
        mask = rng.random((height, width)) < draw(st.sampled_from([0.2, 0.5, 0.8, 0.95]))
    elif kind == "blocks":
        blocks = rng.random((height // 3 + 1, width // 3 + 1)) < 0.6
        mask = np.kron(blocks, np.ones((3, 3), bool))[:height, :width]
    elif kind == "check":
        mask = (x + y) % 2 == draw(st.integers(0, 1))
    elif kind == "rings":
        mask = np.maximum(abs(2 * x - width + 1), abs(2 * y - height + 1)) // 2 % 2 == 0
    elif kind == "few":
        mask = rng.random((height, width)) < 0.05
    else:
        mask = np.full((height, width), kind == "full")
    return mask.astype(np.uint8)


def counts(mask: np.ndarray) -> dict[str, Any]:
    """Uncompressed."""
    return {"size": list(mask.shape), "counts": reference.counts_of(mask)}


def loose(mask: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Uncompressed, with runs of no pixels in between."""
    found = counts(mask)
    runs: list[int] = []
    for run in found["counts"]:
        cut = int(rng.integers(0, run + 1)) if rng.random() < 0.5 else run
        runs += [cut, 0, run - cut] if cut < run else [run]
    if rng.random() < 0.5:
        runs += [0]
    return found | {"counts": runs}


@st.composite
def polygons(draw: st.DrawFn) -> tuple[list[float], tuple[int, int]]:
    """Points inside, outside, on the grid, in a pixel, and repeated; and a size."""
    size = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
    kind = draw(st.sampled_from(["inside", "whole", "far", "tiny", "fifths", "repeated"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return random_polygon(rng, size, kind), size


def random_polygon(rng: np.random.Generator, size: tuple[int, int], kind: str) -> list[float]:
    n = int(rng.integers(3, 9))
    sides = np.array(size[::-1])
    xy = rng.random((n, 2)) * sides
    if kind == "whole":
        xy = rng.integers(-3, max(size) + 4, (n, 2)).astype(float)
    elif kind == "far":
        xy = rng.normal(0, 3 * max(size), (n, 2))
    elif kind == "tiny":
        xy = 0.7 * rng.random((n, 2)) + rng.integers(0, max(size))
    elif kind == "fifths":
        xy = np.round(xy * 5) / 5
    elif kind == "repeated":
        xy = np.repeat(np.round(xy[: (n + 1) // 2] * 2) / 2, 2, 0)
        xy = np.concatenate([xy, xy[:1]])
    elif kind == "huge":
        xy = rng.normal(0, 10.0 ** rng.integers(3, 6), (n, 2))
        xy[rng.integers(0, n)] = rng.random(2) * sides
    flat: list[float] = xy.ravel().tolist()
    return flat
