"""Arguments of the room `rle` that are no RLEs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from panfuse import _checks

__all__ = [
    "at",
    "flags",
    "integers",
    "like",
    "lists",
    "pair",
    "sequence",
    "side_by_side",
    "size",
    "sizes",
    "sizes_of_all",
]

_MOST_PIXELS = 2**32 - 1


def pair(value: Any, name: str, what: str) -> tuple[int, int]:
    """Two integers, which `what` describes."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected {what}, got {type(value).__name__}")
    items = tuple(value)
    if len(items) != 2:
        raise ValueError(f"{name}: expected {what}, got {len(items)} numbers")
    return _checks.integer(items[0], name), _checks.integer(items[1], name)


def size(value: Any, name: str) -> tuple[int, int]:
    """Height and width of a mask."""
    height, width = pair(value, name, "(height, width)")
    if not (1 <= height < 2**31 and 1 <= width < 2**31 and height * width <= _MOST_PIXELS):
        raise ValueError(
            f"{name}: expected a height and a width from 1 to 2**31 - 1 with fewer than 2**32 "
            f"pixels, got {height} x {width}"
        )
    return height, width


def sizes(value: Any, name: str, batched: bool) -> list[tuple[int, int]]:
    """One size for all, or one for each."""
    if batched and isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        items = list(value)
        if not items or isinstance(items[0], Iterable):
            return [size(item, f"{name}[{i}]") for i, item in enumerate(items)]
        value = items
    return [size(value, name)]


def sizes_of_all(value: Any, count: int, single: bool) -> list[tuple[int, int]]:
    """Take a size for each of `count` masks, given as one or as many."""
    given = sizes(value, "size", not single)
    if len(given) == 1:
        given *= count
    if len(given) != count:
        raise ValueError(f"size: expected one, or one for each of {count} masks, got {len(given)}")
    return given


def sequence(value: Any, name: str) -> Sequence[Any]:
    """Take a list of what stands for many masks."""
    if isinstance(value, Mapping | str | bytes) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected a sequence, got {type(value).__name__}")
    return list(value)


def lists(value: Any, name: str) -> tuple[Sequence[Any], bool]:
    """Take lists of numbers, and whether just one was given."""
    given = sequence(value, name)
    single = not given or not isinstance(given[0], Iterable)
    return ([given] if single else given), single


def integers(value: Any, where: str) -> np.ndarray:
    """Integers of up to 32 bits and more, as an array."""
    try:
        numbers = np.asarray(sequence(value, where))
    except ValueError:  # lists of lists
        raise TypeError(f"{where}: expected a list of integers") from None
    if numbers.shape == (0,):
        return np.zeros(0, np.int64)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise TypeError(f"{where}: expected a list of integers")
    if numbers.min() < -(2**33) or numbers.max() > 2**33:
        raise ValueError(f"{where}: {numbers[np.abs(numbers.astype(float)).argmax()]} is too large")
    return numbers.astype(np.int64)


def flags(value: Any, name: str, count: int) -> np.ndarray:
    """Take `count` bools, or integers that stand for them; None for none that is set."""
    if value is None:
        return np.zeros(count, np.uint8)
    try:
        given = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: expected bools on the CPU ({error})") from None
    if given.shape != (count,):
        raise ValueError(f"{name}: expected {count} values, one for each, got shape {given.shape}")
    if given.size > 0 and given.dtype.kind not in "biu":
        raise TypeError(f"{name}: expected bools or integers, got {given.dtype}")
    flagged: np.ndarray = np.not_equal(given, 0).astype(np.uint8)
    return flagged


def at(name: str, index: int, single: bool) -> str:
    """How errors call one of many."""
    return name if single else f"{name}[{index}]"


def like(rles: Any, results: list[Any]) -> Any:
    """One result where one RLE was given."""
    return results[0] if isinstance(rles, Mapping) else results


def side_by_side(counts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Put the counts of many masks as the kernels take them: where each begins, and all."""
    starts = np.array([0, *accumulate(map(len, counts))], np.int64)
    return starts, np.concatenate([np.zeros(0, np.uint32), *counts]).astype(np.uint32)
