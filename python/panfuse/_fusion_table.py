"""The table of a fused map that a device holds: its columns there, and what the host reads."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from types import ModuleType

    from panfuse._arrays import Library

__all__ = ["Columns", "Table"]


class Columns(NamedTuple):
    """The rows of a fused map, in the order of cpp/bindings/fused_columns.h; row k is of id k + 1.

    Attributes
    ----------
    category : int32 (N,)
    is_thing, is_crowd : bool (N,)
    score : float32 (N,)
    area : int64 (N,)
    bbox : int32 (N, 2 * rank)
    source : int32 (N,)
    original : int64 (N,)
        What the segment is in the map of the preset's project.
    decisions : uint8
        By instance.
    """

    category: npt.NDArray[np.int32]
    is_thing: npt.NDArray[np.bool_]
    is_crowd: npt.NDArray[np.bool_]
    score: npt.NDArray[np.float32]
    area: npt.NDArray[np.int64]
    bbox: npt.NDArray[np.int32]
    source: npt.NDArray[np.int32]
    original: npt.NDArray[np.int64]
    decisions: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Column:
    dtype: str
    sides: bool = False  # whether a row is a box
    rows: str = "capacity"  # or "decided", or "one"


# In the order of fusion::TableLayout in cpp/fusion/fused_table.h.
_COLUMNS = {
    "fault": _Column("uint64", rows="one"),
    "count": _Column("int64", rows="one"),
    "area": _Column("int64"),
    "original": _Column("int64"),
    "category_id": _Column("int32"),
    "source_index": _Column("int32"),
    "score": _Column("float32"),
    "bbox": _Column("int32", sides=True),
    "is_thing": _Column("uint8"),
    "is_crowd": _Column("uint8"),
    "decisions": _Column("uint8", rows="decided"),
}


class Table:
    """The segments of a fused map, on the device where the map lies.

    Its columns are arrays of the map's library: views of the memory that the kernels fill, so that
    a replayed CUDA graph fills them anew. Rows from `count` on mean nothing.

    Attributes
    ----------
    capacity : int
        Rows.
    count : int64 array (1,)
        Segments; row k is of id k + 1.
    category_id, source_index : int32 arrays (capacity,)
    score : float32 array (capacity,)
    area, original : int64 arrays (capacity,)
    bbox : int32 array (capacity, 2 * rank)
    is_thing, is_crowd : uint8 arrays (capacity,)
    decisions : uint8 array
        By instance: 0 for kept, otherwise why not.
    """

    def __init__(
        self, module: ModuleType, library: Library, handle: tuple[Any, int, int, int]
    ) -> None:
        self._module = module
        self._library = library
        self._bytes, self.capacity, self._decided, self._rank = handle
        self._read: Columns | None = None
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        if name not in _COLUMNS or name == "fault":
            raise AttributeError(name)
        counts = {"one": 1, "capacity": self.capacity, "decided": self._decided}
        start = 0
        for other, column in _COLUMNS.items():
            rows = counts[column.rows] * (2 * self._rank if column.sides else 1)
            stop = start + rows * np.dtype(column.dtype).itemsize
            if other == name:
                view = self._library.viewed(self._bytes[start:stop], column.dtype)
                return view.reshape(-1, 2 * self._rank) if column.sides else view
            start = stop
        raise AssertionError(name)

    def __repr__(self) -> str:
        return f"Table(capacity={self.capacity})"

    def read(self) -> Columns:
        """Bring the rows to the host: the first call waits for the stream of the fusion.

        Raises
        ------
        ValueError, OverflowError
            The fusion found a fault in the values that it was given.
        """
        with self._lock:
            if self._read is None:
                self._read = Columns(
                    *self._module.read_table(
                        self._bytes,
                        self.capacity,
                        self._decided,
                        self._rank,
                        self._library.kernel_side,
                    )
                )
            return self._read

    def forget(self) -> None:
        """Let the next `read` read anew."""
        with self._lock:
            self._read = None
