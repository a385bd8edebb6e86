"""Cross-sections of the things of a street, in metres.

The first functions are primitives over x, metres to the right of an axis, and y, metres above the
ground (float32 arrays of one shape); the rest are things, over a `Section`. Each returns the mask
of the pixels inside. Dimensions are those of ordinary vehicles and people.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .canvas import Mask, Section, Shape
    from .noise import Float32


def capsule(
    x: Float32,
    y: Float32,
    start: tuple[float, float],
    stop: tuple[float, float],
    widths: tuple[float, float],
) -> Mask:
    """Draw a rounded limb from ``start`` to ``stop`` (x, y), tapered between two half widths."""
    along_x, along_y = stop[0] - start[0], stop[1] - start[1]
    norm = along_x * along_x + along_y * along_y
    dx = x - np.float32(start[0])
    dy = y - np.float32(start[1])
    t = np.clip(dx * np.float32(along_x / norm) + dy * np.float32(along_y / norm), 0, 1)
    dx -= t * np.float32(along_x)
    dy -= t * np.float32(along_y)
    width = np.float32(widths[0]) + t * np.float32(widths[1] - widths[0])
    inside: Mask = dx * dx + dy * dy <= width * width
    return inside


def ellipse(x: Float32, y: Float32, cx: float, cy: float, rx: float, ry: float) -> Mask:
    """Draw an ellipse of half axes ``rx`` and ``ry``."""
    dx = (x - np.float32(cx)) * np.float32(1 / rx)
    dy = (y - np.float32(cy)) * np.float32(1 / ry)
    inside: Mask = dx * dx + dy * dy <= 1
    return inside


def rounded_box(x: Float32, y: Float32, half: float, low: float, high: float) -> Mask:
    """Draw a box of half width ``half`` from y = ``low`` to ``high``, corners rounded (|.|**8)."""
    dx = x * np.float32(1 / half)
    dy = (y - np.float32((low + high) / 2)) * np.float32(2 / (high - low))
    for power in (dx, dy):
        for _ in range(3):
            np.multiply(power, power, out=power)
    inside: Mask = dx + dy <= 1
    return inside


def trapezoid(
    x: Float32, y: Float32, low: float, high: float, bottom: float, top: float, cx: float = 0.0
) -> Mask:
    """Draw a trapezoid about ``cx``: half width ``bottom`` at y = ``low``, ``top`` at ``high``."""
    half = np.float32(bottom) + (y - np.float32(low)) * np.float32((top - bottom) / (high - low))
    inside: Mask = (y >= np.float32(low)) & (y <= np.float32(high))
    inside &= np.abs(x - np.float32(cx)) <= half
    return inside


def ring(x: Float32, y: Float32, cx: float, cy: float, radius: float, width: float) -> Mask:
    """Draw a circle drawn with a line of half width ``width``."""
    squared = (x - np.float32(cx)) ** 2 + (y - np.float32(cy)) ** 2
    inside: Mask = squared <= np.float32((radius + width) ** 2)
    inside &= squared >= np.float32((radius - width) ** 2)
    return inside


def person(at: Section, *, stride: float, reach: float) -> Mask:
    """Draw a pedestrian: ``stride`` metres between the feet, arms ``reach`` from the body."""
    mask = ellipse(at.x, at.y, 0.02, 1.61, 0.115, 0.15)
    mask |= trapezoid(at.x, at.y, 0.80, 1.44, 0.19, 0.24)
    mask |= capsule(at.x, at.y, (-0.09, 0.88), (-stride / 2, 0.06), (0.12, 0.075))
    mask |= capsule(at.x, at.y, (0.09, 0.88), (stride / 2 + 0.03, 0.06), (0.12, 0.075))
    mask |= capsule(at.x, at.y, (-0.22, 1.36), (-0.24 - reach, 0.86), (0.075, 0.055))
    mask |= capsule(at.x, at.y, (0.22, 1.36), (0.24 + reach * 0.7, 0.86), (0.075, 0.055))
    return mask


def rider(at: Section, *, lean: float) -> Mask:
    """Draw someone on a two-wheeler seen from the side, leaning ``lean`` metres forward."""
    mask = ellipse(at.x, at.y, lean, 1.66, 0.12, 0.15)
    mask |= capsule(at.x, at.y, (-0.14, 0.98), (lean - 0.06, 1.42), (0.17, 0.18))
    mask |= capsule(at.x, at.y, (lean - 0.04, 1.36), (0.42, 1.06), (0.07, 0.05))
    mask |= capsule(at.x, at.y, (-0.12, 0.95), (0.16, 0.72), (0.11, 0.08))
    mask |= capsule(at.x, at.y, (0.16, 0.72), (0.02, 0.30), (0.08, 0.06))
    return mask


def bicycle(at: Section) -> Mask:
    """Draw a bicycle seen from the side: thin lines, so many runs."""
    mask = ring(at.x, at.y, -0.52, 0.34, 0.31, 0.035)
    mask |= ring(at.x, at.y, 0.52, 0.34, 0.31, 0.035)
    for start, stop in (
        ((-0.52, 0.34), (-0.16, 0.92)),
        ((-0.52, 0.34), (-0.02, 0.32)),
        ((-0.02, 0.32), (0.40, 0.88)),
        ((-0.20, 0.80), (0.38, 0.84)),
        ((0.52, 0.34), (0.38, 1.02)),
        ((0.30, 1.04), (0.50, 1.00)),
        ((-0.28, 0.94), (-0.06, 0.94)),
    ):
        mask |= capsule(at.x, at.y, start, stop, (0.032, 0.032))
    return mask


def motorcycle(at: Section) -> Mask:
    """Draw a motorcycle seen from the side."""
    mask = ellipse(at.x, at.y, -0.66, 0.31, 0.31, 0.31)
    mask |= ellipse(at.x, at.y, 0.66, 0.31, 0.31, 0.31)
    mask |= ellipse(at.x, at.y, 0.0, 0.58, 0.52, 0.26)
    mask |= capsule(at.x, at.y, (-0.70, 0.84), (0.05, 0.80), (0.11, 0.12))
    mask |= capsule(at.x, at.y, (0.62, 0.34), (0.36, 1.05), (0.07, 0.05))
    return mask


def car(at: Section, *, roof: float) -> Mask:
    """Draw the cross-section of a car at ``t`` of its length; ``roof`` metres tall."""
    belt = 0.93 if at.t < 0.8 else 0.80
    mask = rounded_box(at.x, at.y, 0.90, 0.16, belt)
    # The cabin rises behind the rear window and falls with the windscreen.
    rise = min(1.0, 0.25 + 5.0 * at.t, (0.86 - at.t) / 0.22)
    if rise > 0.0:
        mask |= trapezoid(at.x, at.y, belt - 0.12, belt + (roof - belt) * rise, 0.84, 0.64)
    if at.t < 0.35 or at.t > 0.65:
        mask |= trapezoid(at.x, at.y, 0.0, 0.35, 0.11, 0.11, -0.74)
        mask |= trapezoid(at.x, at.y, 0.0, 0.35, 0.11, 0.11, 0.74)
    return mask


def truck(at: Section) -> Mask:
    """Draw the cross-section of a box truck: the cab is lower than the box."""
    high = 3.3 if at.t < 0.75 else 2.5
    mask = rounded_box(at.x, at.y, 1.22, 0.45, high)
    mask |= trapezoid(at.x, at.y, 0.0, 0.7, 0.22, 0.22, -0.90)
    mask |= trapezoid(at.x, at.y, 0.0, 0.7, 0.22, 0.22, 0.90)
    return mask


def bus(at: Section) -> Mask:
    """Draw the cross-section of a bus or of a tram car."""
    mask = rounded_box(at.x, at.y, 1.27, 0.28, 3.05)
    mask |= trapezoid(at.x, at.y, 0.0, 0.5, 0.20, 0.20, -0.95)
    mask |= trapezoid(at.x, at.y, 0.0, 0.5, 0.20, 0.20, 0.95)
    return mask


def crown(at: Section, *, cy: float, radius: float) -> Mask:
    """Draw the leaves of a tree about height ``cy``; ``rough`` (noise in [-1, 1]) frays them."""
    dx = at.x * np.float32(1 / radius)
    dy = (at.y - np.float32(cy)) * np.float32(0.85 / radius)
    inside: Mask = dx * dx + dy * dy + at.rough * np.float32(3.2) <= 1
    return inside


def tree(at: Section, *, cy: float, radius: float) -> Mask:
    """Draw a crown on its trunk."""
    return crown(at, cy=cy, radius=radius) | capsule(at.x, at.y, (0.0, 0.0), (0.1, cy), (0.17, 0.1))


def post(at: Section, *, height: float) -> Mask:
    """Draw a thin upright pole."""
    return capsule(at.x, at.y, (0.0, 0.0), (0.0, height), (0.075, 0.06))


def lamp_post(at: Section, *, height: float, arm: float) -> Mask:
    """Draw a pole whose arm reaches ``arm`` metres to the right (left if negative)."""
    return post(at, height=height) | capsule(
        at.x, at.y, (0.0, height), (arm, height + 0.2), (0.06, 0.09)
    )


def box(at: Section, *, half: float, low: float, high: float) -> Mask:
    """Draw a rounded box: a traffic light's head, a board, a bin."""
    return rounded_box(at.x, at.y, half, low, high)


def disc(at: Section, *, cy: float, radius: float) -> Mask:
    """Draw a round sign about height ``cy``."""
    return ellipse(at.x, at.y, 0.0, cy, radius, radius)


def mirrored(at: Section, *, shape: Shape) -> Mask:
    """``shape`` facing the other way."""
    return shape(replace(at, x=-at.x))
