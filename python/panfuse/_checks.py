"""Checks of plain arguments; each error names the argument."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any


def integer(value: Any, name: str) -> int:
    """Take an int, NumPy's included."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected an integer, got {type(value).__name__}") from None


def integer_within(value: Any, name: str, low: int, high: int | None) -> int:
    """Take an int in [low, high], or from `low` on."""
    result = integer(value, name)
    if result < low or (high is not None and result > high):
        limits = f"{low} or more" if high is None else f"{low} to {high}"
        raise ValueError(f"{name}: expected {limits}, got {result}")
    return result


def integers(value: Any, name: str) -> tuple[int, ...]:
    """One integer or several, as a tuple."""
    if value is None:
        return ()
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return tuple(integer(item, name) for item in value)
    return (integer(value, name),)


def thread_count(threads: Any) -> int | None:
    """``None``, or a positive number of threads."""
    if threads is None:
        return None
    count = integer(threads, "threads")
    if not 1 <= count <= 1024:
        raise ValueError(f"threads: expected a number from 1 to 1024, got {count}")
    return count


def number(value: Any, name: str, low: float, high: float) -> float:
    """Take a float in [low, high)."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}") from None
    if not low <= result < high:
        raise ValueError(f"{name}: expected a number in [{low:g}, {high:g}), got {result:g}")
    return result
