"""The segments of one panoptic result, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Segments"]

_REPR_ROWS = 10


class Segments:
    """An immutable table of segments: one row per segment id, in ascending order of id.

    The columns are read-only NumPy arrays on the host. Indexing with a position, slice, boolean
    mask or ascending positions gives the `Segments` of those rows; iteration gives one-row
    `Segments`. Tables are equal when all columns are, an unknown score being equal to another.

    Parameters
    ----------
    id : ints (N,)
        Strictly ascending, 1 to 2**31 - 1. Kept as int32.
    category_id : ints (N,)
        0 to 2**31 - 1. Kept as int32, the type of the label maps that hold category ids.
    is_thing : bools (N,)
        Whether the category is countable; 0 and 1 are welcome, here and in `is_crowd`.
    is_crowd : bools (N,), optional
        Whether the segment is a group of instances that nobody told apart. Default: none is.
    score : floats (N,), optional
        Confidence, kept as float32; nan where unknown (the default).
    area : ints (N,), optional
        Pixels, kept as int64; -1 where unknown (the default).
    bbox : ints (N, 4), optional
        COCO's (x, y, w, h) in pixels, kept as int32; a row of -1 where unknown (the default).
        For maps of another rank R, (N, 2 * R): the smallest index along each axis, last axis
        first, then the extents in the same order.
    source_index : ints (N,), optional
        The input instance or query the segment came from, kept as int32; -1 for none (the
        default).

    Raises
    ------
    TypeError
        If a column has the wrong dtype; the message names it.
    ValueError
        If a column has the wrong length or values, or ids are not ascending and unique; the
        message names the column, row and value.

    Examples
    --------
    >>> import panfuse as pf
    >>> segments = pf.Segments([2, 5], [17, 200], [True, False], area=[30, 12], score=[0.9, 0.5])
    >>> segments
    Segments(2)
     id  category_id  is_thing  is_crowd  score  area           bbox  source_index
      2           17      True     False    0.9    30  [-1 -1 -1 -1]            -1
      5          200     False     False    0.5    12  [-1 -1 -1 -1]            -1
    >>> segments.index([5, 2])
    array([1, 0])
    >>> segments[segments.is_thing].id
    array([2], dtype=int32)
    """

    __slots__ = (
        "area",
        "bbox",
        "category_id",
        "id",
        "is_crowd",
        "is_thing",
        "score",
        "source_index",
    )

    id: npt.NDArray[np.int32]
    category_id: npt.NDArray[np.int32]
    is_thing: npt.NDArray[np.bool_]
    is_crowd: npt.NDArray[np.bool_]
    score: npt.NDArray[np.float32]
    area: npt.NDArray[np.int64]
    bbox: npt.NDArray[np.int32]
    source_index: npt.NDArray[np.int32]

    def __init__(
        self,
        id: npt.ArrayLike,  # noqa: A002 (the columns' names are the data model's)
        category_id: npt.ArrayLike,
        is_thing: npt.ArrayLike,
        *,
        is_crowd: npt.ArrayLike | None = None,
        score: npt.ArrayLike | None = None,
        area: npt.ArrayLike | None = None,
        bbox: npt.ArrayLike | None = None,
        source_index: npt.ArrayLike | None = None,
    ) -> None:
        ids = _integers("id", id, np.int32, 1, None)
        count = len(ids)
        unordered = np.flatnonzero(ids[1:] <= ids[:-1])
        if unordered.size:
            row = int(unordered[0]) + 1
            raise ValueError(
                "id: expected strictly ascending ids, "
                f"got {ids[row]} in row {row} after {ids[row - 1]}"
            )
        columns: dict[str, npt.NDArray[Any]] = {
            "id": ids,
            "category_id": _integers("category_id", category_id, np.int32, 0, count),
            "is_thing": _flags("is_thing", is_thing, count),
            "is_crowd": _flags("is_crowd", _or_all(is_crowd, False, count), count),
            "score": _floats("score", _or_all(score, np.nan, count), count),
            "area": _integers("area", _or_all(area, -1, count), np.int64, -1, count),
            "bbox": _boxes("bbox", _or_all(bbox, -1, (count, 4)), count),
            "source_index": _integers(
                "source_index", _or_all(source_index, -1, count), np.int32, -1, count
            ),
        }
        for name, column in columns.items():
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name}: Segments are immutable; use replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name}: Segments are immutable")

    def replace(self, **columns: npt.ArrayLike) -> Segments:
        """Copy with other values in the given columns.

        Raises
        ------
        TypeError
            If a name is no column.
        """
        return Segments(**{**self._columns(), **columns})

    def index(self, ids: Any) -> Any:
        """Find the rows of segment ids.

        Parameters
        ----------
        ids : int, or ints of any shape

        Returns
        -------
        int for an int, otherwise intp array of the same shape

        Raises
        ------
        ValueError
            Naming the first id that has no row.
        """
        wanted = np.asarray(ids)
        if wanted.size and wanted.dtype.kind not in "iu":
            raise TypeError(f"ids: expected ints, got dtype {wanted.dtype}")
        keys = np.atleast_1d(wanted).astype(np.int64)
        rows = np.searchsorted(self.id, keys)
        found = rows < len(self)
        found[found] = self.id[rows[found]] == keys[found]
        if not found.all():
            missing = np.atleast_1d(wanted)[~found].flat[0]
            raise ValueError(f"ids: expected ids of these {len(self)} segments, got {missing}")
        return rows if wanted.ndim else int(rows[0])

    def __len__(self) -> int:
        return len(self.id)

    def __iter__(self) -> Iterator[Segments]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, rows: Any) -> Segments:
        if not isinstance(rows, slice):
            rows = np.asarray(rows)
            if rows.dtype.kind not in "biu" and rows.size:
                raise TypeError(
                    f"rows: expected an int, slice, mask or positions, got dtype {rows.dtype}"
                )
            if rows.dtype.kind == "b" and rows.shape != (len(self),):
                raise ValueError(f"rows: expected a mask of {len(self)}, got shape {rows.shape}")
            if rows.dtype.kind != "b":
                rows = np.atleast_1d(rows).astype(np.intp)
                if rows.size and not -len(self) <= rows.min() <= rows.max() < len(self):
                    raise IndexError(f"rows: expected positions below {len(self)}, got {rows}")
        return Segments(**{name: column[rows] for name, column in self._columns().items()})

    def _columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Segments.__annotations__}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segments):
            return NotImplemented
        theirs = other._columns()
        return all(
            np.array_equal(column, theirs[name], equal_nan=name == "score")
            for name, column in self._columns().items()
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_columns, (self._columns(),)

    def __repr__(self) -> str:
        shown = {name: column[:_REPR_ROWS] for name, column in self._columns().items()}
        cells = [[name, *map(str, column)] for name, column in shown.items()]
        widths = [max(map(len, column)) for column in cells]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in zip(*cells, strict=True)
        ]
        if len(self) > _REPR_ROWS:
            lines.append(f"... {len(self) - _REPR_ROWS} more")
        return "\n ".join([f"Segments({len(self)})", *(lines if len(self) else [])])


def _from_columns(columns: dict[str, Any]) -> Segments:
    return Segments(**columns)


def _or_all(
    values: npt.ArrayLike | None, default: Any, shape: int | tuple[int, ...]
) -> npt.ArrayLike:
    return np.full(shape, default) if values is None else values


def _column(name: str, values: npt.ArrayLike, ndim: int, count: int | None) -> npt.NDArray[Any]:
    try:
        column = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: expected values on the host, got {error}") from error
    if column.ndim != ndim or (count is not None and len(column) != count):
        rows = "N" if count is None else count
        expected = f"({rows},)" if ndim == 1 else f"({rows}, 2 * rank)"
        raise ValueError(f"{name}: expected shape {expected}, got {column.shape}")
    return column


def _integers(
    name: str, values: npt.ArrayLike, dtype: type[Any], low: int, count: int | None, ndim: int = 1
) -> npt.NDArray[Any]:
    column = _column(name, values, ndim, count)
    if column.size and column.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected ints, got dtype {column.dtype}")
    high = int(np.iinfo(dtype).max)
    outside = np.argwhere((column < low) | (column > high))
    if outside.size:
        place = tuple(outside[0])
        raise ValueError(
            f"{name}: expected values of {low} to {high}, got {column[place]} in row {place[0]}"
        )
    return column.astype(dtype)


def _boxes(name: str, values: npt.ArrayLike, count: int) -> npt.NDArray[np.int32]:
    if count == 0 and np.size(values) == 0 and np.ndim(values) == 1:
        return np.zeros((0, 4), np.int32)
    boxes = cast("npt.NDArray[np.int32]", _integers(name, values, np.int32, -1, count, 2))
    if boxes.shape[1] == 0 or boxes.shape[1] % 2:
        raise ValueError(f"{name}: expected shape ({count}, 2 * rank), got {boxes.shape}")
    partial = np.flatnonzero((boxes < 0).any(1) & (boxes >= 0).any(1))
    if partial.size:
        row = int(partial[0])
        raise ValueError(
            f"{name}: expected no negative value, or -1 throughout for an unknown box, "
            f"got {boxes[row].tolist()} in row {row}"
        )
    return boxes


def _flags(name: str, values: npt.ArrayLike, count: int) -> npt.NDArray[np.bool_]:
    column = _column(name, values, 1, count)
    if column.size and column.dtype.kind not in "biu":
        raise TypeError(f"{name}: expected bools, got dtype {column.dtype}")
    wrong = np.flatnonzero((column != 0) & (column != 1))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(f"{name}: expected True or False (1 or 0), got {column[row]} in row {row}")
    return column.astype(np.bool_)


def _floats(name: str, values: npt.ArrayLike, count: int) -> npt.NDArray[np.float32]:
    column = _column(name, values, 1, count)
    if column.size and column.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected floats, got dtype {column.dtype}")
    return column.astype(np.float32)
