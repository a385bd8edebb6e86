"""Connected components: labels, what is known of each, and what people do next with them.

Components are found on runs of equal pixels, so that everything after the one scan (statistics,
filters, holes) is paid per run. Labels are 1..N in the order of first pixels, in C order, whatever
the memory layout, the number of threads, the instruction set or the device.
"""

from __future__ import annotations

from typing import Any, Literal, overload

from panfuse import _arrays, _backend, _checks
from panfuse import _labeling_arguments as arguments
from panfuse._components import Components
from panfuse._instances import split_instances
from panfuse._masks import clean_mask_logits, fill_holes, remove_small

__all__ = [
    "Components",
    "clean_mask_logits",
    "components",
    "fill_holes",
    "label",
    "remove_small",
    "split_instances",
]


@overload
def label(
    image: Any,
    *,
    connectivity: int | None = None,
    background: float | None = 0,
    binary: bool = False,
    batched: Literal[False] = False,
    dtype: Any = None,
    out: Any = None,
    threads: int | None = None,
) -> tuple[Any, int]: ...


@overload
def label(
    image: Any,
    *,
    connectivity: int | None = None,
    background: float | None = 0,
    binary: bool = False,
    batched: bool,
    dtype: Any = None,
    out: Any = None,
    threads: int | None = None,
) -> tuple[Any, Any]: ...


def label(
    image: Any,
    *,
    connectivity: int | None = None,
    background: float | None = 0,
    binary: bool = False,
    batched: bool = False,
    dtype: Any = None,
    out: Any = None,
    threads: int | None = None,
) -> tuple[Any, Any]:
    """Label the connected components of an image.

    Neighbours belong together if their values are equal, or, if `binary`, if both are foreground.

    Parameters
    ----------
    image : array
        1 to 3 axes (one more if `batched`), of any strides and of bool, integers or floats. Floats
        are equal by exact value (0.0 and -0.0 are), and NaN is always background. Not modified.
        What does not lie in rows of contiguous pixels, and floats, are copied row by row.
    connectivity : int, optional
        4 or 8 for 2 axes; 6, 18 or 26 for 3; or how many indices of neighbours may differ, 1 to
        the number of axes. Default: all.
    background : number or None, default 0
        The value that is labelled 0, rounded to the dtype of an image of floats. None: there is no
        background, everything is labelled.
    binary : bool, default False
        Whether all values but the background count as one.
    batched : bool, default False
        Whether the first axis counts independent images, each labelled from 1 on.
    dtype : dtype, optional
        Of the labels: int32 (the default), uint16, uint32 or int64.
    out : array, optional
        Where the labels are written, and what is returned: of the image's shape, contiguous in C
        order, not overlapping the image. (The pages of a new array of many megabytes cost more
        time than labelling does.)
    threads : int, optional
        CPU threads; by default as many as pay, up to the CPUs this process may use and
        ``PANFUSE_THREADS``. The result does not depend on it.

    Returns
    -------
    labels : integer array
        1..N in the order of each component's first pixel, in C order.
    count : int, or list of int if `batched`
        N.

    Raises
    ------
    TypeError
        `image` is no array of those dtypes in the machine's byte order, or `out` has another dtype.
    ValueError
        The connectivity, the number of axes or `out` do not fit the image.
    OverflowError
        The dtype cannot hold the labels.

    Notes
    -----
    On a GPU the call synchronises once with the caller's stream, to learn the count; images have
    at most 2,147,483,392 pixels there.

    References
    ----------
    Lacassagne et al., "Light Speed Labeling", JRTIP 2011: union-find on the labels of runs. On a
    GPU: Playne and Hawick, "A New Algorithm for Parallel Connected-Component Labelling on GPUs",
    TPDS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> image = np.array([[7, 7, 0, 3], [0, 0, 3, 0], [9, 9, 9, 3]], np.uint8)
    >>> labels, count = pf.label(image)
    >>> labels
    array([[1, 1, 0, 2],
           [0, 0, 2, 0],
           [3, 3, 3, 2]], dtype=int32)
    >>> pf.label(image, connectivity=4)[1], pf.label(image, binary=True)[1]
    (5, 1)
    """
    library, (image,) = _arrays.take_numbers(image=image)
    module = _backend.kernels(library)
    labels, counts = module.label(
        image,
        arguments.connectivity(connectivity),
        arguments.background(background),
        bool(binary),
        bool(batched),
        arguments.dtype_name(dtype),
        arguments.taken_output(out, image),
        _checks.thread_count(threads),
        library.kernel_side,
    )
    if out is None:
        out = library.shaped(labels, _arrays.shape_of(image))
    return out, counts if batched else counts[0]


