"""The outputs of a bottom-up network (Panoptic-DeepLab) that would produce a scene."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .instances import semantic_labels, semantic_logits
from .noise import Float32, exp, smooth_noise

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from panfuse.categories import Categories
    from panfuse.panoptic import Panoptic

    from .label_maps import Labels

# Standard deviation of a centre's Gaussian in an image of 1024 x 2048: Panoptic-DeepLab's 8 px.
_SIGMA = 8.0
_SIGMA_SIDE = math.sqrt(1024 * 2048)


@dataclass(frozen=True, eq=False)
class CenterOutputs:
    """What a bottom-up network puts out for one image.

    The grid is ``h = ceil(H / stride)`` by ``w = ceil(W / stride)``; its point (i, j) is at
    ``y = (i + 0.5) * stride - 0.5``, ``x = (j + 0.5) * stride - 0.5`` in output pixels.

    Attributes
    ----------
    semantic : int32 (h, w) or float32 (C, h, w)
        Category ids, or logits whose channel c is ``categories.ids[c]``.
    heatmap : float32 (h, w)
        Gaussians of height up to 1 about the centres of things, and noise below 0.05.
    offsets : float32 (2, h, w)
        dy, dx from the point to the centre of its thing, in output pixels whatever the stride;
        noise where there is none.
    size : (H, W)
        The image.
    padded_size : (h * stride, w * stride)
        What the grid covers: upsample it to that (half-pixel centres), crop to ``size``.
    """

    semantic: Labels | Float32
    heatmap: Float32
    offsets: Float32
    size: tuple[int, int]
    padded_size: tuple[int, int]


def center_outputs(
    prediction: Panoptic,
    categories: Categories,
    rng: Generator,
    *,
    stride: int,
    semantic: str,
    error: float,
) -> CenterOutputs:
    """Write a prediction as semantic labels, centres and offsets.

    ``semantic`` is ``"labels"`` or ``"logits"``. The centre of a thing is the mean of its pixels.
    """
    segments = prediction.segments
    height, width = prediction.ids.shape
    h, w = -(-height // stride), -(-width // stride)
    ys = _grid_points(h, stride)
    xs = _grid_points(w, stride)
    # Nearest pixel of each grid point; half-way points go up, and the padding to the border.
    rows = np.minimum((ys + 0.5).astype(np.intp), height - 1)
    columns = np.minimum((xs + 0.5).astype(np.intp), width - 1)
    ids = prediction.ids[rows[:, None], columns]

    centers = _mean_points(prediction)
    heatmap = smooth_noise(rng, (h, w), 5.0) * np.float32(0.02) + np.float32(0.02)
    sigma = max(1.5, _SIGMA * math.sqrt(height * width) / _SIGMA_SIDE, 0.75 * stride)
    for row in np.flatnonzero(segments.is_thing).tolist():
        peak = 0.55 + 0.45 * float(rng.random())
        _draw_gaussian(heatmap, ys, xs, centers[row].tolist(), sigma, peak)

    # Offsets miss by up to a few pixels, by more the larger the image is.
    reach = np.float32(0.5 + 0.01 * error * math.sqrt(height * width))
    targets = np.zeros((len(segments) + 1, 2), np.float32)
    targets[1:] = centers
    is_thing = np.zeros(len(segments) + 1, np.bool_)
    is_thing[1:] = segments.is_thing
    on_thing = is_thing[ids]
    offsets = np.empty((2, h, w), np.float32)
    for axis, points in enumerate((ys[:, None], xs)):
        offsets[axis] = targets[:, axis][ids] - points.astype(np.float32)
        offsets[axis] *= on_thing
        offsets[axis] += smooth_noise(rng, (h, w), 7.0) * reach

    if semantic == "logits":
        classes: Labels | Float32 = semantic_logits(prediction, categories, rng, stride=stride)
    else:
        channels = semantic_labels(prediction, categories)[rows[:, None], columns]
        classes = categories.ids.astype(np.int32)[channels]
    return CenterOutputs(classes, heatmap, offsets, (height, width), (h * stride, w * stride))


def _grid_points(count: int, stride: int) -> NDArray[np.float64]:
    return (np.arange(count, dtype=np.float64) + np.float64(0.5)) * stride - np.float64(0.5)


def _mean_points(prediction: Panoptic) -> NDArray[np.float64]:
    """Compute the mean (y, x) of the pixels of each segment: float64 (N, 2)."""
    ids, count = prediction.ids, len(prediction.segments)
    height, width = ids.shape
    # Sums of integers below 2**53 are exact in the doubles that bincount adds.
    flat = ids.astype(np.int64)
    per_row = np.bincount(
        (flat + np.arange(height)[:, None] * (count + 1)).ravel(), minlength=height * (count + 1)
    ).reshape(height, count + 1)
    per_column = np.bincount(
        (flat + np.arange(width) * (count + 1)).ravel(), minlength=width * (count + 1)
    ).reshape(width, count + 1)
    areas = per_row.sum(axis=0)[1:]
    y = (per_row * np.arange(height)[:, None]).sum(axis=0)[1:] / areas
    x = (per_column * np.arange(width)[:, None]).sum(axis=0)[1:] / areas
    return np.stack([y, x], axis=1)


def _draw_gaussian(
    heatmap: Float32,
    ys: NDArray[np.float64],
    xs: NDArray[np.float64],
    center: list[float],
    sigma: float,
    peak: float,
) -> None:
    """Raise the heatmap to a Gaussian, within 3 sigma of its centre."""
    sides: list[slice] = []
    factors: list[NDArray[np.float64]] = []
    for points, at in zip((ys, xs), center, strict=True):
        first, last = np.searchsorted(points, (at - 3 * sigma, at + 3 * sigma))
        sides.append(slice(int(first), int(last)))
        distance = (points[first:last] - at) / sigma
        factors.append(exp(distance * distance * -0.5))
    bump = (factors[0][:, None] * factors[1] * peak).astype(np.float32)
    window = heatmap[sides[0], sides[1]]
    np.maximum(window, bump, out=window)
