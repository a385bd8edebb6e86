"""Segments in another set of categories, and stuff segments that become one there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from panfuse import _category_fields as fields
from panfuse.categories import Categories

if TYPE_CHECKING:
    from panfuse.segments import Segments


def recategorise(
    segments: Segments, mapping: Mapping[int, int], categories: Categories | None
) -> Segments:
    """Give segments the categories of `mapping`, things as `categories` say."""
    if not isinstance(mapping, Mapping):
        raise TypeError(f"mapping: expected a mapping, got {type(mapping).__name__}")
    if categories is not None and not isinstance(categories, Categories):
        raise TypeError(f"categories: expected a Categories, got {type(categories).__name__}")
    occurring = np.unique(segments.category_id).tolist()
    missing = [category for category in occurring if category not in mapping]
    if missing:
        raise ValueError(f"mapping: expected the categories that occur, got none for {missing}")
    targets = {old: fields.category_id(mapping[old], f"mapping[{old}]") for old in occurring}
    new = np.array([targets[old] for old in segments.category_id.tolist()], np.int32)
    is_thing = segments.is_thing
    if categories is not None:
        unknown = {category for category in targets.values() if category not in categories}
        if unknown:
            raise ValueError(f"mapping: expected ids of categories, got {sorted(unknown)}")
        is_thing = categories.is_thing[categories.to_contiguous(new)]
    mixed = np.intersect1d(new[is_thing], new[~is_thing])
    if mixed.size:
        raise ValueError(
            f"mapping: expected things or stuff in category {mixed[0]}, got both; "
            "pass categories= to say which it is"
        )
    return segments.replace(category_id=new, is_thing=is_thing)


def merge_stuff(segments: Segments) -> tuple[Segments, npt.NDArray[np.int32]]:
    """Join the stuff segments of one category and crowd flag under the smallest of their ids.

    Returns
    -------
    segments : Segments
        Areas added, boxes joined; of the joined ones score and source index unknown.
    owners : int32 (N,)
        The id that each of the given segments now goes by.
    """
    count = len(segments)
    owner = np.arange(count)
    first: dict[tuple[int, bool], int] = {}
    for row in np.flatnonzero(~segments.is_thing).tolist():
        key = int(segments.category_id[row]), bool(segments.is_crowd[row])
        owner[row] = first.setdefault(key, row)
    rank = segments.bbox.shape[1] // 2
    area = np.zeros(count, np.int64)
    np.add.at(area, owner, segments.area)
    low, high = segments.bbox[:, :rank], segments.bbox[:, :rank] + segments.bbox[:, rank:]
    start, stop = low.copy(), high.copy()
    np.minimum.at(start, owner, low)
    np.maximum.at(stop, owner, high)
    joined = np.bincount(owner, minlength=count) > 1
    merged = segments.replace(
        area=area,
        bbox=np.concatenate([start, stop - start], axis=1),
        score=np.where(joined, np.float32(np.nan), segments.score),
        source_index=np.where(joined, -1, segments.source_index),
    )
    return merged[np.unique(owner)], segments.id[owner]