def components(
    image: Any,
    *,
    connectivity: int | None = None,
    background: float | None = 0,
    binary: bool = False,
    batched: bool = False,
    min_area: int | None = None,
    max_area: int | None = None,
    keep_largest: int | None = None,
    per_value: bool = False,
    clear_border: bool = False,
    fill_holes: int | None = None,
    reassign: str = "background",
    dtype: Any = None,
    out: Any = None,
    threads: int | None = None,
) -> Any:
    """Label the connected components of an image, describe each, and filter them.

    What is asked for is applied in this order: holes are filled, then components that touch the
    border are removed, then those of other areas (holes counted), then all but the largest; then
    what was removed is reassigned. Labels are renumbered 1..N by first pixel, and the rows describe
    what is returned.

    Parameters
    ----------
    image, connectivity, background, binary, batched, dtype, out, threads
        As for `label`.
    min_area, max_area : int, optional
        The smallest and largest area that stays.
    keep_largest : int, optional
        How many components stay at most: the largest, on a tie the first.
    per_value : bool, default False
        Whether `keep_largest` counts for each value of the image.
    clear_border : bool, default False
        Whether components that touch the border of the image are removed.
    fill_holes : int, optional
        The largest hole to fill, in pixels. A hole is a component of the background that does not
        touch the border and whose neighbours through faces are all of one component, which it
        becomes part of. The background connects the dual way: through faces, or every way where
        the foreground connects through faces only.
    reassign : {"background", "neighbor"}
        What removed components become: background, or part of the component left over with which
        they share the most faces of pixels (the first of these on a tie); background if there is
        none. Values stay those of the component that was kept.

    Returns
    -------
    Components, or a list of them if `batched`
        The labels of a batch are slices of one array, as are its columns.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As `label` does, and if a filter is negative or `reassign` unknown.

    Notes
    -----
    On a GPU the call synchronises with the caller's stream, to learn the counts: once, again where
    components are removed, and again where they are reassigned to neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> image = np.array([[7, 7, 0, 3], [0, 0, 3, 0], [9, 9, 9, 3]], np.uint8)
    >>> found = pf.components(image)
    >>> found.value, found.area, found.bbox.tolist()
    (array([7, 3, 9], dtype=uint8), array([2, 3, 3]), [[0, 0, 2, 1], [2, 0, 2, 3], [0, 2, 3, 1]])
    >>> pf.components(image, min_area=3).labels
    array([[0, 0, 0, 1],
           [0, 0, 1, 0],
           [2, 2, 2, 1]], dtype=int32)
    """
    if reassign not in ("background", "neighbor"):
        raise ValueError(f"reassign: expected 'background' or 'neighbor', got {reassign!r}")
    filters = {
        "min_area": arguments.area(min_area, "min_area"),
        "max_area": arguments.area(max_area, "max_area"),
        "keep_largest": arguments.area(keep_largest, "keep_largest"),
        "per_value": bool(per_value),
        "clear_border": bool(clear_border),
        "fill_holes": arguments.area(fill_holes, "fill_holes"),
        "to_neighbor": reassign == "neighbor",
    }
    library, (image,) = _arrays.take_numbers(image=image)
    module = _backend.kernels(library)
    labels, items = module.components(
        image,
        arguments.connectivity(connectivity),
        arguments.background(background),
        bool(binary),
        bool(batched),
        filters,
        arguments.dtype_name(dtype),
        arguments.taken_output(out, image),
        _checks.thread_count(threads),
        library.kernel_side,
    )
    shape = _arrays.shape_of(image)
    if out is None:
        out = library.shaped(labels, shape)
    if not batched:
        return _components(library, out, items[0], len(shape))
    return [_components(library, out[i], item, len(shape) - 1) for i, item in enumerate(items)]


def _components(library: _arrays.Library, labels: Any, item: list[Any], rank: int) -> Components:
    count, value, area, start, stop, bbox, centroid, first, touches_border = item
    return Components(
        labels,
        count,
        library.wrap(value),
        library.wrap(area),
        library.shaped(start, (count, rank)),
        library.shaped(stop, (count, rank)),
        library.shaped(bbox, (count, 2 * rank)),
        library.shaped(centroid, (count, rank)),
        library.wrap(first),
        library.wrap(touches_border),
    )
