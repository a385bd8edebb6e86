"""The encoding ``category_id * label_divisor + instance number``, as DeepLab2 defines it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panfuse import _maps
from panfuse.segments import Segments

_INT32_MAX = 2**31 - 1


def read(
    encoded: Any, label_divisor: int, things: frozenset[int], voids: list[int]
) -> tuple[Any, Segments]:
    """Make the map of ids 1 to N, ascending with the encoded value, and the segments."""
    labels, areas, boxes = _maps.statistics(encoded, "encoded")
    is_segment = ~np.isin(labels, np.array(voids, np.int64))
    values = labels[is_segment]
    if values.size and values[0] < 0:
        raise ValueError(f"encoded: expected values >= 0 where not void, got {values[0]}")
    category, instance = np.divmod(values, label_divisor)
    if values.size and category[-1] > _INT32_MAX:
        raise ValueError(
            f"encoded: expected category ids below 2**31, got {category[-1]} (value {values[-1]})"
        )
    is_thing = np.isin(category, np.array(sorted(things), np.int64))
    wrong = np.flatnonzero(~is_thing & (instance > 0))
    if wrong.size:
        row = wrong[0]
        raise ValueError(
            f"encoded: expected instance 0 for stuff, got value {values[row]}: instance "
            f"{instance[row]} of category {category[row]}, which is not among things"
        )
    ids = np.where(is_segment, np.cumsum(is_segment), 0).astype(np.int32)
    segments = Segments(
        ids[is_segment],
        category,
        is_thing,
        is_crowd=is_thing & (instance == 0),
        area=areas[is_segment],
        bbox=boxes[is_segment],
    )
    return _maps.relabel(encoded, labels, ids), segments


def codes(segments: Segments, label_divisor: int) -> list[int]:
    """Compute the encoded value of each segment.

    Python's ints, so that no product overflows before its range is checked.
    """
    instances: dict[int, int] = {}
    values: list[int] = []
    counted = (segments.is_thing & ~segments.is_crowd).tolist()
    for category, is_counted in zip(segments.category_id.tolist(), counted, strict=True):
        if is_counted:
            instances[category] = instances.get(category, 0) + 1
        values.append(category * label_divisor + (instances[category] if is_counted else 0))
    for category, count in instances.items():
        if count >= label_divisor:
            raise ValueError(
                f"label_divisor: expected more than the {count} instances of category "
                f"{category}, got {label_divisor}"
            )
    return values


def paint(
    ids: Any, segments: Segments, values: npt.NDArray[Any], void: int, dtype: np.dtype[Any]
) -> Any:
    """Make the map of each segment's value, and `void` in void pixels."""
    keys = np.concatenate([[0], segments.id]).astype(np.int64)
    painted = np.concatenate([np.array([void], np.int64), values]).astype(dtype)
    try:
        return _maps.relabel(ids, keys, painted)
    except KeyError as error:
        raise ValueError(f"ids: pixel id {error.args[0]} has no segment") from None
