"""The canvas a scene is painted on: a pinhole camera, jittered pixel coordinates, layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .noise import Float32, fractal_noise, smooth_noise

if TYPE_CHECKING:
    from numpy.random import Generator

Mask = NDArray[np.bool_]

CAMERA_HEIGHT = 2.2  # metres above the road


@dataclass(frozen=True)
class Section:
    """The pixels around an object, in the object's own coordinates.

    Parameters
    ----------
    x, y : float32 (h, w)
        Metres right of its axis, and above the ground.
    rough : float32 (h, w)
        Noise in [-1, 1].
    t : float
        Where along its length the section lies: 0 at the near end, 1 at the far end.
    """

    x: Float32
    y: Float32
    rough: Float32
    t: float


#: The mask of the pixels of a section that are inside.
Shape = Callable[[Section], Mask]


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera above a flat road.

    Parameters
    ----------
    center, horizon : float
        The vanishing point: x and y in pixels.
    focal : float
        Focal length in pixels: an object of 1 m at a depth of z metres is ``focal / z`` tall.
    """

    center: float
    horizon: float
    focal: float

    @classmethod
    def draw(cls, size: tuple[int, int], rng: Generator) -> Camera:
        """Draw a camera for an image of ``size`` (H, W), its vanishing point near the middle."""
        height, width = size
        across, down = (float(value) for value in rng.random(2))
        return cls(
            center=width * (0.44 + 0.12 * across),
            horizon=height * (0.40 + 0.06 * down),
            focal=0.62 * max(width, height),
        )


@dataclass(frozen=True)
class Layer:
    """One painted shape: ``mask`` (bool) covers ``ids[rows, columns]`` and belongs to ``owner``."""

    rows: slice
    columns: slice
    mask: Mask
    owner: int


class Canvas:
    """Layers painted back to front, in coordinates whose jitter makes every border irregular.

    Parameters
    ----------
    size : (H, W)
    rng : numpy.random.Generator

    Attributes
    ----------
    camera : Camera
    u, v : float32 (H, W)
        Pixels right of and below the vanishing point, displaced by smooth noise: what is a
        straight edge in (u, v) is a hand-drawn one in the image.
    rough : float32 (H, W)
        Fractal noise in [-1, 1], for leaves.
    owners : list of (category id, is_crowd)
        Owner ``k + 1`` of a layer is ``owners[k]``; owner 0 is void.
    """

    def __init__(self, size: tuple[int, int], rng: Generator) -> None:
        self.size = size
        self.camera = Camera.draw(size, rng)
        height, width = size
        # Side of the square that would show the scene as well: the unit of the noise.
        scale = math.sqrt(height * width)
        self.u = self._jitter(rng, scale)
        self.u += np.arange(width, dtype=np.float32) + np.float32(0.5 - self.camera.center)
        self.v = self._jitter(rng, scale)
        rows = np.arange(height, dtype=np.float32) + np.float32(0.5 - self.camera.horizon)
        self.v += rows[:, None]
        self.rough = fractal_noise(rng, size, scale / 14.0, 6, persistence=0.8)
        self.layers: list[Layer] = []
        self.owners: list[tuple[int, bool]] = []

    def _jitter(self, rng: Generator, scale: float) -> Float32:
        """Displacement in pixels: a wobble that grows with the image, and a pixel of tremble."""
        field = smooth_noise(rng, self.size, scale / 24.0)
        field *= np.float32(0.0035 * scale)
        tremble = smooth_noise(rng, self.size, 2.6)
        tremble *= np.float32(min(0.9, 0.01 * scale))
        field += tremble
        return field

    def owner(self, category_id: int, is_crowd: bool = False) -> int:
        """Make a new owner of layers: one segment of the scene."""
        self.owners.append((category_id, is_crowd))
        return len(self.owners)

    def paint(self, mask: Mask, owner: int, window: tuple[slice, slice] | None = None) -> None:
        """Put a mask on top, over the whole image or over a window of it."""
        if window is None:
            window = (slice(0, self.size[0]), slice(0, self.size[1]))
        if mask.any():
            self.layers.append(Layer(window[0], window[1], mask, owner))

    def window(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[slice, slice] | None:
        """Find the pixels of a rectangle given relative to the vanishing point; None if outside."""
        height, width = self.size
        y0 = math.floor(max(0.0, top + self.camera.horizon))
        y1 = math.ceil(min(float(height), bottom + self.camera.horizon))
        x0 = math.floor(max(0.0, left + self.camera.center))
        x1 = math.ceil(min(float(width), right + self.camera.center))
        if y0 >= y1 or x0 >= x1:
            return None
        return slice(y0, y1), slice(x0, x1)

    def place(
        self,
        shape: Shape,
        owner: int,
        *,
        x: float,
        z: float,
        half_width: float,
        height: float,
        length: float = 0.0,
        outline: int = 0,
    ) -> None:
        """Stand an object on the ground and paint its silhouette.

        Parameters
        ----------
        shape : Shape
            Its cross-section, facing the camera.
        owner : int
        x, z : float
            Where it stands: metres right of the camera, and in front of it.
        half_width, height : float
            Metres that hold the shape: ``abs(x) <= half_width`` and ``0 <= y <= height``.
        length : float
            Metres it reaches away from the camera; the silhouette is the union of slices.
        outline : int
            Width in pixels of the void left around it.
        """
        focal = self.camera.focal
        near, far = focal / z, focal / (z + length)
        margin = 3.0 + outline + 0.0035 * math.sqrt(self.size[0] * self.size[1])
        window = self.window(
            min((x - half_width) * near, (x - half_width) * far) - margin,
            min((CAMERA_HEIGHT - height) * near, (CAMERA_HEIGHT - height) * far) - margin,
            max((x + half_width) * near, (x + half_width) * far) + margin,
            CAMERA_HEIGHT * near + margin,
        )
        if window is None:
            return
        # One slice for each tenth of the object's width that perspective shifts it by.
        shift = abs(x) * (near - far) / (0.2 * half_width * near)
        slices = 1 if length == 0.0 else min(14, 5 + int(shift))
        mask: Mask | None = None
        for index in range(slices):
            t = index / max(1, slices - 1)
            metres = np.float32((z + length * t) / focal)
            section = Section(
                self.u[window] * metres - np.float32(x),
                np.float32(CAMERA_HEIGHT) - self.v[window] * metres,
                self.rough[window],
                t,
            )
            part = shape(section)
            mask = part if mask is None else mask | part
        if mask is None or not mask.any():
            return
        if outline:
            self.paint(_dilate(mask, outline) & ~mask, 0, window)
        self.paint(mask, owner, window)

    def flatten(self, min_area: int) -> NDArray[np.int32]:
        """Tell the owner of each pixel, less owners with fewer than ``min_area`` visible pixels.

        What was hidden behind a layer that is left out shows again.

        Returns
        -------
        int32 (H, W)
        """
        count = len(self.owners) + 1
        hidden: set[int] = set()
        while True:
            owners = np.zeros(self.size, np.int32)
            for layer in self.layers:
                if layer.owner not in hidden:
                    owners[layer.rows, layer.columns][layer.mask] = layer.owner
            areas = np.bincount(owners.ravel(), minlength=count)
            small = {k for k in range(1, count) if 0 < areas[k] < min_area}
            if not small:
                return owners
            hidden |= small


def _dilate(mask: Mask, radius: int) -> Mask:
    """Grow a mask by ``radius`` pixels in the four directions."""
    for _ in range(radius):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    return mask
