"""Checks of the fields of a category, and colours for the categories that bring none.

Each check returns the value in its plain Python type or raises with `name`, which says where the
value stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

_MAX_ID = 2**31 - 1


def category_id(value: Any, name: str) -> int:
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: expected an int, got a bool")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name}: expected an int, got {type(value).__name__}") from None
    if not 0 <= number <= _MAX_ID:
        raise ValueError(f"{name}: expected an id of 0 to 2**31 - 1, got {number}")
    return number


def flag(value: Any, name: str) -> bool:
    if isinstance(value, bool | int | np.bool_ | np.integer) and value in (0, 1):
        return bool(value)
    raise ValueError(f"{name}: expected True or False (1 or 0), got {value!r}")


def require_text(value: Any, name: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a str, got {type(value).__name__}")


def color(value: Any, name: str) -> tuple[int, int, int]:
    try:
        red, green, blue = (index(channel) for channel in value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected 3 ints (RGB), got {value!r}") from None
    if not all(0 <= channel <= 255 for channel in (red, green, blue)):
        raise ValueError(f"{name}: expected channels of 0 to 255, got {value!r}")
    return red, green, blue


def record(value: Any, name: str) -> tuple[int, str, bool, str | None, Any]:
    """Read the id, name, is_thing, supercategory and colour of a COCO category dict."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name}: expected a dict, got {type(value).__name__}")
    name = f"{name} (id {value.get('id')!r}, name {value.get('name')!r})"
    for required in ("id", "name", "isthing"):
        if required not in value:
            raise ValueError(f"{name}: expected the field {required!r}, which is missing")
    supercategory, rgb = value.get("supercategory"), value.get("color")
    require_text(value["name"], f"{name}: field 'name'")
    if supercategory is not None:
        require_text(supercategory, f"{name}: field 'supercategory'")
    return (
        category_id(value["id"], f"{name}: field 'id'"),
        value["name"],
        flag(value["isthing"], f"{name}: field 'isthing'"),
        supercategory,
        None if rgb is None else color(rgb, f"{name}: field 'color'"),
    )


def column(values: Iterable[Any] | None, name: str, count: int | None) -> list[Any]:
    """List the values of a column; `count` of them, None each where there is no column."""
    if values is None and count is not None:
        return [None] * count
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: expected a sequence, got {type(values).__name__}")
    entries = list(values)
    if count is not None and len(entries) != count:
        raise ValueError(f"{name}: expected one per id ({count}), got {len(entries)}")
    return entries


def integers(values: Any, name: str) -> npt.NDArray[np.int64]:
    flat = np.asarray(values)
    if flat.size and flat.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected ints, got dtype {flat.dtype}")
    return flat.astype(np.int64)


def fill_colors(entries: list[Any]) -> npt.NDArray[np.uint8]:
    """Colours (C, 3): each None becomes the first colour of the VOC palette not yet taken."""
    given = [None if e is None else color(e, f"colors[{row}]") for row, e in enumerate(entries)]
    taken = set(given)
    palette = map(_voc_color, range(1, 1 << 24))
    free = (candidate for candidate in palette if candidate not in taken)
    filled = [next(free) if entry is None else entry for entry in given]
    return np.array(filled, np.uint8).reshape(len(filled), 3)


def _voc_color(number: int) -> tuple[int, int, int]:
    """Colour `number` of the PASCAL VOC palette: distinct for 0 (black) to 2**24 - 1."""
    channels = [0, 0, 0]
    for bit in range(24):
        channels[bit % 3] |= (number >> bit & 1) << (7 - bit // 3)
    return channels[0], channels[1], channels[2]
