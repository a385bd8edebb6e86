"""Panoptic results to runs, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from panfuse._rle_ids import decode_ids, encode_ids
from panfuse._rle_list import RleList
from panfuse.segments import Segments

__all__ = ["read", "write"]


def write(ids: Any, segments: Segments, text: bool, threads: int | None) -> RleList:
    """Make the runs of a map, all of whose ids must be segments."""
    rles = encode_ids(ids, text=text, threads=threads)
    stray = rles.ids[~np.isin(rles.ids, segments.id)]
    if stray.size:
        raise ValueError(f"ids: pixel id {stray[0]} has no segment")
    return rles


def read(rles: Any, segments: Any, size: Any = None, order: Any = None) -> tuple[Any, Segments]:
    """Paint the masks of segments; areas and boxes are left to be counted from the map."""
    if not isinstance(segments, Segments):
        raise TypeError(f"segments: expected Segments, got {type(segments).__name__}")
    if not isinstance(rles, (list, tuple, RleList)):
        raise TypeError(f"rles: expected a list, got {type(rles).__name__}")
    if len(rles) != len(segments):
        raise ValueError(
            f"rles: expected a mask for each of {len(segments)} segments, got {len(rles)}"
        )
    if isinstance(rles, RleList):
        given = rles.ids
    else:
        given = [rle.get("id") if isinstance(rle, dict) else None for rle in rles]
    for row, (found, wanted) in enumerate(zip(given, segments.id, strict=True)):
        if found is not None and found != wanted:
            raise ValueError(f"rles[{row}]: expected the id {wanted} of its segment, got {found}")
    ids, _ = decode_ids(rles, segments.id, size=size, order=order)
    unknown = {"area": np.full(len(segments), -1), "bbox": np.full((len(segments), 4), -1)}
    return ids, segments.replace(**unknown)
