"""Maps of segment ids to runs, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from panfuse import _arrays, _backend, _checks
from panfuse._rle_list import RleList

__all__ = ["OverlapReport", "Overlaps", "decode_ids", "encode_ids", "overlaps"]

_INT32 = np.iinfo(np.int32)


class Overlaps(NamedTuple):
    """Pairs of masks that share pixels, ascending.

    Attributes
    ----------
    a, b : int32 arrays (P,)
        Indices of masks.
    pixels : int64 array (P,)
        The pixels that both have.
    """

    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    pixels: npt.NDArray[np.int64]


class OverlapReport(NamedTuple):
    """Where masks of one list overlap.

    Attributes
    ----------
    pixels : int
        How many pixels belong to two masks or more.
    pairs : Overlaps
        Pairs of indices a < b into the list.
    """

    pixels: int
    pairs: Overlaps


@overload
def encode_ids(
    ids: Any,
    *,
    background: int | None = 0,
    text: bool = False,
    threads: int | None = None,
    batched: Literal[False] = False,
) -> RleList: ...


@overload
def encode_ids(
    ids: Any,
    *,
    background: int | None = 0,
    text: bool = False,
    threads: int | None = None,
    batched: bool,
) -> Any: ...


def encode_ids(
    ids: Any,
    *,
    background: int | None = 0,
    text: bool = False,
    threads: int | None = None,
    batched: bool = False,
) -> Any:
    """Make every segment's RLE, area and box, in one pass over a map of ids.

    Parameters
    ----------
    ids : integer or bool array (H, W), or (B, H, W) if `batched`
        Of any strides; not modified; on the CPU or a CUDA device. Each id must fit int32. Sides are
        below 2**31, and a map has fewer than 2**32 pixels. On the CPU, rows of pixels that do not
        lie side by side are copied one by one, unless columns do.
    background : int or None, default 0
        The id that is no segment. None: there is none.
    text : bool, default False
        Whether counts are str (for JSON), or bytes as pycocotools has them.
    threads : int, optional
        CPU threads; by default as many as pay, up to the CPUs this process may use and
        ``PANFUSE_THREADS``. The result does not depend on it.
    batched : bool, default False
        Whether the first axis counts independent maps.

    Returns
    -------
    RleList, or a list of them if `batched`
        One item for each id of the map, ascending. Its columns are NumPy's, on any device.

    Raises
    ------
    TypeError
        `ids` is no array of integers or bool.
    ValueError
        Naming the id that does not fit int32, or the number of axes or sides.

    Notes
    -----
    A row is compared with the row above, and the bits that say where they differ are transposed,
    64 by 64; everything after that is paid for each run of a column.

    On a CUDA device runs are found, sorted and counted there, in four launches, two scans and (from
    two ids on) a sort for a whole batch, on the caller's stream and in the caller's memory. Only
    runs come to the host, which waits twice: for their number, and for them; and once more where a
    batch has more than 1024 segments a map.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> rles = pf.rle.encode_ids(np.array([[7, 7, 0], [0, 7, 9]], np.uint8), text=True)
    >>> for rle in rles:
    ...     print(rle)
    {'id': 7, 'size': [2, 3], 'counts': '01111', 'area': 3, 'bbox': [0, 0, 2, 2]}
    {'id': 9, 'size': [2, 3], 'counts': '51', 'area': 1, 'bbox': [2, 1, 1, 1]}
    """
    if background is not None:
        background = _checks.integer(background, "background")
        if not _INT32.min <= background <= _INT32.max:
            raise ValueError(f"background: expected an int32 or None, got {background}")
    count = _checks.thread_count(threads)
    library, (ids,) = _arrays.take(ids=ids)
    module = _backend.kernels(library)
    maps = module.rle.encode_ids(ids, background, bool(batched), count, library.kernel_side)
    results = [RleList(columns, bool(text)) for columns in maps]
    return results if batched else results[0]


def decode_ids(
    rles: Any,
    ids: npt.ArrayLike | None = None,
    *,
    size: tuple[int, int] | None = None,
    order: npt.ArrayLike | None = None,
) -> tuple[npt.NDArray[np.int32], OverlapReport]:
    """Paint masks into one map of ids, and tell where they overlap.

    Parameters
    ----------
    rles : RleList, or list of dict
        Masks of one size.
    ids : ints (N,), optional
        Each mask's id, an int32. Default: those of the `RleList`; or the items ``id`` of the
        dicts, if all have one; or else 1 to N.
    size : (int, int), optional
        H and W. Needed where there are no masks, and compared with theirs where there are.
    order : ints (N,), optional
        The masks' indices as they are painted: later ones over earlier ones. Default: 0 to N - 1.

    Returns
    -------
    ids : int32 array (H, W)
        0 where there is no mask.
    report : OverlapReport
        The number of pixels that belong to two masks or more, and for each two masks that overlap
        how many pixels they share. It does not depend on `order`.

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE or has another size, or `ids`, `order` or `size` if
        they do not fit the masks.

    Notes
    -----
    Overlaps are found by sorting runs; memory beside the map is proportional to runs.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> rles = pf.rle.encode(np.array([[[1, 1, 0]], [[0, 1, 1]]], np.uint8), axis=0)
    >>> ids, report = pf.rle.decode_ids(rles, [5, 8])
    >>> ids
    array([[5, 8, 8]], dtype=int32)
    >>> report.pixels, report.pairs.a, report.pairs.b, report.pairs.pixels
    (1, array([0], dtype=int32), array([1], dtype=int32), array([1]))
    >>> pf.rle.decode_ids(rles, [5, 8], order=[1, 0])[0]
    array([[5, 5, 8]], dtype=int32)
    """
    rles = [rles] if isinstance(rles, Mapping) else rles
    if not isinstance(rles, (list, tuple, RleList)):
        raise TypeError(f"rles: expected a list, got {type(rles).__name__}")
    count = len(rles)
    values = _column(_ids_of(rles) if ids is None else ids, "ids")
    beyond = (values < _INT32.min) | (values > _INT32.max)
    if beyond.any():
        raise ValueError(f"ids: expected ids that fit int32, got {values[beyond][0]}")
    sequence = np.arange(count, dtype=np.int64) if order is None else _column(order, "order")
    flat, shape, pairs, pixels = _backend.cpu().rle.decode_ids(
        rles, values.astype(np.int32), sequence, size
    )
    return flat.reshape(shape), OverlapReport(pixels, Overlaps(*pairs))


def overlaps(a: Any, b: Any) -> Overlaps:
    """Find all pairs of a mask of one list and a mask of another that share pixels.

    For lists that each make up a map (two panoptic results) this is the table of their segments'
    intersections, without the maps.

    Parameters
    ----------
    a, b : RleList, or list of dict
        Masks of one size; within a list they may overlap.

    Returns
    -------
    Overlaps
        The pairs (index into `a`, index into `b`), ascending, and their pixels.

    Raises
    ------
    TypeError, ValueError
        Naming the mask that is no sound RLE, or has another size than the others.

    Notes
    -----
    Both lists' runs are sorted by where they begin, and swept once: the work is proportional to the
    runs and to the runs that meet, memory to the runs and pairs.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> a = pf.rle.encode_ids(np.array([[1, 1, 2, 2]]))
    >>> b = pf.rle.encode_ids(np.array([[7, 9, 9, 0]]))
    >>> pairs = pf.rle.overlaps(a, b)
    >>> a.ids[pairs.a], b.ids[pairs.b], pairs.pixels
    (array([1, 1, 2], dtype=int32), array([7, 9, 9], dtype=int32), array([1, 1, 1]))
    """
    return Overlaps(*_backend.cpu().rle.overlaps(a, b))


def _ids_of(rles: Any) -> Any:
    if isinstance(rles, RleList):
        return rles.ids
    given = [rle.get("id") if isinstance(rle, Mapping) else None for rle in rles]
    if given and None not in given:
        return given
    return np.arange(1, len(rles) + 1)


def _column(values: npt.ArrayLike, name: str) -> npt.NDArray[np.int64]:
    column = np.asarray(values)
    if column.ndim != 1:
        raise ValueError(f"{name}: expected one axis, got {column.ndim}")
    if column.dtype.kind not in "iu" and column.size > 0:
        raise TypeError(f"{name}: expected integers, got {column.dtype}")
    if column.dtype.kind == "u" and column.size > 0 and column.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name}: expected integers below 2**63, got {column.max()}")
    return np.ascontiguousarray(column, np.int64)
