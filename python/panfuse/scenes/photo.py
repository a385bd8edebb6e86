"""A synthetic photo: flat colours with shading, windows, lane markings and sensor noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .background import FACADE, HOUSE_LENGTH, facade_coordinates
from .canvas import CAMERA_HEIGHT, Camera
from .noise import Float32, fractal_noise
from .objects import BUILDING, PERSON, RIDER, ROAD, SKY, TRAIN, VEGETATION

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from panfuse.panoptic import Panoptic

# Daylight colours of the categories 0..18.
_COLORS = np.array(
    [
        (92, 92, 96),
        (148, 142, 136),
        (168, 148, 128),
        (150, 140, 132),
        (128, 104, 84),
        (112, 114, 118),
        (54, 56, 50),
        (196, 58, 48),
        (70, 98, 48),
        (112, 132, 68),
        (150, 188, 226),
        (88, 86, 110),
        (120, 76, 66),
        (120, 124, 132),
        (176, 168, 152),
        (188, 62, 52),
        (206, 178, 64),
        (60, 60, 70),
        (52, 66, 82),
    ],
    np.float32,
)
_UNLABELED = (44, 46, 52)


def photograph(panoptic: Panoptic, camera: Camera, rng: Generator) -> NDArray[np.uint8]:
    """Make a picture of the scene.

    Parameters
    ----------
    panoptic : Panoptic
        Ids 1..N.
    camera : Camera
    rng : numpy.random.Generator

    Returns
    -------
    uint8 (H, W, 3)
    """
    ids, segments = panoptic.ids, panoptic.segments
    height, width = ids.shape
    categories = np.full(len(segments) + 1, -1, np.int32)
    categories[1:] = segments.category_id
    colors = np.empty((len(segments) + 1, 3), np.float32)
    colors[0] = _UNLABELED
    colors[1:] = _COLORS[segments.category_id]
    # Paint and clothes: each thing is lighter or darker, and has a tint of its own.
    tints = rng.random((len(segments), 4), dtype=np.float32) - np.float32(0.5)
    tints = tints[:, :3] * np.float32(60) + tints[:, 3:] * np.float32(150)
    colors[1:] += tints * segments.is_thing[:, None]
    image = colors[ids]
    category = categories[ids]

    u = np.arange(width, dtype=np.float32) + np.float32(0.5 - camera.center)
    v = (np.arange(height, dtype=np.float32) + np.float32(0.5 - camera.horizon))[:, None]
    _paint_windows(image, category == BUILDING, u, v, camera)
    _paint_markings(image, category == ROAD, u, v, camera)
    _dress(image, panoptic, category)

    root = math.sqrt(height * width)
    light = fractal_noise(rng, (height, width), root / 8.0, 6, persistence=0.75)
    strength = np.where(category == VEGETATION, np.float32(0.9), np.float32(0.22))
    strength[category == SKY] = 0.1
    light *= strength
    light += np.float32(1.0)
    # The sky pales towards the horizon, and the ground darkens towards the camera.
    slope = np.clip(v * np.float32(1.0 / height), -0.5, 0.6)
    light *= np.where(slope < 0, 1.0 - 0.25 * slope, 1.0 - 0.3 * slope).astype(np.float32)
    image *= light[:, :, None]
    image += (rng.random(image.shape, dtype=np.float32) - np.float32(0.5)) * np.float32(9)
    picture: NDArray[np.uint8] = np.clip(image, 0, 255).astype(np.uint8)
    return picture


def _paint_windows(
    image: Float32, facade: NDArray[np.bool_], u: Float32, v: Float32, camera: Camera
) -> None:
    """Rows of windows in perspective; every second house is darker."""
    rows, columns = np.nonzero(facade)
    depth, height_at = facade_coordinates(u[columns], v[rows, 0], camera.focal, FACADE)
    house = (depth * np.float32(1 / HOUSE_LENGTH)).astype(np.int32)
    colors = image[rows, columns]
    colors *= (np.float32(0.82) + np.float32(0.12) * (house * 7 % 4))[:, None]
    across = depth * np.float32(1 / 2.6)
    storey = height_at * np.float32(1 / 3.0)
    across -= np.floor(across)
    storey -= np.floor(storey)
    window = (np.abs(across - np.float32(0.5)) < 0.24) & (np.abs(storey - np.float32(0.6)) < 0.24)
    colors[window & (depth < 70)] = (62, 70, 84)
    image[rows, columns] = colors


def _paint_markings(
    image: Float32, road: NDArray[np.bool_], u: Float32, v: Float32, camera: Camera
) -> None:
    """Draw a dashed line in the middle of the road, and a line along either side."""
    per_pixel = np.float32(CAMERA_HEIGHT) / np.maximum(v, np.float32(0.5))
    x = np.abs(u) * per_pixel
    period = np.float32(camera.focal) * per_pixel * np.float32(1 / 7.0)
    dash = period - np.floor(period) < np.float32(0.5)
    lines = ((x < np.float32(0.09)) & dash) | (np.abs(x - np.float32(3.5)) < np.float32(0.07))
    image[lines & road] = (208, 208, 200)


def _dress(image: Float32, panoptic: Panoptic, category: NDArray[np.int32]) -> None:
    """Windows and wheels for vehicles, skin and trousers for people, by height in their box."""
    boxes = np.zeros((len(panoptic.segments) + 1, 4), np.float32)
    boxes[1:] = panoptic.segments.bbox
    boxes[0, 3] = 1
    rows, columns = np.nonzero((category >= PERSON) & (category <= TRAIN))
    kinds = category[rows, columns]
    of = panoptic.ids[rows, columns]
    down = (rows.astype(np.float32) - boxes[of, 1]) / boxes[of, 3]
    people = kinds <= RIDER
    colors = image[rows, columns]
    colors[people & (down < 0.17)] = (196, 152, 124)
    colors[people & (down > 0.52)] *= np.float32(0.5)
    colors[~people & (down > 0.08) & (down < 0.4)] = (52, 60, 72)
    colors[~people & (down > 0.82)] *= np.float32(0.35)
    image[rows, columns] = colors
