"""The street itself: sky, facades, ground, garden walls; and what the annotator left void."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .canvas import CAMERA_HEIGHT, Canvas
from .objects import (
    BUILDING,
    FENCE,
    ROAD,
    SIDEWALK,
    SKY,
    TERRAIN,
    VEGETATION,
    WALL,
    chance,
    side,
    uniform,
)

if TYPE_CHECKING:
    from numpy.random import Generator

    from .noise import Float32

# Half widths in metres, from the middle of the road.
ROAD_EDGE = 5.6
WALK_EDGE = 9.0
FACADE = 11.5
HOUSE_LENGTH = 13.0  # metres of facade along the street per building
FAR = 130.0  # depth in metres of the trees that close the street


def paint_background(canvas: Canvas, stuff: dict[int, int], rng: Generator) -> None:
    """Paint all that does not stand on the ground.

    Parameters
    ----------
    canvas : Canvas
    stuff : dict
        Owner of each stuff category.
    rng : numpy.random.Generator
    """
    u, v, rough = canvas.u, canvas.v, canvas.rough
    canvas.paint(np.ones(canvas.size, np.bool_), stuff[SKY])
    hills = np.float32(13.0) + rough * np.float32(11.0)
    canvas.paint(-v * np.float32(FAR / canvas.camera.focal) < hills, stuff[VEGETATION])
    # A point (u, v) of the ground is at depth focal * CAMERA_HEIGHT / v, and there at
    # u * CAMERA_HEIGHT / v metres from the axis.
    ground = v > 0
    lateral = np.abs(u) * np.float32(CAMERA_HEIGHT)
    canvas.paint(ground, stuff[SIDEWALK])
    edge = np.float32(WALK_EDGE - 0.6) + rough
    canvas.paint(ground & (lateral > edge * v), stuff[TERRAIN])
    _paint_houses(canvas, stuff[BUILDING], rng)
    _paint_hedges(canvas, stuff[VEGETATION], rng)
    for category, height in ((WALL, 1.5), (FENCE, 1.15), (FENCE, 1.3)):
        _paint_boundary(canvas, category, stuff[category], height, rng)
    canvas.paint(ground & (lateral < np.float32(ROAD_EDGE) * v), stuff[ROAD])


def _paint_houses(canvas: Canvas, owner: int, rng: Generator) -> None:
    """Two rows of houses in the planes x = -FACADE and x = FACADE, with gaps between some."""
    count = int(FAR / HOUSE_LENGTH)
    heights = np.empty((2, count), np.float32)
    for row in range(2):
        for house in range(count):
            height = uniform(rng, 6.0, 15.0)
            heights[row, house] = 0.0 if chance(rng, 0.16) else height
    depth, height_at = facade_coordinates(canvas.u, canvas.v, canvas.camera.focal, FACADE)
    house_at = np.minimum(depth * np.float32(1 / HOUSE_LENGTH), np.float32(count - 1))
    top = heights[(canvas.u > 0).astype(np.intp), house_at.astype(np.intp)]
    # A tall house has a gable: its roof steps up over the middle of the front.
    middle = np.abs(house_at - np.floor(house_at) - np.float32(0.5)) < np.float32(0.3)
    top += (middle & (top > 9)) * np.float32(1.3)
    canvas.paint((height_at > 0) & (height_at < top) & (depth < np.float32(FAR)), owner)


def _paint_hedges(canvas: Canvas, owner: int, rng: Generator) -> None:
    """Bushes in front of some houses: thick where the noise of the leaves is high."""
    depth, height_at = facade_coordinates(canvas.u, canvas.v, canvas.camera.focal, FACADE - 0.8)
    grows = np.array([[chance(rng, 0.45) for _ in range(20)] for _ in range(2)])
    stretch = np.minimum(depth * np.float32(20 / FAR), np.float32(19)).astype(np.intp)
    top = np.float32(1.5) + canvas.rough * np.float32(4.5)
    mask = grows[(canvas.u > 0).astype(np.intp), stretch]
    mask &= (height_at > 0) & (height_at < top) & (depth < np.float32(FAR))
    canvas.paint(mask, owner)


def _paint_boundary(
    canvas: Canvas, category: int, owner: int, height: float, rng: Generator
) -> None:
    """Paint a garden wall or a fence along a stretch of one side."""
    sign = side(rng)
    plane = WALK_EDGE + uniform(rng, 0.2, 0.8)
    start = uniform(rng, 9.0, 38.0)
    stop = start + uniform(rng, 9.0, 24.0)
    focal = canvas.camera.focal
    left, right = sorted((sign * plane * focal / start, sign * plane * focal / stop))
    near = focal / start
    window = canvas.window(
        left, (CAMERA_HEIGHT - height) * near - 3, right, CAMERA_HEIGHT * near + 3
    )
    if window is None:
        return
    depth, height_at = facade_coordinates(canvas.u[window], canvas.v[window], focal, plane)
    mask = (height_at > 0) & (height_at < np.float32(height))
    if category == FENCE:
        # Slats of 0.14 m with gaps of 0.1 m under a rail, until they melt into one at 20 m.
        slats = depth * np.float32(1 / 0.24)
        slat = slats - np.floor(slats) >= np.float32(0.4)
        rail = np.abs(height_at - np.float32(height - 0.25)) < np.float32(0.08)
        mask &= slat | rail | (depth > 20)
    canvas.paint(mask, owner, window)


def facade_coordinates(
    u: Float32, v: Float32, focal: float, plane: float
) -> tuple[Float32, Float32]:
    """Where the rays of pixels meet the upright planes ``plane`` metres left and right.

    Parameters
    ----------
    u, v : float32, shapes that broadcast
        Pixels right of and below the vanishing point.
    focal, plane : float

    Returns
    -------
    depth, height : float32
        Metres in front of the camera, and above the ground.
    """
    metres = np.maximum(np.abs(u), np.float32(1e-2))
    np.divide(np.float32(plane), metres, out=metres)
    return np.float32(focal) * metres, np.float32(CAMERA_HEIGHT) - v * metres


def paint_frame(canvas: Canvas) -> None:
    """Leave void what rectification and the car itself hide: side strips and the hood."""
    height, width = canvas.size
    strip = round(width * 0.004)
    if strip:
        mask = np.zeros(canvas.size, np.bool_)
        mask[:, :strip] = True
        mask[:, width - strip :] = True
        canvas.paint(mask, 0)
    window = canvas.window(-math.inf, height * 0.8 - canvas.camera.horizon, math.inf, math.inf)
    if window is None:
        return
    across = (canvas.u[window] + np.float32(canvas.camera.center - width / 2)) * np.float32(
        2.0 / width
    )
    down = (canvas.v[window] + np.float32(canvas.camera.horizon)) * np.float32(1.0 / height)
    # An arch that is 8 % of the height in the middle of the bottom.
    arch = across * across * np.float32(0.09) + np.float32(0.92)
    canvas.paint(down > arch, 0, window)
