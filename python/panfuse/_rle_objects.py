"""What COCO's annotations hold as segmentations, to runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from panfuse import _backend, _checks
from panfuse._rle_polygons import from_polygons

__all__ = ["frPyObjects"]


def frPyObjects(pyobj: Any, h: int, w: int) -> Any:  # noqa: N802 (pycocotools' name)
    """Make RLEs of boxes, polygons or uncompressed RLEs, which are told apart as pycocotools does.

    Parameters
    ----------
    pyobj : array (N, 4), list of lists of numbers, list of dict, list of numbers, or dict
        Lists of four numbers are boxes (x, y, w, h), as is an array; longer ones are polygons
        x0, y0, x1, y1, ... Dicts are RLEs of which the counts may be integers. The parts of one
        object stay apart; `merge` unites them.
    h, w : int
        The size of the masks.

    Returns
    -------
    list of dict, or a dict where one list of numbers or one dict was given

    Raises
    ------
    TypeError
        `pyobj` is nothing of that.
    ValueError, OverflowError
        Naming the box, polygon or RLE that is not sound, or is not of that size.

    Notes
    -----
    A box is the polygon of its corners. pycocotools says that it takes lists of boxes, single boxes
    and single polygons, and fails; here they work.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.frPyObjects([[0, 0, 0, 2, 2, 2, 2, 0]], 3, 3)
    [{'size': [3, 3], 'counts': b'02103'}]
    >>> pf.rle.frPyObjects({"size": [3, 3], "counts": [4, 1, 4]}, 3, 3)
    {'size': [3, 3], 'counts': b'414'}
    """
    for name, side in (("h", h), ("w", w)):
        if not 0 <= _checks.integer(side, name) < 2**31:
            raise ValueError(f"{name}: expected a number from 0 to 2**31 - 1, got {side}")
    if isinstance(pyobj, np.ndarray):
        return _boxes(pyobj, h, w)
    if isinstance(pyobj, Mapping):
        return _uncompressed([pyobj], h, w)[0]
    if not isinstance(pyobj, (list, tuple)):
        raise TypeError(
            "pyobj: expected boxes, polygons or RLEs, in a list, an array or a dict, got "
            f"{type(pyobj).__name__}"
        )
    if not pyobj:
        return []
    if isinstance(pyobj[0], Mapping):
        return _uncompressed(list(pyobj), h, w)
    if not isinstance(pyobj[0], (list, tuple, np.ndarray)):
        return frPyObjects([pyobj], h, w)[0]
    if len(pyobj[0]) == 4:
        return _boxes(pyobj, h, w)
    return from_polygons([[polygon] for polygon in pyobj], (h, w), batched=True)


def _boxes(given: Any, h: int, w: int) -> list[dict[str, Any]]:
    try:
        boxes = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise TypeError("pyobj: expected boxes of four numbers each") from None
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"pyobj: expected boxes (N, 4), got shape {boxes.shape}")
    x, y = boxes[:, 0], boxes[:, 1]
    right, bottom = x + boxes[:, 2], y + boxes[:, 3]
    corners: npt.NDArray[np.float64] = np.stack([x, y, x, bottom, right, bottom, right, y], axis=1)
    rles: list[dict[str, Any]] = from_polygons([[row] for row in corners], (h, w), batched=True)
    return rles


def _uncompressed(given: list[Any], h: int, w: int) -> list[dict[str, Any]]:
    rles: list[dict[str, Any]] = _backend.cpu().rle.rewrite(given, "pyobj", False)
    for i, rle in enumerate(rles):
        if rle["size"] != [h, w]:
            raise ValueError(f"pyobj[{i}]: expected the size {[h, w]}, got {rle['size']}")
    return rles
