"""Checks of the arguments of this room: typed errors that say what was expected and what came."""

from __future__ import annotations

from operator import index
from typing import Any


def integer(name: str, value: Any, minimum: int) -> int:
    """``value`` as an int of at least ``minimum``."""
    if isinstance(value, bool):
        raise TypeError(f"{name}: expected an int, got a bool")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name}: expected an int, got {type(value).__name__}") from None
    if number < minimum:
        raise ValueError(f"{name}: expected an int of at least {minimum}, got {number}")
    return number


def image_size(value: Any) -> tuple[int, int]:
    """``size=`` as (H, W)."""
    try:
        height, width = value
    except (TypeError, ValueError):
        raise TypeError(f"size: expected (H, W), got {value!r}") from None
    return integer("size[0]", height, 1), integer("size[1]", width, 1)


def fraction(name: str, value: Any) -> float:
    """``value`` as a float from 0 to 1."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a float, got {type(value).__name__}") from None
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{name}: expected a float from 0 to 1, got {value}")
    return number


def choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value``, one of a few words."""
    if value not in allowed:
        words = " or ".join(repr(word) for word in allowed)
        raise ValueError(f"{name}: expected {words}, got {value!r}")
    return str(value)
