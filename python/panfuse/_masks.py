"""Masks without their holes or specks."""

from __future__ import annotations

from typing import Any

from panfuse import _arrays, _backend, _checks
from panfuse import _labeling_arguments as arguments

__all__ = ["clean_mask_logits", "fill_holes", "remove_small"]


def fill_holes(
    masks: Any,
    max_area: int | None = None,
    *,
    connectivity: int | None = None,
    out: Any = None,
    threads: int | None = None,
) -> Any:
    """Fill the holes of a mask, or of a batch of masks.

    A hole is a component of the background that does not touch the border of its mask. It takes the
    value of the pixel to the left of its first pixel, so that masks of 0 and 255 stay that.

    Parameters
    ----------
    masks : array (..., H, W)
        Bool, integers or floats; what is not 0 and not NaN is foreground. Not modified.
    max_area : int, optional
        The largest hole to fill, in pixels. Default: all.
    connectivity : int, optional
        Of the foreground: 4 or 8 (the default). The background connects the other way, so that by
        default this fills as ``scipy.ndimage.binary_fill_holes`` does.
    out : array, optional
        Where the result is written, and what is returned: of the shape and dtype of `masks`,
        contiguous in C order, not overlapping it.
    threads : int, optional
        As for `label`.

    Returns
    -------
    array of the library, device, shape and dtype of `masks`

    Raises
    ------
    TypeError, ValueError
        `masks` is no array of those dtypes with 2 axes or more, or `out` does not fit it.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask = np.array([[9, 9, 9], [9, 0, 9], [9, 9, 9]], np.uint8)
    >>> int(pf.fill_holes(mask)[1, 1])
    9
    """
    return _clean(
        masks,
        "masks",
        "fill_holes",
        connectivity,
        (arguments.area(max_area, "max_area"), 0, 0),
        out,
        threads,
    )


def remove_small(
    masks: Any,
    min_area: int,
    *,
    connectivity: int | None = None,
    out: Any = None,
    threads: int | None = None,
) -> Any:
    """Remove the small components of a mask, or of a batch of masks.

    Parameters
    ----------
    masks : array (..., H, W)
        Bool, integers or floats; what is not 0 and not NaN is foreground. Not modified.
    min_area : int
        The smallest area that stays.
    connectivity : int, optional
        4 or 8 (the default).
    out : array, optional
        As for `fill_holes`.
    threads : int, optional
        As for `label`.

    Returns
    -------
    array of the library, device, shape and dtype of `masks`
        What is removed is 0.

    Raises
    ------
    TypeError, ValueError
        As `fill_holes` does.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> pf.remove_small(np.array([[True, False, True, True]]), 2)
    array([[False, False,  True,  True]])
    """
    least = _checks.integer(min_area, "min_area")
    return _clean(masks, "masks", "remove_small", connectivity, (None, least, 0), out, threads)


def clean_mask_logits(
    logits: Any,
    hole_area: int,
    sprinkle_area: int,
    *,
    out: Any = None,
    threads: int | None = None,
) -> Any:
    """Fill small holes and remove small sprinkles of the masks that logits above 0 make.

    The rule of SAM 2 and SAM 3 (``fill_holes_in_mask_scores``), of any height and width. First,
    8-connected components of logits at or below 0 with at most `hole_area` pixels become 0.1,
    whether or not they touch the border. Then 8-connected components above 0 with at most
    `sprinkle_area` pixels, and at most half of the mask's, become -0.1.

    Parameters
    ----------
    logits : float array (..., H, W)
        Not modified.
    hole_area, sprinkle_area : int
        In pixels; 0 turns a step off. SAM 2 has the first step only.
    out : array, optional
        As for `fill_holes`.
    threads : int, optional
        As for `label`.

    Returns
    -------
    array of the library, device, shape and dtype of `logits`

    Raises
    ------
    TypeError, ValueError
        `logits` is no array of floats with 2 axes or more, or `out` does not fit it.

    Notes
    -----
    Parity from the description only: the originals' kernels need a GPU. NaN is neither above 0 nor
    at or below it, and stays.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> logits = np.full((4, 6), 3.0, np.float32)
    >>> logits[1, 1], logits[:, 3:5] = -5, -5
    >>> cleaned = pf.clean_mask_logits(logits, hole_area=1, sprinkle_area=4)
    >>> cleaned[1]
    array([ 3. ,  0.1,  3. , -5. , -5. , -0.1], dtype=float32)
    """
    areas = _checks.integer(hole_area, "hole_area"), _checks.integer(sprinkle_area, "sprinkle_area")
    return _clean(logits, "logits", "clean_logits", None, (areas[0], 0, areas[1]), out, threads)


def _clean(
    masks: Any,
    argument: str,
    rule: str,
    connectivity: int | None,
    areas: tuple[int | None, int, int],
    out: Any,
    threads: int | None,
) -> Any:
    library, (masks,) = _arrays.take_numbers(**{argument: masks})
    module = _backend.kernels(library)
    cleaned = module.clean_masks(
        masks,
        argument,
        rule,
        arguments.connectivity(connectivity),
        *areas,
        arguments.taken_output(out, masks),
        _checks.thread_count(threads),
        library.kernel_side,
    )
    return library.shaped(cleaned, _arrays.shape_of(masks)) if out is None else out
