"""Masks changed and taken apart without decoding them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from panfuse import _backend, _checks
from panfuse import _rle_arguments as arguments

__all__ = ["boundary", "components", "crop", "flip", "invert", "pad", "resize", "shift"]

_AXES = {(0,): "rows", (1,): "columns", (0, 1): "both", (1, 0): "both"}
_NEAREST = ("nearest", "nearest-exact")


def boundary(rles: Any, *, dilation_ratio: float = 0.02, text: bool = False) -> Any:
    """Find the band of Boundary IoU: the pixels of a mask that are close to its boundary.

    That is the mask without its erosion, ``d`` times by 3x3, where what lies outside of the image
    counts as background, and ``d = max(1, round(dilation_ratio * sqrt(H * H + W * W)))``, ties to
    even. Equal to ``mask_to_boundary`` of the original code, which decodes and uses OpenCV.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them; sizes may differ.
    dilation_ratio : float, default 0.02
        The width of the band as a part of the image's diagonal.
    text : bool, default False
        Whether counts are str (for JSON), or bytes as pycocotools has them.

    Returns
    -------
    dict, or list of dict
        RLEs; `iou` of two of them is Boundary IoU.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or the ratio is no number from 0 on.

    Notes
    -----
    Time and memory are those of runs and columns, whatever the width of the band.

    References
    ----------
    Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation", CVPR 2021.
    Windows of columns: van Herk 1992, Gil and Werman 1993.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> band = pf.rle.boundary(pf.rle.encode(np.ones((4, 4), np.uint8)))
    >>> pf.rle.decode(band)
    array([[1, 1, 1, 1],
           [1, 0, 0, 1],
           [1, 0, 0, 1],
           [1, 1, 1, 1]], dtype=uint8)
    """
    ratio = _checks.number(dilation_ratio, "dilation_ratio", 0, float("inf"))
    return _backend.cpu().rle.boundary(rles, ratio, bool(text))


def crop(rles: Any, box: Any, *, text: bool = False) -> Any:
    """Cut a box out of masks.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    box : four int
        (x0, y0, x1, y1): columns from x0 to x1 and rows from y0 to y1, the last ones left out. Not
        empty, and within each mask.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs of size (y1 - y0, x1 - x0).

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or the box no box within it.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = pf.rle.encode(np.eye(4, dtype=np.uint8))
    >>> pf.rle.decode(pf.rle.crop(mask, (1, 0, 4, 2)))
    array([[0, 0, 0],
           [1, 0, 0]], dtype=uint8)
    """
    if isinstance(box, (str, bytes)) or not isinstance(box, Iterable):
        raise TypeError(f"box: expected (x0, y0, x1, y1), got {type(box).__name__}")
    x0, y0, x1, y1 = _four(box)
    return _backend.cpu().rle.crop(rles, y0, x0, y1, x1, bool(text))


def _four(box: Iterable[Any]) -> tuple[int, ...]:
    items = tuple(_checks.integer(item, "box") for item in box)
    if len(items) != 4:
        raise ValueError(f"box: expected (x0, y0, x1, y1), got {len(items)} numbers")
    if not (0 <= items[0] < items[2] < 2**31 and 0 <= items[1] < items[3] < 2**31):
        raise ValueError(f"box: expected 0 <= x0 < x1 and 0 <= y0 < y1, got {items}")
    return items


def pad(
    rles: Any, *, top: int = 0, bottom: int = 0, left: int = 0, right: int = 0, text: bool = False
) -> Any:
    """Add margins of background to masks.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    top, bottom, left, right : int, default 0
        Rows and columns to add on each side.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs of size (top + H + bottom, left + W + right).

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, a margin is negative, or the result would have 2**32 pixels or more.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = pf.rle.encode(np.ones((1, 2), np.uint8))
    >>> pf.rle.decode(pf.rle.pad(mask, top=1, right=2))
    array([[0, 0, 0, 0],
           [1, 1, 0, 0]], dtype=uint8)
    """
    margins = {"top": top, "bottom": bottom, "left": left, "right": right}
    for name, value in margins.items():
        if not 0 <= _checks.integer(value, name) < 2**31:
            raise ValueError(f"{name}: expected a number from 0 to 2**31 - 1, got {value}")
    return _backend.cpu().rle.pad(rles, *map(int, margins.values()), bool(text))


def shift(rles: Any, offset: Any, *, text: bool = False) -> Any:
    """Move masks within their images.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    offset : pair of int
        (dy, dx): how many rows down and how many columns to the right. What leaves the image is
        lost, and what enters it is background.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs of the same sizes.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or `offset` no pair of integers.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = pf.rle.encode(np.eye(3, dtype=np.uint8))
    >>> pf.rle.decode(pf.rle.shift(mask, (0, 1)))
    array([[0, 1, 0],
           [0, 0, 1],
           [0, 0, 0]], dtype=uint8)
    """
    offsets = arguments.pair(offset, "offset", "(dy, dx)")
    dy, dx = (max(min(step, 2**31), -(2**31)) for step in offsets)  # no image is larger
    return _backend.cpu().rle.shift(rles, dy, dx, bool(text))


def flip(rles: Any, axis: Any, *, text: bool = False) -> Any:
    """Turn masks round, as ``numpy.flip`` does.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    axis : int or pair of int
        0: upside down. 1: left to right, as images are flipped most. (0, 1): both.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs of the same sizes.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or an axis is not 0 or 1.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = pf.rle.encode(np.array([[1, 0, 0], [1, 1, 0]], np.uint8))
    >>> pf.rle.decode(pf.rle.flip(mask, 1))
    array([[0, 0, 1],
           [0, 1, 1]], dtype=uint8)
    """
    axes = _checks.integers(axis, "axis")
    if axes not in _AXES:
        raise ValueError(f"axis: expected 0, 1 or (0, 1), got {axis!r}")
    return _backend.cpu().rle.flip(rles, _AXES[axes], bool(text))


def resize(rles: Any, size: Any, *, rule: str = "nearest", text: bool = False) -> Any:
    """Give masks another size, every pixel taking the value of one pixel.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    size : pair of int
        (H, W) of the results.
    rule : {"nearest", "nearest-exact"}
        Pixel ``i`` of ``m`` takes pixel ``floor(i * n / m)`` of ``n``, as OpenCV's
        ``INTER_NEAREST`` and torch's ``"nearest"`` mean it; or the pixel in which its centre lies,
        ``floor((2 * i + 1) * n / (2 * m))``, as Pillow's ``NEAREST`` and torch's
        ``"nearest-exact"``. In exact integers: those libraries round the ratio of sizes to a float,
        and can take the pixel before.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs of that size.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or the size or the rule no such thing.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = pf.rle.encode(np.array([[1, 0], [0, 1]], np.uint8))
    >>> pf.rle.decode(pf.rle.resize(mask, (2, 5)))
    array([[1, 1, 1, 0, 0],
           [0, 0, 0, 1, 1]], dtype=uint8)
    """
    height, width = arguments.size(size, "size")
    if rule not in _NEAREST:
        raise ValueError(f"rule: expected one of {', '.join(_NEAREST)}, got {rule!r}")
    return _backend.cpu().rle.resize(rles, height, width, rule == "nearest-exact", bool(text))


def invert(rles: Any, *, text: bool = False) -> Any:
    """Exchange foreground and background.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs of the same sizes.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = pf.rle.encode(np.array([[1, 0, 0]], np.uint8))
    >>> pf.rle.decode(pf.rle.invert(mask))
    array([[0, 1, 1]], dtype=uint8)
    """
    return _backend.cpu().rle.invert(rles, bool(text))


def components(rles: Any, *, connectivity: int = 8, text: bool = False) -> Any:
    """Take masks apart into connected components.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    connectivity : {8, 4}
        Whether pixels connect through corners as well.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    list of dict, or list of those
        For one RLE, one RLE of the same size for each component, in the order of first pixels along
        the rows: the n-th one is label n of ``pf.label`` on the decoded mask.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or the connectivity no such number.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = pf.rle.encode(np.array([[0, 0, 1], [1, 0, 1]], np.uint8))
    >>> [pf.rle.toBbox(part).tolist() for part in pf.rle.components(mask)]
    [[2.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 1.0]]
    """
    if _checks.integer(connectivity, "connectivity") not in (4, 8):
        raise ValueError(f"connectivity: expected 4 or 8, got {connectivity}")
    return _backend.cpu().rle.components(rles, connectivity == 8, bool(text))
