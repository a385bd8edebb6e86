"""The outputs of a detector with masks and a semantic head (Panoptic FPN, UPSNet)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .label_maps import Labels, coverage, fill_void
from .noise import Float32, logistic, symmetric_noise

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from panfuse.categories import Categories
    from panfuse.panoptic import Panoptic

# Logit where a mask, or a class, is sure; where it is sure of the contrary, the negative.
_MASK_LOGIT = 5.0
_CLASS_LOGIT = 6.0
# Samples along each axis of a mask cell.
_SAMPLES = 4


@dataclass(frozen=True, eq=False)
class InstanceOutputs:
    """What a detector with masks puts out for one image.

    Attributes
    ----------
    masks : float32 (N, m, m)
        RoI masks as probabilities: cell (i, j) of mask k covers the i-th of m equal rows and the
        j-th of m equal columns of box k.
    mask_logits : float32 (N, m, m)
        The same before the logistic function.
    boxes : float32 (N, 4)
        x0, y0, x1, y1 in output pixels; pixel (y, x) covers [y, y + 1) x [x, x + 1).
    scores : float32 (N,)
        In no particular order.
    category_ids : int32 (N,)
    semantic_logits : float32 (C, h, w)
        Channel c is ``categories.ids[c]``, things included; ``h = ceil(H / stride)``,
        ``w = ceil(W / stride)``.
    size : (H, W)
        The image.
    padded_size : (h * stride, w * stride)
        What the semantic logits cover: upsample them to it (half-pixel centres), crop to ``size``.
    """

    masks: Float32
    mask_logits: Float32
    boxes: Float32
    scores: Float32
    category_ids: NDArray[np.int32]
    semantic_logits: Float32
    size: tuple[int, int]
    padded_size: tuple[int, int]


def instance_outputs(
    prediction: Panoptic,
    categories: Categories,
    rng: Generator,
    *,
    mask_size: int,
    stride: int,
    error: float,
) -> InstanceOutputs:
    """Write a prediction as detections and semantic logits.

    Each thing is detected once; every third once more, shifted and less sure; and a quarter as
    many detections again are of low score.
    """
    segments = prediction.segments
    things = np.flatnonzero(segments.is_thing)
    sure = segments.score[things]
    again = things[::3]
    weak = rng.permutation(things)[: len(things) // 4]
    rows = np.concatenate([things, again, weak])
    scores = np.concatenate(
        [
            sure,
            sure[::3] * (np.float32(0.6) + np.float32(0.35) * rng.random(len(again), np.float32)),
            np.float32(0.05) + np.float32(0.4) * rng.random(len(weak), np.float32),
        ]
    )
    order = rng.permutation(len(rows))
    rows, scores = rows[order], scores[order]
    shaky = (order >= len(things)).astype(np.float32)

    boxes = segments.bbox[rows].astype(np.float32)
    sides = boxes[:, 2:].copy()
    boxes[:, 2:] += boxes[:, :2]
    # A box is off by a few percent of its side; that of a second detection, by more.
    amount = (np.float32(0.03 * error) + np.float32(0.06) * shaky)[:, None]
    boxes += symmetric_noise(rng, boxes.shape) * amount * np.concatenate([sides, sides], axis=1)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + np.float32(0.5))

    logits = symmetric_noise(rng, (len(rows), mask_size, mask_size)) * np.float32(0.5)
    for index, row in enumerate(rows.tolist()):
        part = _roi_coverage(prediction.ids, int(segments.id[row]), boxes[index], mask_size)
        logits[index] += (part * np.float32(2) - np.float32(1)) * np.float32(_MASK_LOGIT)
    height, width = prediction.ids.shape
    semantic = semantic_logits(prediction, categories, rng, stride=stride)
    h, w = semantic.shape[1:]
    return InstanceOutputs(
        masks=logistic(logits),
        mask_logits=logits,
        boxes=boxes,
        scores=scores,
        category_ids=segments.category_id[rows],
        semantic_logits=semantic,
        size=(height, width),
        padded_size=(h * stride, w * stride),
    )


def _roi_coverage(ids: Labels, segment_id: int, box: Float32, mask_size: int) -> Float32:
    """Measure what part of each cell of a box's mask a segment covers: float32 (m, m)."""
    samples = mask_size * _SAMPLES
    steps = (np.arange(samples) + 0.5) / samples
    corners = box.astype(np.float64)
    inside: list[NDArray[np.bool_]] = []
    places: list[NDArray[np.intp]] = []
    for axis, length in enumerate(ids.shape):
        start, stop = corners[1 - axis], corners[3 - axis]
        at = np.floor(start + (stop - start) * steps).astype(np.intp)
        inside.append((at >= 0) & (at < length))
        places.append(np.clip(at, 0, length - 1))
    hit = ids[places[0][:, None], places[1]] == segment_id
    hit &= inside[0][:, None] & inside[1]
    cells = hit.reshape(mask_size, _SAMPLES, mask_size, _SAMPLES).sum(axis=(1, 3))
    part: Float32 = cells.astype(np.float32) * np.float32(1.0 / _SAMPLES**2)
    return part


def semantic_labels(prediction: Panoptic, categories: Categories) -> Labels:
    """Give each pixel the channel of its category: a network gives void pixels a class as well.

    Returns
    -------
    int32 (H, W)
        0 throughout where the whole prediction is void.
    """
    channels = np.zeros(len(prediction.segments) + 1, np.int32)
    channels[1:] = categories.to_contiguous(prediction.segments.category_id)
    return channels[fill_void(prediction.ids)]


def semantic_logits(
    prediction: Panoptic, categories: Categories, rng: Generator, *, stride: int
) -> Float32:
    """Write a prediction as the logits of a semantic segmentation network.

    Returns
    -------
    float32 (C, ceil(H / stride), ceil(W / stride))
    """
    labels = semantic_labels(prediction, categories) + np.int32(1)
    logits = coverage(labels, len(categories), stride)
    logits *= np.float32(_CLASS_LOGIT)
    noise = rng.random(logits.shape, dtype=np.float32)
    noise *= np.float32(1.6)
    logits += noise
    logits -= np.float32(0.8)
    return logits
