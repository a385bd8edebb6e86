"""What a fusion's kernels return, as a `Panoptic`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse import _arrays, _maps
from panfuse._fusion_table import Columns
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from panfuse._fusion_table import Table
    from panfuse.categories import Categories

__all__ = ["Decisions"]

# In the order of fusion::Decision in cpp/fusion/segments.h.
REASONS = ("kept", "score", "empty", "overlap", "area", "category")


@dataclass(frozen=True, eq=False)
class Decisions:
    """What became of each instance that a fusion was given.

    Attributes
    ----------
    kept : bool (N,)
        Whether the instance is a segment of the result.
    code : uint8 (N,)
        0 for kept, otherwise why not: an index into ``Decisions.reasons``.
    """

    kept: npt.NDArray[np.bool_]
    code: npt.NDArray[np.uint8]

    reasons = REASONS

    def __len__(self) -> int:
        return len(self.code)

    def names(self) -> list[str]:
        """Tell ``"kept"`` or why not, of each instance.

        ``"score"``: below the threshold. ``"empty"``: no pixel. ``"overlap"``: covered by what was
        kept before. ``"area"``: too few pixels left. ``"category"``: no class was voted for, or it
        is none of those that are fused.
        """
        return [REASONS[code] for code in self.code.tolist()]

    def __repr__(self) -> str:
        return f"Decisions({int(self.kept.sum())} of {len(self)} kept)"


@dataclass(frozen=True, eq=False)
class Original:
    """Make the map of a preset's project from that of the ids.

    Attributes
    ----------
    ids : integer array
        The fused map.
    values : int64 (N,)
        What id k + 1 is in the project's map.
    void : int
        What 0 is in it.
    dtype : str
        The project's dtype.
    """

    ids: Any
    values: npt.NDArray[np.int64]
    void: int
    dtype: str

    def __call__(self) -> Any:
        keys = np.arange(len(self.values) + 1)
        values = np.concatenate([[self.void], self.values]).astype(self.dtype)
        return _maps.relabel(self.ids, keys, values)


def panoptic(
    library: _arrays.Library,
    ids: Any,
    shape: tuple[int, ...],
    columns: tuple[npt.NDArray[Any], ...],
    *,
    out: Any = None,
    categories: Categories | None = None,
    original: tuple[int, str] | None = None,
    make_original: type = Original,
    max_segments: int | None = None,
) -> Panoptic:
    """Make the result of a fusion.

    Parameters
    ----------
    library : Library
        Of the arrays that were given.
    ids : array
        What the kernels filled, with one axis; not read if `out` is given.
    shape : tuple of int
        Of the map.
    columns : tuple of arrays
        As cpp/bindings/fused_columns.h makes them.
    out : array, optional
        The caller's own array, where the kernels have written the ids.
    categories : Categories, optional
        Of the result.
    original : (void, dtype), optional
        Of the map of the preset's project; None where there was no preset.
    make_original : type
        What makes that map: `Original`, or another of its fields.
    max_segments : int, optional
        The most segments the caller has room for.

    Raises
    ------
    OverflowError
        There are more than `max_segments`.
    """
    rows = Columns(*columns)
    count = len(rows.category)
    if max_segments is not None and count > max_segments:
        raise OverflowError(f"max_segments: expected room for {count} segments, got {max_segments}")
    result = library.shaped(ids, shape) if out is None else out
    return Panoptic(
        result,
        _segments(rows),
        categories=categories,
        decisions=_decisions(rows),
        original=None if original is None else make_original(result, rows.original, *original),
    )


def pending(
    library: _arrays.Library,
    ids: Any,
    shape: tuple[int, ...],
    table: Table,
    *,
    out: Any = None,
    categories: Categories | None = None,
    original: tuple[int, str] | Callable[[Columns], tuple[int, str]] | None = None,
    make_original: type = Original,
) -> Panoptic:
    """Make the result of a fusion that a device has yet to finish; as `panoptic`.

    Nothing is read before somebody asks for it, but with ``PANFUSE_SYNC=1``. `original` may also
    say what it is once the rows are known.
    """
    result = library.shaped(ids, shape) if out is None else out
    if os.environ.get("PANFUSE_SYNC") == "1":
        table.read()
    return Panoptic(
        result,
        lambda: _segments(table.read()),
        categories=categories,
        decisions=lambda: _decisions(table.read()),
        original=None
        if original is None
        else PendingOriginal(result, table, original, make_original),
        table=table,
    )


@dataclass(frozen=True, eq=False)
class PendingOriginal:
    """Make the map of a preset's project once the rows are known; pickled as what then makes it.

    Attributes
    ----------
    ids : integer array
        The fused map.
    table : Table
    original : (void, dtype), or callable that finds them in the rows
    make : type
        `Original`, or another of its fields.
    """

    ids: Any
    table: Table
    original: tuple[int, str] | Callable[[Columns], tuple[int, str]]
    make: type

    def __call__(self) -> Any:
        make, fields = self.__reduce__()
        return make(*fields)()

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        rows = self.table.read()
        known = self.original(rows) if callable(self.original) else self.original
        return self.make, (self.ids, rows.original, *known)


def _segments(rows: Columns) -> Segments:
    return Segments(
        np.arange(1, len(rows.category) + 1),
        rows.category,
        rows.is_thing,
        is_crowd=rows.is_crowd,
        score=rows.score,
        area=rows.area,
        bbox=rows.bbox,
        source_index=rows.source,
    )


def _decisions(rows: Columns) -> Decisions:
    return Decisions(rows.decisions == 0, rows.decisions)
