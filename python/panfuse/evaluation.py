"""What becomes of the segments of many images: found, missed or invented.

The step between label maps (as pair counts or as files) and the metrics: every listed segment is
judged once, and the metrics only add up. The metrics stand in `panfuse.metrics`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from panfuse import _backend, _checks
from panfuse.png import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from panfuse.matching import Contingency

__all__ = [
    "AREA",
    "CROWDS",
    "FALSE_NEGATIVE",
    "FALSE_POSITIVE",
    "TRUE_POSITIVE",
    "UNLISTED",
    "UNSEEN",
    "Notes",
    "Outcomes",
    "Protocol",
    "SegmentColumns",
    "compare_files",
    "compare_images",
]

Protocol = Literal["coco", "panopticapi"]

TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = 0, 1, 2

AREA, UNLISTED, UNSEEN, CROWDS = 0, 1, 2, 3


@dataclass(frozen=True, eq=False, slots=True)
class SegmentColumns:
    """The segments that JSON lists, of several images one after another, in JSON order.

    Attributes
    ----------
    offsets : int64 array, shape (I + 1,)
        Image i has the rows ``offsets[i]`` to ``offsets[i + 1]``.
    ids, category_ids : int64 array, shape (S,)
    is_crowd : bool array, shape (S,)
        All False in predictions.
    areas : float64 array, shape (S,)
        Pixels as listed; nan where none are, as in predictions.
    """

    offsets: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    category_ids: npt.NDArray[np.int64]
    is_crowd: npt.NDArray[np.bool_]
    areas: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Notes:
    """What is unsound in the ground truth though it can be judged; one row each.

    Attributes
    ----------
    image : int64 array, shape (M,)
        Index of the image.
    kind : int8 array, shape (M,)
        ``AREA``: a segment's listed area is not its pixels (protocol "coco" takes the pixels,
        "panopticapi" the list). ``UNLISTED``: an id of the map that JSON does not list (void to
        "coco"; neither void nor a segment to "panopticapi"). ``UNSEEN``: a listed segment without
        a pixel (not counted by "coco", missed to "panopticapi"). ``CROWDS``: a category with
        several crowd segments (all of them count for "coco", the last one for "panopticapi").
    segment : int64 array, shape (M,)
        Its id; the category's for ``CROWDS``.
    listed : float64 array, shape (M,)
        The listed area, or the number of crowds; nan where there is none.
    pixels : int64 array, shape (M,)
    """

    image: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int8]
    segment: npt.NDArray[np.int64]
    listed: npt.NDArray[np.float64]
    pixels: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Outcomes:
    """What became of the segments, one row each, in the order of the images.

    Within an image true positives come first, ascending by (gt id, pred id), then false negatives,
    then false positives, both in JSON order. Crowds, and predictions that lie mostly in void or in
    crowds, have no row.

    Attributes
    ----------
    images : int
        How many images were compared.
    image : int64 array, shape (N,)
        Index of the image.
    kind : int8 array, shape (N,)
        ``TRUE_POSITIVE``, ``FALSE_POSITIVE`` or ``FALSE_NEGATIVE``.
    category_id : int64 array, shape (N,)
    iou : float64 array, shape (N,)
        Of true positives; 0 otherwise.
    notes : Notes
    """

    images: int
    image: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int8]
    category_id: npt.NDArray[np.int64]
    iou: npt.NDArray[np.float64]
    notes: Notes


def compare_images(
    tables: Sequence[Contingency],
    gt: SegmentColumns,
    pred: SegmentColumns,
    *,
    category_ids: Iterable[int],
    protocol: Protocol = "coco",
    names: Sequence[str],
) -> Outcomes:
    """Judge the segments of images whose pairs are counted already.

    Parameters
    ----------
    tables : sequence of Contingency
        One an image, from `panfuse.contingency`, on the host.
    gt, pred : SegmentColumns
        The segments of those images.
    category_ids : iterable of int
        The known categories.
    protocol : {"coco", "panopticapi"}
        Whose rules hold; see `panfuse.evaluate`.
    names : sequence of str
        What messages call the images.

    Returns
    -------
    Outcomes

    Raises
    ------
    FormatError
        Maps and lists contradict each other in a way that the protocol refuses; names the image
        and the segment.
    ValueError
        The arguments do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> from panfuse import evaluation
    >>> def listed(ids, category_ids):
    ...     n = len(ids)
    ...     return evaluation.SegmentColumns(
    ...         np.array([0, n]), np.array(ids), np.array(category_ids),
    ...         np.zeros(n, bool), np.full(n, np.nan))
    >>> table = pf.contingency(np.array([[1, 1, 1, 2]]), np.array([[5, 5, 6, 6]]))
    >>> outcomes = evaluation.compare_images(
    ...     [table], listed([1, 2], [7, 7]), listed([5, 6], [7, 8]),
    ...     category_ids=[7, 8], names=["image 1"])
    >>> outcomes.kind, outcomes.category_id, outcomes.iou.round(3)
    (array([0, 2, 1], dtype=int8), array([7, 7, 8]), array([0.667, 0.   , 0.   ]))
    """
    columns = [
        tuple(np.asarray(column, np.int64) for column in (t.gt_ids, t.pred_ids, t.counts))
        for t in tables
    ]
    rows = _backend.cpu().evaluation.compare_images(
        columns,
        gt,
        pred,
        _checks.integers(category_ids, "category_ids"),
        _as_panopticapi(protocol),
        list(names),
    )
    return _outcomes(len(columns), rows)


def compare_files(
    gt_files: Sequence[str | os.PathLike[str]],
    pred_files: Sequence[str | os.PathLike[str]],
    gt: SegmentColumns | Callable[[], SegmentColumns],
    pred: SegmentColumns | Callable[[], SegmentColumns],
    *,
    category_ids: Iterable[int],
    protocol: Protocol = "coco",
    names: Sequence[str],
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Outcomes:
    """Judge the segments of pairs of PNG files.

    Each pair is read, decoded row by row, and counted run by run by one thread; no array of its
    pixels is made. The GIL is released meanwhile.

    Parameters
    ----------
    gt_files, pred_files : sequence of path
        One of each an image, as `panfuse.png.read` takes them; protocol "panopticapi" takes RGB and
        RGBA alone.
    gt, pred : SegmentColumns, or callable that returns them
        The segments of those images. A callable is called once, on one of the threads, while the
        others count already.
    category_ids : iterable of int
        The known categories.
    protocol : {"coco", "panopticapi"}
        Whose rules hold; see `panfuse.evaluate`.
    names : sequence of str
        What messages call the images.
    threads : int, optional
        By default one for each CPU this process may use, up to ``PANFUSE_THREADS``. The result does
        not depend on it.
    progress : callable, optional
        Called with the number of images done, on the calling thread, every tenth of a second and at
        the end. What it raises ends the work, as does Ctrl-C.

    Returns
    -------
    Outcomes

    Raises
    ------
    FormatError
        A file is no label map, the sizes of a pair differ, or maps and lists contradict each other
        in a way that the protocol refuses. Names the image, the file and the segment; where
        several images fail, the first of them.
    OSError
        A file cannot be opened or read.
    ValueError
        The arguments do not fit together.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import panfuse as pf
    >>> from panfuse import evaluation
    >>> segments = evaluation.SegmentColumns(
    ...     np.array([0, 1]), np.array([3]), np.array([7]), np.array([False]), np.array([4.0]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "map.png"
    ...     pf.png.write(np.full((2, 2), 3), path)
    ...     outcomes = evaluation.compare_files(
    ...         [path], [path], segments, segments, category_ids=[7], names=["image 1"])
    >>> outcomes.kind, outcomes.iou
    (array([0], dtype=int8), array([1.]))
    """
    rows = _backend.cpu().evaluation.compare_files(
        [os.fsencode(path) for path in gt_files],
        [os.fsencode(path) for path in pred_files],
        gt,
        pred,
        _checks.integers(category_ids, "category_ids"),
        _as_panopticapi(protocol),
        list(names),
        _checks.thread_count(threads),
        MAX_PIXELS,
        progress,
    )
    return _outcomes(len(names), rows)


def _as_panopticapi(protocol: str) -> bool:
    if protocol not in ("coco", "panopticapi"):
        raise ValueError(f"protocol: expected 'coco' or 'panopticapi', got {protocol!r}")
    return protocol == "panopticapi"


def _outcomes(images: int, rows: tuple[npt.NDArray[np.generic], ...]) -> Outcomes:
    image, kind, category_id, iou, *notes = rows
    return Outcomes(images, image, kind, category_id, iou, Notes(*notes))  # type: ignore[arg-type]
