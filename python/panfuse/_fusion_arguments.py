"""Checks of what every family of fusions is given, beside its arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from panfuse import _arrays, _checks
from panfuse.categories import Categories, thing_ids

_INT32_MAX = 2**31 - 1
_INT64 = range(-(2**63), 2**63)

ClassRules = tuple[tuple[int, ...], tuple[int, ...], dict[int, int] | None]
Preset = TypeVar("Preset")


def class_rules(
    things: Iterable[int] | Categories,
    semantic_categories: Any,
    ignore: Any,
    *,
    complete: bool = True,
) -> ClassRules:
    """Take what says which category a label or channel is of, and which of them are things.

    `complete` says that things are found in the semantic map and nowhere else.

    Returns
    -------
    things, ignored, categories
        As cpp/bindings/class_rules.h reads them.

    Raises
    ------
    ValueError
        A category id is negative or too large, or `things` names one, or is a `Categories` that
        lacks one, that `semantic_categories` does not agree with.
    """
    countable = tuple(thing_ids(things))
    categories = _mapping(semantic_categories)
    if categories is not None:
        used = set(categories.values())
        if isinstance(things, Categories):
            unknown = sorted(used - set(things.ids.tolist()))
            if unknown:
                raise ValueError(
                    f"semantic_categories: expected category ids of things, got {unknown[0]}"
                )
        elif complete:
            missing = sorted(set(countable) - used)
            if missing:
                raise ValueError(
                    f"things: expected category ids of semantic_categories, got {missing[0]}"
                )
    ignored = tuple(value for value in _checks.integers(ignore, "ignore") if value in _INT64)
    return countable, ignored, categories


def capacity(max_segments: Any) -> int | None:
    """Take a number of segments, or None."""
    if max_segments is None:
        return None
    count = _checks.integer(max_segments, "max_segments")
    if count < 0:
        raise ValueError(f"max_segments: expected 0 or more, got {count}")
    return count


def taken_output(out: Any, **like: Any) -> Any:
    """Take an array to write ids to, that lies where the one array of `like` does."""
    if out is None:
        return None
    _arrays.check_output(out, "out")
    return _arrays.take_floats(**like, out=out)[1][1]


def taken_workspace(workspace: Any, **like: Any) -> Any:
    """Take scratch memory, that lies where the one array of `like` does."""
    if workspace is None:
        return None
    _arrays.check_output(workspace, "workspace")
    return _arrays.take_floats(**like, workspace=workspace)[1][1]


def preset_of(name: Any, presets: Mapping[Any, Preset]) -> Preset:
    """Look a preset up by its name; that of None is the default."""
    if name is not None and not (isinstance(name, str) and name in presets):
        known = ", ".join(repr(one) for one in presets if one is not None)
        raise ValueError(f"preset: expected None or one of {known}, got {name!r}")
    return presets[name]


def one_each(value: Any, count: int, name: str) -> list[Any]:
    """Take what is one for each image of a batch, or None for all."""
    if value is None:
        return [None] * count
    try:
        items = [value[i] for i in range(len(value))]
    except TypeError:
        raise TypeError(
            f"{name}: expected one for each image of the batch, got {type(value).__name__}"
        ) from None
    if len(items) != count:
        raise ValueError(f"{name}: expected one for each of {count} images, got {len(items)}")
    return items


def per_image(value: Any, count: int, name: str) -> list[Any]:
    """Take what is one for a batch, or one for each of its images."""
    if not isinstance(value, (list, tuple)) or not value:
        return [value] * count
    if not hasattr(value[0], "__len__") and value[0] is not None:
        return [value] * count
    return one_each(value, count, name)


def _mapping(semantic_categories: Any) -> dict[int, int] | None:
    if semantic_categories is None:
        return None
    name = "semantic_categories"
    items: Iterable[tuple[Any, Any]]
    if isinstance(semantic_categories, Mapping):
        items = semantic_categories.items()
    else:
        items = enumerate(_checks.integers(semantic_categories, name))
    result = {}
    for value, category in items:
        number = _checks.integer(category, name)
        if not 0 <= number <= _INT32_MAX:
            raise ValueError(f"{name}: expected category ids of 0 to 2**31 - 1, got {number}")
        key = _checks.integer(value, name)
        if key in _INT64:
            result[key] = number
    return result
