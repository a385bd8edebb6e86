"""Masks as COCO's runs: pycocotools' functions under their names, and beyond.

An RLE is a dict ``{"size": [H, W], "counts": ...}``. Counts are taken as COCO's strings (bytes or
str), as lists of integers, or as integer arrays; they alternate between background and foreground,
column by column, and the first is background. All are checked: counts that do not sum to H * W,
characters that COCO does not write, numbers that are cut short, negative or beyond 32 bits raise,
with the mask and the place in it. Sides are 0 to 2**31 - 1, and a mask has fewer than 2**32 pixels.
What goes column by column or row by row (shapes, outlines, runs along rows) takes sides of up to
2**24 and memory for each.

Where a list of RLEs is taken, so is an `RleList`. On sound input the functions that pycocotools has
return the same bytes as its version 2.0.11. Where its results depend on how the runs of equal masks
are cut (empty runs inside), these do not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panfuse import _arrays, _backend
from panfuse import _rle_arguments as arguments
from panfuse._rle_check import Fault, canonical, check, digest
from panfuse._rle_exchange import (
    from_huggingface,
    from_kaggle,
    from_uncompressed,
    to_huggingface,
    to_kaggle,
    to_uncompressed,
)
from panfuse._rle_ids import OverlapReport, Overlaps, decode_ids, encode_ids, overlaps
from panfuse._rle_list import RleList
from panfuse._rle_objects import frPyObjects
from panfuse._rle_polygons import from_polygons, to_polygons
from panfuse._rle_shapes import boundary, components, crop, flip, invert, pad, resize, shift
from panfuse._rle_tools import (
    from_cvat,
    from_label_studio,
    from_open_images,
    to_cvat,
    to_label_studio,
    to_open_images,
)

__all__ = [
    "Fault",
    "OverlapReport",
    "Overlaps",
    "RleList",
    "area",
    "boundary",
    "canonical",
    "check",
    "components",
    "crop",
    "decode",
    "decode_ids",
    "digest",
    "encode",
    "encode_ids",
    "flip",
    "frPyObjects",
    "from_cvat",
    "from_huggingface",
    "from_kaggle",
    "from_label_studio",
    "from_open_images",
    "from_polygons",
    "from_uncompressed",
    "intersection",
    "invert",
    "iou",
    "merge",
    "overlaps",
    "pad",
    "resize",
    "shift",
    "toBbox",
    "to_bbox",
    "to_cvat",
    "to_huggingface",
    "to_kaggle",
    "to_label_studio",
    "to_open_images",
    "to_polygons",
    "to_uncompressed",
]

_kernels = _backend.cpu().rle


def encode(masks: Any, *, axis: int = -1, text: bool = False) -> Any:
    """Encode masks of pixels.

    Parameters
    ----------
    masks : array (H, W), (H, W, N), or (N, H, W) with ``axis=0``
        Of bool, integers or floats, and of any strides; on the CPU. Whatever is not 0 is
        foreground. (pycocotools takes uint8 in Fortran's order, and splits a run where one nonzero
        value follows another.)
    axis : {-1, 2, 0}
        Which of three axes counts masks.
    text : bool, default False
        Whether counts are str (for JSON), or bytes as pycocotools has them.

    Returns
    -------
    dict, or a list of N of them for three axes

    Raises
    ------
    TypeError, ValueError
        `masks` is no such array, or too large.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> pf.rle.encode(np.array([[0, 1, 1], [0, 0, 1]], bool))
    {'size': [2, 3], 'counts': b'2111'}
    """
    if axis not in (-1, 0, 2):
        raise ValueError(f"axis: expected -1, 0 or 2, got {axis!r}")
    if type(masks) is not np.ndarray:
        library, (masks,) = _arrays.take_numbers(masks=masks)
        _backend.cpu(library, "masks")
    return _kernels.encode(masks, "masks", 0 if axis == 0 else 2, bool(text))


def decode(rles: Any, *, axis: int = -1) -> npt.NDArray[np.uint8]:
    """Decode masks to pixels.

    Parameters
    ----------
    rles : dict, list of dict, or RleList
        Of one size; at least one.
    axis : {-1, 2, 0}
        Which axis counts the masks of a list.

    Returns
    -------
    uint8 array (H, W) for a dict; (H, W, N) for a list, or (N, H, W) with ``axis=0``
        0 and 1. Each mask lies column by column in memory, as pycocotools has it.

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE, or has another size than the first.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.decode({"size": [2, 3], "counts": b"2111"})
    array([[0, 1, 1],
           [0, 0, 1]], dtype=uint8)
    """
    if axis not in (-1, 0, 2):
        raise ValueError(f"axis: expected -1, 0 or 2, got {axis!r}")
    masks: npt.NDArray[np.uint8] = _kernels.decode(rles, "rles")
    if isinstance(rles, dict):
        return masks
    if masks.shape[2] == 0:
        raise ValueError("rles: expected a mask at least, got none")
    return masks.transpose(2, 0, 1) if axis == 0 else masks


def area(rles: Any) -> Any:
    """Count the pixels of masks.

    Parameters
    ----------
    rles : dict, list of dict, or RleList
        Of any sizes.

    Returns
    -------
    uint32 for a dict, or uint32 array (N,)
        It cannot overflow, since no mask has 2**32 pixels.

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.area([{"size": [2, 3], "counts": b"2111"}])
    array([3], dtype=uint32)
    """
    areas = _kernels.area(rles, "rles")
    return areas[0] if isinstance(rles, dict) else areas


def to_bbox(rles: Any) -> npt.NDArray[np.float64]:
    """Find the boxes around masks; `toBbox` is its name in pycocotools.

    Parameters
    ----------
    rles : dict, list of dict, or RleList
        Of any sizes.

    Returns
    -------
    float64 array (4,) for a dict, or (N, 4)
        (x, y, w, h) in pixels; zeros for a mask without foreground.

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.to_bbox({"size": [2, 3], "counts": b"2111"})
    array([1., 0., 2., 2.])
    """
    boxes: npt.NDArray[np.float64] = _kernels.boxes(rles, "rles")
    return boxes[0] if isinstance(rles, dict) else boxes


toBbox = to_bbox  # noqa: N816 (pycocotools' name)


def iou(dt: Any, gt: Any, iscrowd: Any = None) -> Any:
    """Compare every mask, or box, of one list with every one of another.

    Parameters
    ----------
    dt, gt : list of dict, or RleList; or boxes, arrays (M, 4) and (N, 4) or lists of four numbers
        Masks of one size. Boxes are (x, y, w, h).
    iscrowd : bools (N,), optional
        Which of `gt` are crowds, for which the intersection is divided by the area of `dt` alone.
        Default: none.

    Returns
    -------
    float64 array (M, N) in Fortran's order; an empty list if either list is, as in pycocotools
        Intersection over union; 0 for what shares nothing.

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE or has another size (pycocotools returns -1 or 0
        then), boxes that have not four finite numbers, or `iscrowd` if it does not fit `gt`.

    Examples
    --------
    >>> import panfuse as pf
    >>> a, b = {"size": [2, 3], "counts": b"2111"}, {"size": [2, 3], "counts": b"42"}
    >>> pf.rle.iou([a, b], [b], [False]).round(2)
    array([[0.67],
           [1.  ]])
    >>> pf.rle.iou([[0, 0, 2, 2]], [[1, 1, 2, 2]])
    array([[0.14285714]])
    """
    for name, given in (("dt", dt), ("gt", gt)):
        if not isinstance(given, (list, tuple, np.ndarray, RleList)):
            raise TypeError(f"{name}: expected a list, got {type(given).__name__}")
    crowds = _crowds(iscrowd, len(gt))
    if len(dt) == 0 or len(gt) == 0:
        return []
    if _are_boxes(dt) or _are_boxes(gt):
        return _kernels.box_iou(_boxes(dt, "dt"), _boxes(gt, "gt"), crowds)
    return _kernels.iou(dt, gt, crowds)


def intersection(a: Any, b: Any) -> npt.NDArray[np.int64]:
    """Count the pixels that every mask of one list shares with every one of another.

    `overlaps` yields only the pairs that share any.

    Parameters
    ----------
    a, b : list of dict, or RleList
        Masks of one size.

    Returns
    -------
    int64 array (M, N), in Fortran's order

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE, or has another size than the others.

    Examples
    --------
    >>> import panfuse as pf
    >>> a, b = {"size": [2, 3], "counts": b"2111"}, {"size": [2, 3], "counts": b"42"}
    >>> pf.rle.intersection([a, b], [b])
    array([[2],
           [2]])
    """
    shared: npt.NDArray[np.int64] = _kernels.intersection(a, b)
    return shared


def merge(rles: Any, intersect: bool = False, *, text: bool = False) -> dict[str, Any]:
    """Unite masks, or intersect them.

    Parameters
    ----------
    rles : list of dict, or RleList
        Of one size; at least one.
    intersect : bool, default False
        Whether the result has the pixels that all masks have, or those that any has.
    text : bool, default False
        Whether counts are str (for JSON), or bytes as pycocotools has them.

    Returns
    -------
    dict
        A single mask comes back with the counts it came with; otherwise they are canonical.

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE, or has another size than the first (pycocotools
        returns an empty dict of size 0 x 0 then).

    Examples
    --------
    >>> import panfuse as pf
    >>> a, b = {"size": [1, 3], "counts": b"012"}, {"size": [1, 3], "counts": b"111"}
    >>> pf.rle.merge([a, b])
    {'size': [1, 3], 'counts': b'021'}
    """
    merged: dict[str, Any] = _kernels.merge(rles, bool(intersect), bool(text))
    return merged


def _crowds(iscrowd: Any, count: int) -> bytes:
    """Return a byte for each of gt, 0 or 1."""
    if iscrowd is None:
        return bytes(count)
    if type(iscrowd) is list and len(iscrowd) == count and set(map(type, iscrowd)) <= {int, bool}:
        return bytes(map(bool, iscrowd))
    return arguments.flags(iscrowd, "iscrowd", count).tobytes()


def _are_boxes(given: Any) -> bool:
    return isinstance(given, np.ndarray) or (
        isinstance(given, (list, tuple)) and isinstance(given[0], (list, tuple, np.ndarray))
    )


def _boxes(given: Any, name: str) -> npt.NDArray[np.float64]:
    try:
        numbers = np.asarray(given)
        boxes = np.ascontiguousarray(numbers, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected boxes of four numbers each, or RLEs in both") from None
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name}: expected boxes (N, 4), got shape {boxes.shape}")
    if numbers.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected boxes of four numbers each, got {numbers.dtype}")
    if not np.isfinite(boxes).all():
        first = int(np.argmin(np.isfinite(boxes).all(axis=1)))
        raise ValueError(f"{name}[{first}]: expected finite numbers, got {boxes[first].tolist()}")
    return boxes
