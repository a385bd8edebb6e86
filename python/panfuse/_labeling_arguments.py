"""Checks of what the room `labeling` is given, beside its arrays."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from panfuse import _arrays, _checks


def connectivity(value: Any) -> int | None:
    """Take an int or None; what it means depends on the image."""
    if value is None:
        return None
    number = _checks.integer(value, "connectivity")
    return min(max(number, -1), 99)  # what no image has, as a number that the kernels take


def background(value: Any) -> int | float | None:
    """Take a number of Python's or NumPy's; ints stay exact."""
    if value is None:
        return None
    try:
        return index(value)
    except TypeError:
        pass
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"background: expected a number or None, got {type(value).__name__}"
        ) from None


def area(value: Any, name: str) -> int | None:
    """Take a number of pixels, or None."""
    if value is None:
        return None
    pixels = _checks.integer(value, name)
    if pixels < 0:
        raise ValueError(f"{name}: expected 0 or more, got {pixels}")
    return min(pixels, 2**62)


def dtype_name(dtype: Any) -> str:
    """Name a dtype of NumPy's, or of any library whose dtypes end in NumPy's names."""
    if dtype is None:
        return ""
    name = str(dtype).rpartition(".")[2]
    try:
        return str(np.dtype(name if name.isalnum() else dtype).name)
    except TypeError:
        return str(np.dtype(dtype).name)


def taken_output(out: Any, image: Any) -> Any:
    """Take an array to write to, that lies where the image does."""
    if out is None:
        return None
    _arrays.check_output(out, "out")
    return _arrays.take_numbers(image=image, out=out)[1][1]
