"""The room `runs`, as literally as it can be said."""

from __future__ import annotations

import numpy as np


def changes(row: np.ndarray) -> np.ndarray:
    """One bool a pixel: does a run start here?"""
    return np.array([i == 0 or row[i] != row[i - 1] for i in range(len(row))], dtype=bool)


def differences(row: np.ndarray, above: np.ndarray) -> np.ndarray:
    """One bool a pixel: does it differ from the pixel above?"""
    return np.array([a != b for a, b in zip(row, above, strict=True)], dtype=bool)


def joint_starts(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Positions where a run of either row starts."""
    return np.flatnonzero(changes(a) | changes(b))
