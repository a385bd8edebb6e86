"""The data model's operations, literally: one mask per segment, one pixel at a time.

The oracle of tests/panoptic. Slow and plain on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

Map = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Row:
    """What is said about one segment."""

    id: int
    category_id: int
    is_thing: bool
    is_crowd: bool = False


def area(mask: npt.NDArray[np.bool_]) -> int:
    return sum(1 for pixel in mask.flat if pixel)


def bbox(mask: npt.NDArray[np.bool_]) -> list[int]:
    """(x, y, w, h), or for any rank first indices and extents, last axis first."""
    places = np.argwhere(mask)
    if not len(places):
        return [0] * (2 * mask.ndim)
    first = [min(int(place[axis]) for place in places) for axis in range(mask.ndim)]
    last = [max(int(place[axis]) for place in places) for axis in range(mask.ndim)]
    extents = [b - a + 1 for a, b in zip(first, last, strict=True)]
    return first[::-1] + extents[::-1]


def statistics(ids: Map) -> dict[int, tuple[int, list[int]]]:
    """Area and box of every label."""
    labels = sorted({int(label) for label in ids.flat})
    return {label: (area(ids == label), bbox(ids == label)) for label in labels}


def semantic(ids: Map, rows: Iterable[Row], void: int) -> npt.NDArray[np.int64]:
    result = np.full(ids.shape, void, np.int64)
    for row in rows:
        result[ids == row.id] = row.category_id
    return result


def to_encoded(
    ids: Map, rows: Iterable[Row], label_divisor: int, void: int
) -> npt.NDArray[np.int64]:
    result = np.full(ids.shape, void, np.int64)
    seen: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: row.id):
        number = 0
        if row.is_thing and not row.is_crowd:
            number = seen[row.category_id] = seen.get(row.category_id, 0) + 1
        result[ids == row.id] = row.category_id * label_divisor + number
    return result


def from_encoded(
    encoded: Map, label_divisor: int, things: set[int], voids: set[int]
) -> tuple[npt.NDArray[np.int64], list[Row]]:
    ids = np.zeros(encoded.shape, np.int64)
    rows: list[Row] = []
    for value in sorted({int(value) for value in encoded.flat} - voids):
        category, instance = value // label_divisor, value % label_divisor
        is_thing = category in things
        rows.append(Row(len(rows) + 1, category, is_thing, is_thing and instance == 0))
        ids[encoded == value] = len(rows)
    return ids, rows


def map_categories(
    ids: Map, rows: Iterable[Row], mapping: dict[int, int], merge_stuff: bool
) -> tuple[Map, list[Row]]:
    """Without new categories: each segment stays the thing or stuff it is."""
    result = ids.copy()
    kept: list[Row] = []
    for row in sorted(rows, key=lambda row: row.id):
        new = Row(row.id, mapping[row.category_id], row.is_thing, row.is_crowd)
        same = [
            other
            for other in kept
            if (other.category_id, other.is_crowd) == (new.category_id, new.is_crowd)
            and not other.is_thing
            and not new.is_thing
        ]
        if merge_stuff and same:
            result[ids == row.id] = same[0].id
        else:
            kept.append(new)
    return result, kept
