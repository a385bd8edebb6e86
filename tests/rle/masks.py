"""Masks and maps that hypothesis makes up: of all shapes, noisy, blocky, empty and full."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.reference import rle as reference


def sides() -> st.SearchStrategy[int]:
    return st.one_of(st.just(1), st.integers(1, 24), st.integers(60, 135))


@st.composite
def stacks(draw: st.DrawFn, least: int = 1, most: int = 4) -> np.ndarray:
    """N x H x W of uint8, 0 and 1."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width = draw(sides()), draw(sides())
    count = draw(st.integers(least, most))
    density = draw(st.sampled_from([0.0, 0.02, 0.5, 1.0]))
    grain = draw(st.integers(1, 9))
    coarse = rng.random((count, height // grain + 1, width // grain + 1)) < density
    fine = coarse.repeat(grain, axis=1).repeat(grain, axis=2)[:, :height, :width]
    return fine.astype(np.uint8)


@st.composite
def maps(draw: st.DrawFn) -> np.ndarray:
    """H x W of a random integer dtype and layout."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width, grain = draw(sides()), draw(sides()), draw(st.integers(1, 12))
    dtype = np.dtype(draw(st.sampled_from(["bool", "u1", "i1", "u2", "i4", "u4", "i8", "u8"])))
    labels = draw(st.sampled_from([[0], [3], [0, 1], [0, 1, 2, 9, 77], [5, 100]]))
    if dtype.itemsize >= 4:
        labels = [*labels, draw(st.sampled_from([70_000, 2**31 - 1]))]
    if dtype.kind == "i":
        labels = [*labels, -4]
    coarse = rng.choice(labels, (height // grain + 1, width // grain + 1))
    ids = coarse.repeat(grain, axis=0).repeat(grain, axis=1)[:height, :width].astype(dtype)
    return layout(ids, draw(st.sampled_from(["c", "fortran", "reversed", "spread"])))


def layout(array: np.ndarray, name: str) -> np.ndarray:
    """Lay the same values out another way."""
    if name == "fortran":
        return np.asfortranarray(array)
    if name == "reversed":
        return array[::-1, ::-1].copy()[::-1, ::-1]
    if name == "spread":
        return array.repeat(3, axis=1)[:, ::3]
    return array


def encoded(stack: np.ndarray) -> list[dict[str, object]]:
    return [reference.encode(mask) for mask in stack]
