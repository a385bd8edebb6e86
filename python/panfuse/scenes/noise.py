"""Seeded noise and the exponential that give the same bits on every platform.

Only additions, multiplications, divisions and square roots are used: IEEE 754 rounds each of them
correctly, and NumPy evaluates one operation per pass, so nothing is contracted into an fma. The
C library's ``exp`` and ``sin`` and NumPy's SIMD versions of them differ in the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.random import Generator

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LOG2_E = 1.4426950408889634
# ln 2 in two parts (fdlibm's): n * _LN2_HIGH is exact for |n| < 2**20.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
# 1 / k! for k = 13 .. 0. The reduced argument is at most ln(2) / 2, so the tail is below 2**-57.
_EXP_TERMS = tuple(1.0 / math.factorial(k) for k in range(13, -1, -1))


def exp(x: NDArray[np.floating]) -> Float64:
    """Raise e to the power ``x``, elementwise, within 2 ulp and equal everywhere.

    Parameters
    ----------
    x : array of floating point, any shape
        Clipped to [-700, 700], where the result is a normal double.

    Returns
    -------
    float64 array of the same shape
    """
    value = np.clip(np.asarray(x, np.float64), -700.0, 700.0)
    power = np.rint(value * _LOG2_E)
    rest = value - power * _LN2_HIGH - power * _LN2_LOW
    result = np.full(value.shape, _EXP_TERMS[0])
    for term in _EXP_TERMS[1:]:
        result = result * rest + term
    scaled: Float64 = np.ldexp(result, power.astype(np.int32))
    return scaled


def logistic(x: NDArray[np.floating]) -> Float32:
    """1 / (1 + exp(-x)), elementwise: the probability of a logit.

    Parameters
    ----------
    x : array of floating point, any shape

    Returns
    -------
    float32 array of the same shape
    """
    return (1.0 / (1.0 + exp(-np.asarray(x, np.float64)))).astype(np.float32)


def smooth_noise(rng: Generator, size: tuple[int, int], cell: float) -> Float32:
    """Value noise: uniform values on a square lattice, joined by cubic smoothsteps.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : (H, W)
    cell : float
        Side of a lattice cell in pixels; below 1 it acts as 1.

    Returns
    -------
    float32 (H, W), values in [-1, 1]
    """
    cell = max(float(cell), 1.0)
    height, width = size
    rows = rng.random(2)
    lattice_shape = (int(height / cell) + 3, int(width / cell) + 3)
    lattice: Float32 = rng.random(lattice_shape, dtype=np.float32)
    lattice *= np.float32(2)
    lattice -= np.float32(1)
    top, below = _lattice_weights(height, cell, float(rows[0]))
    left, beside = _lattice_weights(width, cell, float(rows[1]))
    columns: Float32 = lattice[top] + (lattice[top + 1] - lattice[top]) * below[:, None]
    first = columns[:, left]
    field: Float32 = columns[:, left + 1]
    field -= first
    field *= beside
    field += first
    return field


def _lattice_weights(length: int, cell: float, shift: float) -> tuple[NDArray[np.intp], Float32]:
    """Lattice index left of each pixel, and the weight of the next one."""
    position = np.arange(length, dtype=np.float64) / cell + shift
    index = position.astype(np.intp)
    t = position - index
    return index, (t * t * (3.0 - 2.0 * t)).astype(np.float32)


def fractal_noise(
    rng: Generator, size: tuple[int, int], cell: float, octaves: int, persistence: float = 0.6
) -> Float32:
    """Octaves of `smooth_noise`, each of half the cell and ``persistence`` times the weight.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : (H, W)
    cell : float
        Cell of the first octave, in pixels. Octaves with cells under 1.5 pixels are left out.
    octaves : int
        At least 1.
    persistence : float

    Returns
    -------
    float32 (H, W), values in [-1, 1]
    """
    field = smooth_noise(rng, size, cell)
    weight, total = 1.0, 1.0
    for _ in range(octaves - 1):
        cell /= 2.0
        if cell < 1.5:
            break
        weight *= persistence
        total += weight
        octave = smooth_noise(rng, size, cell)
        octave *= np.float32(weight)
        field += octave
    field *= np.float32(1.0 / total)
    return field


def symmetric_noise(rng: Generator, shape: tuple[int, ...]) -> Float32:
    """Independent noise of mean 0 and standard deviation 1: a sum of three uniforms (bell-shaped).

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int

    Returns
    -------
    float32 array of ``shape``, values in [-3, 3]
    """
    total = rng.random(shape, dtype=np.float32)
    total += rng.random(shape, dtype=np.float32)
    total += rng.random(shape, dtype=np.float32)
    total -= np.float32(1.5)
    total *= np.float32(2)
    return total
