"""Panoptic maps from semantic ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from panfuse import _arrays, _backend, _checks
from panfuse import _labeling_arguments as arguments
from panfuse.categories import Categories, thing_ids
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["split_instances"]


def split_instances(
    semantic: Any,
    *,
    things: Iterable[int] | Categories,
    ignore: int | Iterable[int] | None = None,
    min_area: int | None = None,
    connectivity: int | None = None,
    threads: int | None = None,
) -> Panoptic:
    """Make a panoptic map of a semantic one: every component of a thing is an instance.

    Stuff is one segment for each category. This is the panoptic result of a network that has no
    instances to offer, and a fair baseline for those that do.

    Parameters
    ----------
    semantic : integer or bool array, 1 to 3 axes
        Category ids.
    things : set of int, or Categories
        The category ids that are countable. `Categories` also become the result's, and then must
        know every category of the map.
    ignore : int or iterable of int, optional
        Values of the map that become void (0).
    min_area : int, optional
        Components of things with fewer pixels become void. Stuff stays.
    connectivity : int, optional
        As for `label`.
    threads : int, optional
        As for `label`.

    Returns
    -------
    Panoptic
        int32 ids 1..N in the order of each segment's first pixel, in the library and on the device
        of `semantic`.

    Raises
    ------
    TypeError
        `semantic` is no array of integers or bool.
    ValueError
        A category id that is not ignored is below 0 or above 2**31 - 1, or not in `things` where
        that is a Categories.

    Notes
    -----
    On a GPU the call synchronises with the caller's stream, to learn the counts and to read the
    columns.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> semantic = np.array([[1, 5, 1, 5], [1, 5, 1, 255]])
    >>> panoptic = pf.split_instances(semantic, things={5}, ignore=255)
    >>> panoptic.ids
    array([[1, 2, 1, 3],
           [1, 2, 1, 0]], dtype=int32)
    >>> panoptic.segments.category_id, panoptic.segments.area
    (array([1, 5, 5], dtype=int32), array([4, 2, 1]))
    """
    countable = thing_ids(things)
    library, (semantic,) = _arrays.take(semantic=semantic)
    module = _backend.kernels(library)
    ids, category_id, is_thing, area, bbox = module.split_instances(
        semantic,
        arguments.connectivity(connectivity),
        tuple(countable),
        _checks.integers(ignore, "ignore"),
        arguments.area(min_area, "min_area") or 0,
        _checks.thread_count(threads),
        library.kernel_side,
    )
    shape = _arrays.shape_of(semantic)
    columns = [np.asarray(column.tolist()) for column in (category_id, is_thing, area, bbox)]
    count = len(columns[0])
    segments = Segments(
        np.arange(1, count + 1),
        columns[0],
        columns[1],
        area=columns[2],
        bbox=columns[3].reshape(count, 2 * len(shape)),
    )
    categories = things if isinstance(things, Categories) else None
    return Panoptic(library.shaped(ids, shape), segments, categories=categories)
