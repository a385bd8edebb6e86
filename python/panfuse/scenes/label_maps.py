"""Steps on label maps that the ground truth, the prediction and the network outputs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panfuse import _maps
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
    from panfuse.categories import Categories

    from .noise import Float32

Labels = NDArray[np.int32]


def number_segments(
    labels: Labels,
    category_ids: NDArray[np.int32],
    categories: Categories,
    *,
    is_crowd: NDArray[np.bool_] | None = None,
    score: Float32 | None = None,
) -> Panoptic:
    """Renumber the labels that have pixels 1..N, and tell what they are.

    Parameters
    ----------
    labels : int32 (H, W)
        0 is void; ``k`` is described by row ``k - 1`` of the columns.
    category_ids : int32 (K,)
    categories : Categories
    is_crowd : bool (K,), optional
    score : float32 (K,), optional

    Returns
    -------
    Panoptic
        Ids in the order of the labels.
    """
    found, areas, boxes = _maps.statistics(labels)
    if len(found) and found[0] == 0:
        found, areas, boxes = found[1:], areas[1:], boxes[1:]
    rows = found - 1
    ids = np.zeros(len(category_ids) + 1, np.int32)
    ids[found] = np.arange(1, len(found) + 1)
    things = np.array(sorted(categories.thing_ids))
    segments = Segments(
        ids[found],
        category_ids[rows],
        np.isin(category_ids[rows], things),
        is_crowd=None if is_crowd is None else is_crowd[rows],
        score=None if score is None else score[rows],
        area=areas,
        bbox=boxes,
    )
    return Panoptic(ids[labels], segments, categories=categories)


def fill_void(labels: Labels) -> Labels:
    """Give each void pixel the label to its left, else to its right, else above, else below.

    Parameters
    ----------
    labels : int32 (H, W)

    Returns
    -------
    int32 (H, W)
        A copy; void only where the whole map is.
    """
    filled = _fill_forward(labels)
    filled = _fill_forward(filled[:, ::-1])[:, ::-1]
    filled = _fill_forward(filled.T).T
    filled = _fill_forward(filled[::-1].T).T[::-1]
    return np.ascontiguousarray(filled)


def _fill_forward(labels: Labels) -> Labels:
    """Continue labels to the right over zeros."""
    if labels.all():
        return labels
    source = np.where(labels != 0, np.arange(labels.shape[1], dtype=np.int32), np.int32(0))
    np.maximum.accumulate(source, axis=1, out=source)
    return np.take_along_axis(labels, source, axis=1)


def coverage(labels: Labels, count: int, stride: int) -> Float32:
    """Measure what part of each cell of the network's grid each label covers.

    Parameters
    ----------
    labels : int32 (H, W)
        0 is counted for none.
    count : int
        Labels 1..count.
    stride : int
        Side of a cell in pixels. Cells at the right and lower border reach over the image, as
        over the padding of a network's input; the last row and column are repeated there.

    Returns
    -------
    float32 (count, ceil(H / stride), ceil(W / stride)), values in [0, 1]
    """
    height, width = labels.shape
    h, w = -(-height // stride), -(-width // stride)
    if (h * stride, w * stride) != labels.shape:
        below, beside = h * stride - height, w * stride - width
        labels = np.pad(labels, ((0, below), (0, beside)), mode="edge")
    rows = np.arange(h * stride, dtype=np.int64) // stride
    columns = np.arange(w * stride, dtype=np.int64) // stride
    cells = labels.astype(np.int64)
    cells *= h * w
    cells += rows[:, None] * w
    cells += columns
    counts = np.bincount(cells.ravel(), minlength=(count + 1) * h * w)
    parts = counts[h * w :].reshape(count, h, w).astype(np.float32)
    parts *= np.float32(1.0 / (stride * stride))
    return parts
