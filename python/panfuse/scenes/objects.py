"""What stands in a street: trees, posts, people, vehicles. Categories are Cityscapes' trainIds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import shapes

if TYPE_CHECKING:
    from numpy.random import Generator

    from .canvas import Canvas, Shape

ROAD, SIDEWALK, BUILDING, WALL, FENCE, POLE, LIGHT, SIGN, VEGETATION, TERRAIN, SKY = range(11)
PERSON, RIDER, CAR, TRUCK, BUS, TRAIN, MOTORCYCLE, BICYCLE = range(11, 19)
#: Owner of what the annotator left without a label.
VOID = 0

PARKED, LANE, PAVEMENT = 4.55, 1.9, 6.9  # metres from the middle of the road


def uniform(rng: Generator, low: float, high: float) -> float:
    """Draw a uniform number."""
    return low + (high - low) * float(rng.random())


def chance(rng: Generator, probability: float) -> bool:
    """Return True with a probability."""
    return float(rng.random()) < probability


def side(rng: Generator) -> float:
    """-1 for the left of the street or 1 for the right."""
    return 1.0 if chance(rng, 0.5) else -1.0


@dataclass(frozen=True)
class Standing:
    """Something that stands at (x, z), its parts painted in order; see `Canvas.place`."""

    x: float
    z: float
    parts: tuple[tuple[Shape, int], ...]
    half_width: float
    height: float
    length: float = 0.0
    outline: int = 0

    def paint(self, canvas: Canvas) -> None:
        """Paint the parts."""
        for shape, owner in self.parts:
            canvas.place(
                shape,
                owner,
                x=self.x,
                z=self.z,
                half_width=self.half_width,
                height=self.height,
                length=self.length,
                outline=self.outline,
            )


def tree(rng: Generator, owner: int, x: float, z: float) -> Standing:
    """Grow a tree."""
    radius = uniform(rng, 1.5, 2.7)
    cy = uniform(rng, 3.6, 5.4)
    shape = partial(shapes.tree, cy=cy, radius=radius)
    return Standing(x, z, ((shape, owner),), 2.1 * radius, cy + 2.4 * radius)


def post(rng: Generator, stuff: dict[int, int], x: float, z: float) -> Standing:
    """Make a lamp post, or a pole with a traffic light, a round sign or a board."""
    kind = int(rng.integers(4))
    if kind == 0:
        shape = partial(shapes.lamp_post, height=6.2, arm=-1.8 if x > 0 else 1.8)
        return Standing(x, z, ((shape, stuff[POLE]),), 2.0, 6.5)
    height = (3.4, 2.7, 3.0)[kind - 1]
    category, head = (
        (LIGHT, partial(shapes.box, half=0.19, low=height - 0.95, high=height)),
        (SIGN, partial(shapes.disc, cy=height - 0.35, radius=0.36)),
        (SIGN, partial(shapes.box, half=0.34, low=height - 0.9, high=height)),
    )[kind - 1]
    pole = partial(shapes.post, height=height)
    return Standing(x, z, ((pole, stuff[POLE]), (head, stuff[category])), 0.4, height + 0.1)


def unlabeled_bin(rng: Generator) -> Standing:
    """Make a bin or a bench on the pavement that no category covers."""
    half = uniform(rng, 0.3, 0.6)
    height = uniform(rng, 0.8, 1.3)
    shape = partial(shapes.box, half=half, low=0.0, high=height)
    x = side(rng) * uniform(rng, 6.8, 8.6)
    return Standing(x, uniform(rng, 8.0, 30.0), ((shape, VOID),), half, height)


def pedestrian(rng: Generator, owner: int, x: float, z: float, outline: int = 0) -> Standing:
    """Someone on foot."""
    shape = partial(shapes.person, stride=uniform(rng, 0.1, 0.7), reach=uniform(rng, 0.0, 0.3))
    return Standing(x, z, ((shape, owner),), 0.65, 1.8, outline=outline)


def two_wheeler(
    rng: Generator,
    owner: int,
    rider_owner: int | None,
    x: float,
    z: float,
    *,
    motorized: bool = False,
    outline: int = 0,
) -> Standing:
    """Make a bicycle or motorcycle across the street, with or without its rider."""
    frame: Shape = shapes.motorcycle if motorized else shapes.bicycle
    seated: Shape = partial(shapes.rider, lean=uniform(rng, 0.05, 0.3))
    if chance(rng, 0.5):
        frame = partial(shapes.mirrored, shape=frame)
        seated = partial(shapes.mirrored, shape=seated)
    parts: tuple[tuple[Shape, int], ...] = ((frame, owner),)
    if rider_owner is not None:
        parts += ((seated, rider_owner),)
    return Standing(x, z, parts, 1.0, 1.9, outline=outline)


def vehicle(
    rng: Generator, category: int, owner: int, x: float, z: float, outline: int = 0
) -> Standing:
    """Make a car, truck, bus or train along the street, its near end at depth ``z``."""
    if category == CAR:
        roof = uniform(rng, 1.4, 1.75)
        shape: Shape = partial(shapes.car, roof=roof)
        return Standing(x, z, ((shape, owner),), 0.92, roof, 4.3, outline)
    if category == TRUCK:
        return Standing(x, z, ((shapes.truck, owner),), 1.25, 3.3, 7.0, outline)
    length = 11.0 if category == BUS else 26.0
    return Standing(x, z, ((shapes.bus, owner),), 1.3, 3.1, length, outline)
