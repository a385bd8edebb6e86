"""The segments of one map as runs, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import index
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from panfuse import _backend

__all__ = ["RleList"]


class RleList(Sequence[dict[str, Any]]):
    """The masks of a map's segments: a sequence of dicts that are made when they are asked for.

    A dict has the items ``id``, ``size`` [H, W], ``counts`` (COCO's string), ``area`` and ``bbox``
    [x, y, w, h], in plain Python types. Slices are an `RleList`. Two are equal when their sizes,
    ids and counts are. Every function of `panfuse.rle` takes it without making the dicts.

    Parameters
    ----------
    columns : tuple
        What the kernels made; `encode_ids` makes the list.
    text : bool
        Whether counts are str, ready for JSON, or bytes.

    Attributes
    ----------
    size : (int, int)
        H and W of the map.
    ids : int32 array (N,)
        Ascending.
    areas : int64 array (N,)
        Pixels.
    bboxes : int32 array (N, 4)
        COCO's (x, y, w, h).

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> rles = pf.rle.encode_ids(np.array([[7, 7, 0], [0, 7, 9]], np.uint8))
    >>> rles
    RleList(2 in 2x3)
    >>> rles[0]
    {'id': 7, 'size': [2, 3], 'counts': b'01111', 'area': 3, 'bbox': [0, 0, 2, 2]}
    >>> rles.ids, rles.areas
    (array([7, 9], dtype=int32), array([3, 1]))
    """

    __slots__ = ("_counts", "_starts", "areas", "bboxes", "ids", "size", "text")

    def __init__(self, columns: tuple[Any, ...], text: bool) -> None:
        size, self.ids, self.areas, boxes, self._starts, self._counts = columns
        self.size: tuple[int, int] = size
        self.bboxes: npt.NDArray[np.int32] = boxes.reshape(-1, 4)
        self.text = text
        for column in (self.ids, self.areas, self.bboxes, self._starts, self._counts):
            column.flags.writeable = False

    def _columns(self) -> tuple[Any, Any, Any]:
        """Return the size, where each segment's counts start, and all counts: what kernels take."""
        return self.size, self._starts, self._counts

    def _dicts(self, begin: int, end: int) -> list[dict[str, Any]]:
        columns = (self.ids, self.areas, self.bboxes.reshape(-1), self._starts, self._counts)
        dicts: list[dict[str, Any]] = _backend.cpu().rle.dicts(
            self.size, *columns, begin, end, self.text
        )
        return dicts

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, key: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, key: slice) -> RleList: ...

    def __getitem__(self, key: int | slice) -> dict[str, Any] | RleList:
        if isinstance(key, slice):
            return self._rows(range(len(self))[key])
        position = range(len(self))[index(key)]
        return self._dicts(position, position + 1)[0]

    def _rows(self, rows: range) -> RleList:
        parts = [self._counts[self._starts[row] : self._starts[row + 1]] for row in rows]
        starts = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        counts = np.concatenate([np.empty(0, np.uint32), *parts])
        picked = np.array(rows, np.int64)
        columns = (self.size, self.ids[picked], self.areas[picked], self.bboxes[picked])
        return RleList((*columns, starts, counts), self.text)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_list())

    def to_list(self) -> list[dict[str, Any]]:
        """Make all dicts at once; with ``text=True`` they are ready for JSON."""
        return self._dicts(0, len(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RleList):
            return NotImplemented
        return self.size == other.size and all(
            np.array_equal(mine, theirs)
            for mine, theirs in (
                (self.ids, other.ids),
                (self._starts, other._starts),
                (self._counts, other._counts),
            )
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        columns = (self.size, self.ids, self.areas, self.bboxes, self._starts, self._counts)
        return RleList, (columns, self.text)

    def __repr__(self) -> str:
        return f"RleList({len(self)} in {self.size[0]}x{self.size[1]})"
