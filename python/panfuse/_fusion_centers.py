"""Centres of instances in a heatmap, and the pixels that point at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from panfuse import _arrays, _backend, _checks
from panfuse._fusion_arguments import preset_of, taken_output
from panfuse._fusion_presets import CENTERS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Centers", "find_centers", "group_pixels"]

_FARTHEST = 1e15  # of a centre; squares of more overflow float32
_LARGEST_KERNEL = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Centers:
    """Centres of instances, in C order.

    Attributes
    ----------
    points : float64 array (N, 2)
        y, x, in pixels of the heatmap; in the caller's library.
    scores : float32 array (N,)
        The heat there.
    count : int
        N.
    """

    points: Any
    scores: Any
    count: int

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        return f"Centers({self.count})"


def find_centers(
    heatmap: Any,
    *,
    preset: str | None = None,
    threshold: float | None = None,
    nms_kernel: int | None = None,
    top_k: int | None = None,
    wrap: int | Iterable[int] | None = None,
    threads: int | None = None,
) -> Any:
    """Find the peaks of a heatmap: pixels that no pixel in a square around them exceeds.

    Parameters
    ----------
    heatmap : float32, float16 or bfloat16 array, (H, W) or (B, H, W)
        Any strides. What does not lie as rows of float32 is copied once. A NaN is greater than any
        number, so that there is no centre around one, nor in it.
    preset : str, optional
        ``"detectron2"``, ``"panoptic_deeplab"``, ``"deeplab2"``, ``"deeplab2_op"`` or
        ``"empanada"``: what that project does (see Notes).
    threshold : float, optional
        A centre is above it, and above 0. Default 0.1.
    nms_kernel : int, optional
        The side of the square, odd. Default 7; 13 for the presets of deeplab2.
    top_k : int, optional
        The most centres that are kept; 0 or less: all. Default 200; 400 for the presets of
        deeplab2; all for empanada.
    wrap : int or iterable of int, optional
        Axes that are circular, such as the angle of a polar grid: 0 or 1.
    threads : int, optional
        CPU threads; by default as many as pay. The result does not depend on it.

    Returns
    -------
    Centers, or a list of them for a batch

    Raises
    ------
    TypeError
        `heatmap` is no array of those floats.
    ValueError
        It has other axes or lies on a GPU, for which there is no kernel yet; the kernel is even; a
        knob has no meaning.

    Notes
    -----
    Where the default parts from the projects: of equal pixels in one square the first in C order is
    the centre, whereas theirs are all of them, and split an object; and `top_k` keeps exactly so
    many, the greatest, the first of equal ones, whereas theirs keep those *greater* than the last
    of so many, at most ``top_k - 1`` ("deeplab2": only if there are more than `top_k`; its own
    rule is that of a sort with an unspecified order, taken here as sorted). To detectron2, which
    raises where there are fewer pixels than `top_k`, this adds an answer. The presets of deeplab2
    take NaN for less than any number.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> heatmap = np.zeros((4, 9), np.float32)
    >>> heatmap[1, 2:4], heatmap[2, 7] = 0.5, 0.9
    >>> centers = pf.find_centers(heatmap, nms_kernel=3)
    >>> centers.points
    array([[1., 2.],
           [2., 7.]])
    >>> centers.scores
    array([0.5, 0.9], dtype=float32)
    """
    library, (heatmap,) = _arrays.take_floats(heatmap=heatmap)
    options = center_options(preset, threshold, nms_kernel, top_k, wrap)
    kernels = _backend.cpu(library, "heatmap")
    count = _checks.thread_count(threads)

    def find(item: Any) -> Centers:
        points, scores = kernels.find_centers(item, options, count, library.kernel_side)
        found = int(scores.shape[0])
        return Centers(library.shaped(points, (found, 2)), library.wrap(scores), found)

    if len(_arrays.shape_of(heatmap)) == 3:
        return [find(item) for item in heatmap]
    return find(heatmap)


def group_pixels(
    centers: Any,
    offsets: Any,
    *,
    foreground: Any = None,
    wrap: int | Iterable[int] | None = None,
    out: Any = None,
    threads: int | None = None,
) -> Any:
    """Give each pixel the number of the centre that is nearest to where its offset points.

    Parameters
    ----------
    centers : Centers, or numbers (N, 2) or (N, 3); a list of them for a batch
        Points, axes outermost first, in pixels.
    offsets : float32, float16 or bfloat16 array, (2, H, W) or (3, D, H, W), or a batch of them
        dy, dx (after dz) from each pixel, in pixels. Any strides; what does not lie as rows of
        float32 is copied tile by tile.
    foreground : integer or bool array, the shape of the pixels, optional
        Pixels of 0 are not grouped. Default: all are.
    wrap : int or iterable of int, optional
        Axes of the pixels that are circular: the distance is the shorter way around.
    out : int32 array, the shape of the pixels, optional
        Where the numbers are written, and what is returned.
    threads : int, optional
        As for `find_centers`.

    Returns
    -------
    int32 array, the shape of the pixels, or a list of them for a batch
        k + 1 for centre k, 0 where there is no foreground, or no centre at all.

    Raises
    ------
    TypeError
        An array has another dtype.
    ValueError
        Offsets have another number of channels or axes; a shape does not fit; a centre is no finite
        number below 1e15; there are more than 65,535 centres; arrays lie on a GPU, for which there
        is no kernel yet.

    Notes
    -----
    The distance is ``sqrtf(fma(dx, dx, dy * dy))`` in float32, as torch.norm rounds it on a CPU,
    and the first centre wins ties. So it does where a distance is no number, as in torch.argmin.
    Panoptic-PolarNet's own wrapping parts from this in two ways that look unintended: it wraps the
    radius by the length of the angle, and leaves distances below minus half of it as they are.

    Tiles of pixels are compared with the few centres that can be nearest to any of them.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> offsets = np.zeros((2, 2, 6), np.float32)
    >>> pf.group_pixels([[0, 1], [1, 4]], offsets)
    array([[1, 1, 1, 2, 2, 2],
           [1, 1, 1, 2, 2, 2]], dtype=int32)
    """
    arrays = {"offsets": offsets} | ({} if foreground is None else {"foreground": foreground})
    library, (offsets, *others) = _arrays.take_floats(**arrays)
    out = taken_output(out, offsets=offsets)
    kernels = _backend.cpu(library, "offsets")
    count = _checks.thread_count(threads)
    shape = _arrays.shape_of(offsets)
    is_batch = len(shape) > 3 and not (len(shape) == 4 and shape[0] == 3 and not _is_list(centers))
    mask = others[0] if others else None

    def group(points: Any, item: Any, inside: Any, target: Any) -> Any:
        pixels = _arrays.shape_of(item)[1:]
        coordinates = _points(points, len(pixels))
        axes = circular_axes(wrap, len(pixels))
        ids = kernels.group_pixels(
            coordinates, item, inside, (*axes, False)[:3], target, count, library.kernel_side
        )
        return target if target is not None else library.shaped(ids, pixels)

    if not is_batch:
        return group(centers, offsets, mask, out)
    if not _is_list(centers) or len(centers) != shape[0]:
        raise ValueError(f"centers: expected a list of {shape[0]}, one for each item of the batch")
    return [
        group(
            points, offsets[i], None if mask is None else mask[i], None if out is None else out[i]
        )
        for i, points in enumerate(centers)
    ]


def center_options(
    preset: str | None, threshold: Any, nms_kernel: Any, top_k: Any, wrap: Any
) -> dict[str, Any]:
    """Fill the knobs of `find_centers`, as cpp/bindings/bind_fusion.cpp reads them."""
    frozen = preset_of(preset, CENTERS)
    limit = _checks.number(
        frozen.threshold if threshold is None else threshold, "threshold", -np.inf, np.inf
    )
    kernel = _checks.integer(frozen.nms_kernel if nms_kernel is None else nms_kernel, "nms_kernel")
    if kernel < 1 or kernel % 2 == 0 or kernel > _LARGEST_KERNEL:
        raise ValueError(f"nms_kernel: expected an odd number of 1 or more, got {kernel}")
    most = frozen.top_k if top_k is None else _checks.integer(top_k, "top_k")
    return {
        "threshold": limit,
        "nms_kernel": kernel,
        "top_k": None if most is None or most <= 0 else min(most, 2**62),
        "first_of_equals": frozen.first_of_equals,
        "nan_hides": frozen.nan_hides,
        "top": frozen.top,
        "circular": circular_axes(wrap, 2),
    }


def circular_axes(wrap: Any, rank: int) -> tuple[bool, ...]:
    """Say of each axis whether it is circular."""
    axes = [False] * rank
    for axis in _checks.integers(wrap, "wrap"):
        if not -rank <= axis < rank:
            raise ValueError(f"wrap: expected axes of 0 to {rank - 1}, got {axis}")
        axes[axis] = True
    return tuple(axes)


def _is_list(centers: Any) -> bool:
    """Tell a batch of centres from the points of one item."""
    return isinstance(centers, (list, tuple)) and (
        len(centers) == 0 or isinstance(centers[0], Centers) or np.ndim(centers[0]) == 2
    )


def _points(centers: Any, rank: int) -> list[list[float]]:
    given = centers.points if isinstance(centers, Centers) else centers
    listed = given.tolist() if hasattr(given, "tolist") else given
    try:
        points = np.asarray(listed, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"centers: expected numbers of shape (N, {rank}), got {error}") from None
    if points.size == 0:
        return []
    if points.ndim != 2 or points.shape[1] != rank:
        raise ValueError(f"centers: expected the shape (N, {rank}), got {points.shape}")
    wrong = np.argwhere(~(np.abs(points) < _FARTHEST))
    if wrong.size:
        row, axis = wrong[0]
        raise ValueError(
            f"centers: expected finite numbers below 1e15, got {points[row, axis]} in row {row}"
        )
    result: list[list[float]] = points.tolist()
    return result
