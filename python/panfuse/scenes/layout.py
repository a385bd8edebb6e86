"""Where everything stands in a street."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .background import paint_background, paint_frame
from .canvas import Camera, Canvas
from .objects import (
    BICYCLE,
    BUS,
    CAR,
    LANE,
    MOTORCYCLE,
    PARKED,
    PAVEMENT,
    PERSON,
    RIDER,
    ROAD,
    SKY,
    TRAIN,
    TRUCK,
    VEGETATION,
    Standing,
    chance,
    pedestrian,
    post,
    side,
    tree,
    two_wheeler,
    uniform,
    unlabeled_bin,
    vehicle,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

# Out of 100 instances: how many are of each category. A rider comes with what is ridden.
_SHARES = {CAR: 44, PERSON: 32, BICYCLE: 10, MOTORCYCLE: 5, TRUCK: 4, BUS: 3, TRAIN: 2}
_LENGTHS = {CAR: 4.3, TRUCK: 7.0, BUS: 11.0, TRAIN: 26.0}


@dataclass(frozen=True)
class Layout:
    """A painted street.

    Parameters
    ----------
    camera : Camera
    owners : int32 (H, W)
        0 where void, else k for ``segments[k - 1]``.
    segments : list of (category id, is_crowd)
        Some may have no visible pixel.
    """

    camera: Camera
    owners: NDArray[np.int32]
    segments: list[tuple[int, bool]]


def lay_out(
    size: tuple[int, int], rng: Generator, things: int | None, crowds: int, void: bool
) -> Layout:
    """Paint a street.

    Parameters
    ----------
    size : (H, W)
    rng : numpy.random.Generator
    things : int or None
        Instances placed, crowds apart; None: in proportion to the side of the image, at most 48.
    crowds : int
        Crowd regions placed.
    void : bool
        Leave the hood, the side strips, some outlines and bins without a label.
    """
    canvas = Canvas(size, rng)
    stuff = {category: canvas.owner(category) for category in range(ROAD, SKY + 1)}
    paint_background(canvas, stuff, rng)
    root = math.isqrt(size[0] * size[1])
    if things is None:
        things = min(48, root // 17)
    outline = 0 if root < 100 or not void else 1 + root // 1200
    standing = _furniture(rng, stuff)
    standing += _Traffic(canvas, rng, outline).instances(things)
    for _ in range(crowds):
        standing += _crowd(canvas, rng)
    if void:
        standing += [unlabeled_bin(rng) for _ in range(3)]
    for item in sorted(standing, key=lambda item: -item.z):
        item.paint(canvas)
    if void:
        paint_frame(canvas)
    min_area = max(1, size[0] * size[1] // 20000)
    return Layout(canvas.camera, canvas.flatten(min_area), canvas.owners)


def _furniture(rng: Generator, stuff: dict[int, int]) -> list[Standing]:
    """Rows of trees and posts on either side."""
    standing = []
    for sign in (-1.0, 1.0):
        z = uniform(rng, 9.0, 14.0)
        while z < 80.0:
            if chance(rng, 0.62):
                x = sign * uniform(rng, 7.6, 10.4)
                standing.append(tree(rng, stuff[VEGETATION], x, z))
            z += uniform(rng, 5.0, 11.0)
        z = uniform(rng, 8.0, 15.0)
        while z < 70.0:
            standing.append(post(rng, stuff, sign * uniform(rng, 6.1, 6.6), z))
            z += uniform(rng, 9.0, 17.0)
    return standing


class _Traffic:
    """Places instances so that vehicles of a lane do not stand inside each other."""

    def __init__(self, canvas: Canvas, rng: Generator, outline: int) -> None:
        self.canvas = canvas
        self.rng = rng
        self.outline = outline
        self.taken: list[tuple[float, float, float]] = []  # x, z of either end

    def instances(self, count: int) -> list[Standing]:
        """``count`` instances; a rider counts as one more than what is ridden."""
        standing = []
        bag = [category for category, share in _SHARES.items() for _ in range(share)]
        while count > 0:
            category = bag[int(self.rng.integers(len(bag)))]
            outline = self.outline if chance(self.rng, 0.4) else 0
            item = None
            if category in _LENGTHS:
                item = self._vehicle(category, outline)
            elif category in (BICYCLE, MOTORCYCLE) and count > 1:
                item = self._two_wheeler(category, outline)
            if item is None:
                item = self._pedestrian(outline)
            standing.append(item)
            count -= len(item.parts)
        return standing

    def _depth(self, near: float, far: float) -> float:
        """More of them near than far, as seen in the image."""
        t = float(self.rng.random())
        return near + (far - near) * t * t

    def _vehicle(self, category: int, outline: int) -> Standing | None:
        rng, length = self.rng, _LENGTHS[category]
        for _ in range(8):
            parked = category == CAR and chance(rng, 0.55)
            x = side(rng) * (PARKED if parked else LANE) + uniform(rng, -0.25, 0.25)
            near = 9.0 if category == CAR else 18.0
            z = self._depth(near, 60.0)
            clear = all(
                abs(x - other) > 2.0 or z > stop + 0.8 or z + length + 0.8 < start
                for other, start, stop in self.taken
            )
            if clear:
                self.taken.append((x, z, z + length))
                return vehicle(rng, category, self.canvas.owner(category), x, z, outline)
        return None

    def _two_wheeler(self, category: int, outline: int) -> Standing:
        rng = self.rng
        owner = self.canvas.owner(category)
        ridden = category == MOTORCYCLE or chance(rng, 0.6)
        rider = self.canvas.owner(RIDER) if ridden else None
        x = uniform(rng, -5.0, 5.0) if ridden else side(rng) * uniform(rng, PAVEMENT, 8.5)
        return two_wheeler(
            rng,
            owner,
            rider,
            x,
            self._depth(9.0, 32.0),
            motorized=category == MOTORCYCLE,
            outline=outline,
        )

    def _pedestrian(self, outline: int) -> Standing:
        rng = self.rng
        crossing = chance(rng, 0.2)
        x = uniform(rng, -4.0, 4.0) if crossing else side(rng) * uniform(rng, 5.9, 8.6)
        z = self._depth(12.0 if crossing else 7.5, 45.0)
        return pedestrian(rng, self.canvas.owner(PERSON), x, z, outline)


def _crowd(canvas: Canvas, rng: Generator) -> list[Standing]:
    """Place a group that was annotated as one region: people, parked bicycles, or distant cars."""
    kind = int(rng.integers(3))
    sign = side(rng)
    category = (PERSON, BICYCLE, CAR)[kind]
    owner = canvas.owner(category, is_crowd=True)
    count = int(rng.integers(6, 13))
    if category == CAR:
        z = uniform(rng, 45.0, 60.0)
        return [
            vehicle(rng, CAR, owner, sign * (LANE if k % 2 else PARKED), z + 3.0 * k)
            for k in range(count)
        ]
    z = uniform(rng, 12.0, 24.0)
    standing = []
    for k in range(count):
        x = sign * uniform(rng, 6.2, 8.8)
        if category == PERSON:
            standing.append(pedestrian(rng, owner, x, z + uniform(rng, 0.0, 2.5)))
        else:
            standing.append(two_wheeler(rng, owner, None, x, z + 0.25 * k))
    return standing
