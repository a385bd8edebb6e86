"""What must hold between a map of segment ids, its segments and its categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from panfuse import _maps
from panfuse.segments import Segments

if TYPE_CHECKING:
    from panfuse.categories import Categories


def require_rows(segments: Any, shape: tuple[int, ...], categories: Categories | None) -> None:
    """Raise unless these are segments that fit a map's rank and the categories."""
    if not isinstance(segments, Segments):
        raise TypeError(f"segments: expected Segments, got {type(segments).__name__}")
    width = 2 * len(shape)
    if segments.bbox.shape[1] != width and (segments.bbox >= 0).any():
        raise ValueError(
            f"segments: expected bbox (N, {width}) for ids of shape {shape}, "
            f"got {segments.bbox.shape}"
        )
    if categories is None:
        return
    known = np.isin(segments.category_id, categories.ids)
    if not known.all():
        row = int(np.argmin(known))
        raise ValueError(
            f"segments: expected categories of {categories!r}, got "
            f"{segments.category_id[row]} (segment {segments.id[row]})"
        )
    agrees = categories.is_thing[categories.to_contiguous(segments.category_id)]
    agrees = agrees == segments.is_thing
    if not agrees.all():
        row = int(np.argmin(agrees))
        raise ValueError(
            f"segments: segment {segments.id[row]} of category {segments.category_id[row]} "
            f"has is_thing {segments.is_thing[row]}, but categories say otherwise"
        )


def with_statistics(ids: Any, segments: Segments) -> Segments:
    """Fill areas and boxes that are unknown (-1); 0 for a segment without pixels."""
    no_area = segments.area < 0
    no_box = segments.bbox[:, 0] < 0
    rank = len(ids.shape)
    if not (no_area.any() or no_box.any() or segments.bbox.shape[1] != 2 * rank):
        return segments
    labels, areas, boxes = _maps.statistics(ids)
    counted_area = np.zeros(len(segments), np.int64)
    counted_box = np.zeros((len(segments), 2 * rank), np.int32)
    present = np.isin(segments.id, labels)
    position = np.searchsorted(labels, segments.id[present])
    counted_area[present] = areas[position]
    counted_box[present] = boxes[position]
    known_box = segments.bbox if segments.bbox.shape == counted_box.shape else counted_box
    return segments.replace(
        area=np.where(no_area, counted_area, segments.area),
        bbox=np.where(no_box[:, None], counted_box, known_box),
    )


def check(ids: Any, segments: Segments) -> None:
    """Raise unless ids, areas and boxes of the segments are those of the pixels."""
    labels, areas, boxes = _maps.statistics(ids)
    is_segment = labels != 0
    labels, areas, boxes = labels[is_segment], areas[is_segment], boxes[is_segment]
    stray = labels[~np.isin(labels, segments.id)]
    if stray.size:
        raise ValueError(f"ids: pixel id {stray[0]} has no segment")
    empty = segments.id[~np.isin(segments.id, labels)]
    if empty.size:
        raise ValueError(f"segments: segment {empty[0]} has no pixel")
    for name, given, counted in (("area", segments.area, areas), ("bbox", segments.bbox, boxes)):
        differs = np.unique(np.nonzero(given != counted)[0])
        if differs.size:
            row = differs[0]
            raise ValueError(
                f"segments: segment {segments.id[row]} has {name} {given[row].tolist()}, "
                f"but its pixels have {counted[row].tolist()}"
            )
