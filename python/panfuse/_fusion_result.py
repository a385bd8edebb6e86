"""What a fusion's kernels return, as a `Panoptic`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse import _arrays, _maps
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
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
    category, is_thing, is_crowd, score, area, bbox, source, value, code = columns
    count = len(category)
    if max_segments is not None and count > max_segments:
        raise OverflowError(f"max_segments: expected room for {count} segments, got {max_segments}")
    segments = Segments(
        np.arange(1, count + 1),
        category,
        is_thing,
        is_crowd=is_crowd,
        score=score,
        area=area,
        bbox=bbox,
        source_index=source,
    )
    result = library.shaped(ids, shape) if out is None else out
    return Panoptic(
        result,
        segments,
        categories=categories,
        decisions=Decisions(code == 0, code),
        original=None if original is None else make_original(result, value, *original),
    )
