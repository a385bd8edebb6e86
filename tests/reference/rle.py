"""What RLEs mean, literally: counts of pixels, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np


def counts(mask: np.ndarray) -> list[int]:
    """Alternate between background and foreground, background first."""
    result, value = [0], False
    for pixel in (mask != 0).flatten(order="F").tolist():
        if pixel != value:
            result.append(0)
            value = pixel
        result[-1] += 1
    return result


def string(numbers: list[int]) -> bytes:
    """COCO's string: five bits a character, least significant first, with the sign."""
    characters = []
    for i, count in enumerate(numbers):
        value = count - numbers[i - 2] if i > 2 else count
        while True:
            group = value & 31
            value >>= 5
            done = value == (-1 if group & 16 else 0)
            characters.append(48 + group + (0 if done else 32))
            if done:
                break
    return bytes(characters)


def encode(mask: np.ndarray) -> dict[str, Any]:
    return {"size": list(mask.shape), "counts": string(counts(mask))}


def decode(numbers: list[int], size: tuple[int, int]) -> np.ndarray:
    flat = np.zeros(size[0] * size[1], np.uint8)
    at = 0
    for i, count in enumerate(numbers):
        flat[at : at + count] = i % 2
        at += count
    return flat.reshape(size, order="F")


def box(mask: np.ndarray) -> list[int]:
    """(x, y, w, h), zeros for an empty mask."""
    y, x = np.nonzero(mask)
    if y.size == 0:
        return [0, 0, 0, 0]
    return [int(n) for n in (x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1)]


def segments(ids: np.ndarray, background: int | None) -> list[dict[str, Any]]:
    """Every id's mask for itself."""
    return [
        {
            "id": label,
            **encode(ids == label),
            "area": int(np.count_nonzero(ids == label)),
            "bbox": box(ids == label),
        }
        for label in np.unique(ids).tolist()
        if label != background
    ]


def shared(a: list[np.ndarray], b: list[np.ndarray]) -> np.ndarray:
    """Pixels of foreground in both, for all pairs."""
    return np.array([[np.count_nonzero((p != 0) & (q != 0)) for q in b] for p in a], np.int64)
