"""What the set operations of `rle` mean, on decoded masks."""

from __future__ import annotations

import numpy as np

from tests.reference import labeling


def counts_of(mask: np.ndarray) -> list[int]:
    """Alternating run lengths in column-major order, background first."""
    flat = np.concatenate([[0], (np.asarray(mask) != 0).ravel(order="F"), [2]]).astype(np.int8)
    changes = np.flatnonzero(np.diff(flat))
    lengths = np.diff(np.concatenate([[0], changes])).tolist()
    return lengths if len(lengths) > 1 or mask.size else [0]


def mask_of(counts: list[int], size: tuple[int, int]) -> np.ndarray:
    values = np.arange(len(counts)) % 2
    return np.repeat(values, counts).reshape(size, order="F").astype(np.uint8)


def band_width(size: tuple[int, int], ratio: float) -> int:
    return max(1, round(ratio * float(np.sqrt(size[0] ** 2 + size[1] ** 2))))


def boundary(mask: np.ndarray, width: int) -> np.ndarray:
    """A mask without `width` erosions by 3x3, with zeros around it."""
    inside = np.pad(mask, 1)
    for _ in range(width):
        rows = inside[:-2] & inside[1:-1] & inside[2:]
        inside = np.pad(rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:], 1)
    return mask & (1 - inside[1:-1, 1:-1])


def place(mask: np.ndarray, top: int, left: int, size: tuple[int, int]) -> np.ndarray:
    """A canvas whose pixel (y, x) is the mask's (y + top, x + left)."""
    result = np.zeros(size, mask.dtype)
    for y in range(max(0, -top), min(size[0], mask.shape[0] - top)):
        for x in range(max(0, -left), min(size[1], mask.shape[1] - left)):
            result[y, x] = mask[y + top, x + left]
    return result


def resize(mask: np.ndarray, size: tuple[int, int], rule: str = "nearest") -> np.ndarray:
    half = int(rule == "nearest-exact")
    sources = [
        [((1 + half) * i + half) * old // ((1 + half) * new) for i in range(new)]
        for old, new in zip(mask.shape, size, strict=True)
    ]
    return mask[np.ix_(*sources)]


def components(mask: np.ndarray, connectivity: int) -> list[np.ndarray]:
    labels, count = labeling.label(mask, connectivity)
    return [(labels == n).astype(np.uint8) for n in range(1, count + 1)]
