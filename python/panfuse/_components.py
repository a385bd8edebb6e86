"""Connected components as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Components"]


@dataclass(frozen=True, eq=False, slots=True)
class Components:
    """The connected components of an image: a map of labels, and one row for each.

    Row k describes label k + 1. The columns are arrays of the caller's library, on the caller's
    device; R is the rank of the image.

    Attributes
    ----------
    labels : integer array, the shape of the image
        1..N by first pixel, 0 elsewhere.
    count : int
        N.
    value : array (N,)
        The image's value in each component, in its dtype; of a binary image the value of the
        first pixel.
    area : int64 array (N,)
        Pixels.
    start, stop : int64 array (N, R)
        The box by axis: the smallest index, and one past the largest.
    bbox : int32 array (N, 2 * R)
        The box as starts and then extents, last axis first: COCO's (x, y, w, h) for an image of
        rank 2.
    centroid : float64 array (N, R)
        The mean index by axis.
    first : int64 array (N,)
        The flat index, in C order, of the first pixel.
    touches_border : bool array (N,)
        Whether a pixel lies on the border of the image.
    """

    labels: Any
    count: int
    value: Any
    area: Any
    start: Any
    stop: Any
    bbox: Any
    centroid: Any
    first: Any
    touches_border: Any

    def slices(self) -> list[tuple[slice, ...]]:
        """Make the box of each component as an index for `labels` or the image.

        Reads `start` and `stop` to the host.
        """
        return [
            tuple(map(slice, start, stop))
            for start, stop in zip(self.start.tolist(), self.stop.tolist(), strict=True)
        ]

    def masks(self) -> list[Any]:
        """Make the mask of each component, cropped to its box: bool arrays in the caller's library.

        Row k's mask lies at ``slices()[k]``.
        """
        return [self.labels[box] == k for k, box in enumerate(self.slices(), start=1)]

    def to_dict(self) -> dict[str, list[Any]]:
        """Make plain Python lists of the columns, under their names; `labels` is left out."""
        return {name: getattr(self, name).tolist() for name in _COLUMNS}

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.labels.shape))
        return f"Components({self.count} in {shape})"


_COLUMNS = tuple(field.name for field in fields(Components))[2:]
