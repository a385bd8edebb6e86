"""Images of every dtype, rank and layout, for property tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
DTYPES = ["bool", *INTEGERS, "float16", "float32", "float64"]
CONNECTIVITIES = {1: [None, 1], 2: [None, 1, 2, 4, 8], 3: [None, 1, 2, 3, 6, 18, 26]}
SHAPES = {
    1: [(1,), (2,), (63,), (64,), (65,), (130,)],
    2: [(1, 1), (1, 70), (40, 1), (6, 63), (5, 64), (9, 65), (7, 130), (31, 7), (12, 33)],
    3: [(1, 1, 1), (3, 4, 5), (4, 3, 66), (2, 5, 64), (5, 6, 7), (3, 1, 40), (1, 6, 20)],
}


def corners(dtype: str) -> list[Any]:
    """Values that are easily taken for each other."""
    if dtype == "bool":
        return [False, True]
    if dtype.startswith("float"):
        info = np.finfo(dtype)
        return [0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, info.tiny, info.max, 0.1]
    limits = np.iinfo(dtype)
    return [0, 1, 2, limits.max, limits.min, limits.max - 1]


@st.composite
def images(draw: st.DrawFn, ranks: tuple[int, ...] = (1, 2, 3)) -> np.ndarray:
    """Noise, speckles or stretches of a few values, in some memory layout."""
    shape = draw(st.sampled_from(SHAPES[draw(st.sampled_from(ranks))]))
    dtype = draw(st.sampled_from(DTYPES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = draw(st.lists(st.sampled_from(corners(dtype)), min_size=1, max_size=4))
    image = np.array([corners(dtype)[0], *values], dtype)[rng.integers(0, len(values) + 1, shape)]
    image[rng.random(shape) < draw(st.sampled_from([0.0, 0.3, 0.7]))] = 0
    if draw(st.booleans()):
        image = np.repeat(np.repeat(image, 3, -1), 2, 0)[tuple(map(slice, shape))]
    return draw(st.sampled_from(list(layouts(image))))


def layouts(image: np.ndarray) -> Iterator[np.ndarray]:
    """The same image in several memory layouts."""
    yield np.ascontiguousarray(image)
    yield np.asfortranarray(image)
    yield np.flip(np.flip(image).copy())
    yield np.repeat(image, 2, -1)[..., ::2]
    padded = np.zeros([n + 3 for n in image.shape], image.dtype)
    crop = padded[tuple(slice(1, n + 1) for n in image.shape)]
    crop[...] = image
    yield crop
    raw = np.zeros(image.nbytes + 1, np.uint8)[1:]
    unaligned = raw.view(image.dtype).reshape(image.shape)
    unaligned[...] = image
    unaligned.flags.writeable = False
    yield unaligned
