"""How a set is judged: which categories, by which protocol, in which order floats are added."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, get_args

from panfuse.categories import Categories
from panfuse.evaluation import Protocol

PROTOCOLS = get_args(Protocol)


@dataclass(frozen=True, slots=True)
class Rules:
    """Two states can be put together if their rules are equal."""

    categories: Categories
    protocol: Protocol
    fold: int | None

    def require_same(self, other: Rules) -> None:
        for name in ("protocol", "fold", "categories"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise ValueError(f"other: expected {name} {mine!r}, got {theirs!r}")


def checked(categories: Any, protocol: Any, fold: Any) -> Rules:
    """Make rules of a caller's arguments."""
    require_protocol(protocol, fold)
    if not isinstance(categories, Categories):
        categories = Categories.from_coco(categories)
    return Rules(categories, protocol, None if fold is None else operator.index(fold))


def require_protocol(protocol: Any, fold: Any) -> None:
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol: expected one of {PROTOCOLS}, got {protocol!r}")
    if fold is None:
        return
    try:
        workers = operator.index(fold)
    except TypeError:
        raise TypeError(f"fold: expected an integer, got {type(fold).__name__}") from None
    if workers < 1:
        raise ValueError(f"fold: expected a positive number of workers, got {workers}")
    if protocol != "panopticapi":
        raise ValueError(
            f'fold: only protocol="panopticapi" adds in the order of workers, got {protocol!r}, '
            "whose sums do not depend on order"
        )
