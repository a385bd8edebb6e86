"""Polygons to masks by COCO's rule, and masks to polygons that give the same mask again."""

from __future__ import annotations

from typing import Any

from panfuse import _backend, _checks

__all__ = ["from_polygons", "to_polygons"]

_RULES = ("union", "even-odd")


def from_polygons(
    polygons: Any,
    size: Any,
    *,
    rule: str = "union",
    batched: bool = False,
    text: bool = False,
) -> Any:
    """Fill polygons, equal to COCO's ``frPyObjects`` and ``merge`` to the byte.

    Parameters
    ----------
    polygons : sequence of polygons
        The parts of one mask (of each mask if `batched`), as in COCO's ``segmentation``. A polygon
        is a flat sequence x0, y0, x1, y1, ... of numbers, or an array (N, 2), of 3 points or more;
        it closes by itself. x counts columns and y rows; whole numbers are edges of pixels, so that
        (0, 0), (0, 9), (9, 9), (9, 0) has 81 pixels.
    size : pair of int, or a sequence of them if `batched`
        (H, W), each from 1 on, with H * W below 2**32; a single pair holds for a whole batch.
    rule : {"union", "even-odd"}
        What several parts make: COCO's union, or what is inside an odd number of them, by which a
        part in another one is a hole. Each part by itself is filled by even-odd, as COCO does.
    batched : bool, default False
        Whether `polygons` holds a sequence of polygons for each of many masks.
    text : bool, default False
        Whether counts are str (for JSON), or bytes as pycocotools has them.

    Returns
    -------
    dict, or list of dict if `batched`
        ``{"size": [H, W], "counts": ...}``. No parts: an empty mask.

    Raises
    ------
    TypeError
        A polygon is no sequence of numbers, or `size` is none of integers.
    ValueError
        A polygon has fewer than 3 points, an odd number of coordinates, or one that is not finite,
        and is named by its index; or the size is out of range. (pycocotools takes polygons of 1 and
        2 points, which are empty, drops an odd last number, and casts NaN to whatever the CPU
        makes of it.)
    OverflowError
        A coordinate is beyond +-429,496,729, where COCO's grid of ints ends (and pycocotools
        wraps around).

    Notes
    -----
    Parts of a pixel are not weighed: vertices are rounded to fifths of a pixel, and a pixel belongs
    to the mask if the outline's crossings of the middle of its column say so. No fused
    multiplication and addition is used; pycocotools built for ARM does, and may differ from itself
    elsewhere by pixels of the boundary.

    References
    ----------
    ``rleFrPoly`` of the COCO API's maskApi (pycocotools 2.0.11); proven by runs of the original.

    Examples
    --------
    >>> import panfuse as pf
    >>> triangle = [1, 1, 6, 1, 1, 5]
    >>> mask = pf.rle.from_polygons([triangle], (6, 8))
    >>> mask
    {'size': [6, 8], 'counts': b'742O1O1Ob0'}
    >>> square, hole = [0, 0, 6, 0, 6, 6, 0, 6], [2, 2, 4, 2, 4, 4, 2, 4]
    >>> int(pf.rle.area(pf.rle.from_polygons([square, hole], (6, 8), rule="even-odd")))
    32
    """
    if rule not in _RULES:
        raise ValueError(f"rule: expected one of {', '.join(_RULES)}, got {rule!r}")
    module = _backend.cpu().rle
    return module.from_polygons(polygons, size, rule == "even-odd", bool(batched), bool(text))


def to_polygons(rles: Any, *, simplify: float | None = None) -> Any:
    """Make polygons along the edges of pixels, which `from_polygons` turns back into the same mask.

    Each part of a mask whose pixels connect through edges becomes one polygon. A hole is joined to
    its outline by a vertical bridge that is walked there and back (a keyhole), because COCO's union
    of parts would fill it; islands in holes are parts of their own. COCO's own code fills these
    polygons without loss, too.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    simplify : float, optional
        Leave corners out by Douglas and Peucker's rule, as long as the outline moves by no more
        than that many pixels. The mask then comes back with other pixels along its boundary; holes
        and parts stay where they are large enough. Default: lossless.

    Returns
    -------
    list of polygons, or list of those
        For one RLE, its polygons, ordered by their first pixels in column-major order: lists x0,
        y0, x1, y1, ... of ints. An empty mask has none.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or `simplify` is no number from 0 on.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> ring = np.ones((3, 3), np.uint8)
    >>> ring[1, 1] = 0
    >>> mask = pf.rle.encode(ring)
    >>> pf.rle.to_polygons(mask)
    [[0, 0, 1, 0, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 0, 3, 0, 3, 3, 0, 3]]
    >>> pf.rle.from_polygons(pf.rle.to_polygons(mask), (3, 3)) == mask
    True
    """
    tolerance = None
    if simplify is not None:
        tolerance = _checks.number(simplify, "simplify", 0, float("inf"))
    return _backend.cpu().rle.to_polygons(rles, tolerance)
