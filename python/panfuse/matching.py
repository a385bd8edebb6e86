"""Pair counts of two label maps, and the segments that match.

Everything that compares two panoptic maps (PQ and its relatives, instance matching, confusion
matrices) can be read off one table: how many pixels each pair of ids shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from panfuse import _arrays, _backend, _checks

__all__ = ["Contingency", "Matches", "contingency", "match"]


@dataclass(frozen=True, eq=False, slots=True)
class Contingency:
    """How many pixels each pair of ids shares, as columns.

    The columns are arrays of the caller's library, on the caller's device. Ids keep the dtype of
    their map. Rows ascend by (gt id, pred id), labels ascend.

    Attributes
    ----------
    gt_ids, pred_ids : array, shape (P,)
        The ids of each pair that occurs, void (0) included.
    counts : int64 array, shape (P,)
        Pixels of each pair, at least 1.
    gt_labels, pred_labels : array, shape (G,) and (Q,)
        The ids that occur on each side.
    gt_areas, pred_areas : int64 array, shape (G,) and (Q,)
        Pixels of each id.
    """

    gt_ids: Any
    pred_ids: Any
    counts: Any
    gt_labels: Any
    gt_areas: Any
    pred_labels: Any
    pred_areas: Any

    def __repr__(self) -> str:
        return (
            f"Contingency({self.counts.shape[0]} pairs of {self.gt_labels.shape[0]} gt ids and "
            f"{self.pred_labels.shape[0]} pred ids)"
        )

    def _columns(self) -> tuple[Any, ...]:
        return (
            self.gt_ids,
            self.pred_ids,
            self.counts,
            self.gt_labels,
            self.gt_areas,
            self.pred_labels,
            self.pred_areas,
        )


@dataclass(frozen=True, eq=False, slots=True)
class Matches:
    """Pairs of segments that are the same thing, and the segments that found no partner.

    The columns are arrays of the caller's library, on the caller's device. Void (0) is no segment.

    Attributes
    ----------
    gt_ids, pred_ids : array, shape (M,)
        The matched ids, ascending by (gt id, pred id).
    iou : float64 array, shape (M,)
        Intersection over union, rounded once.
    intersection, union : int64 array, shape (M,)
        Pixels.
    unmatched_gt, unmatched_pred : array
        Ids without a partner, ascending: misses and false alarms.
    """

    gt_ids: Any
    pred_ids: Any
    iou: Any
    intersection: Any
    union: Any
    unmatched_gt: Any
    unmatched_pred: Any

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The matched ids as Python pairs; reads the columns to the host."""
        return list(zip(self.gt_ids.tolist(), self.pred_ids.tolist(), strict=True))

    def __len__(self) -> int:
        return int(self.iou.shape[0])

    def __repr__(self) -> str:
        return (
            f"Matches({len(self)} pairs, {self.unmatched_gt.shape[0]} gt and "
            f"{self.unmatched_pred.shape[0]} pred segments unmatched)"
        )


Ignore = int | Iterable[int] | Mapping[str, int | Iterable[int]] | None


@overload
def contingency(
    gt: Any, pred: Any, *, ignore: Ignore = None, threads: int | None = None
) -> Contingency: ...


@overload
def contingency(
    gt: Any, pred: Any, *, ignore: Ignore = None, batched: bool, threads: int | None = None
) -> Any: ...


def contingency(
    gt: Any,
    pred: Any,
    *,
    ignore: Ignore = None,
    batched: bool = False,
    threads: int | None = None,
) -> Contingency | list[Contingency]:
    """Count the pixels of every pair of ids in two label maps.

    Parameters
    ----------
    gt, pred : array
        Label maps of one shape, of any rank, strides, and integer or bool dtype (they may differ),
        on one device: NumPy, torch, CuPy, JAX on the CPU, or anything with DLPack or the buffer
        protocol. They are not modified.
    ignore : int, iterable of int, or mapping, optional
        Ids that become 0 (void) in both maps; ``{"gt": ..., "pred": ...}`` names them by side.
    batched : bool, default False
        Whether the first axis counts independent maps.
    threads : int, optional
        CPU threads; by default as many as pay, up to the CPUs this process may use and
        ``PANFUSE_THREADS``. The result does not depend on it.

    Returns
    -------
    Contingency, or a list of them if `batched`
        Equal to ``np.unique`` over the pairs, with counts, on every device.

    Raises
    ------
    TypeError
        A map is no array of integers or bool in the machine's byte order.
    ValueError
        The shapes differ, or the maps lie on two devices.
    RuntimeError
        The maps lie on a GPU, and no kernels for it can run here.

    Notes
    -----
    On a GPU the call synchronises once with the caller's stream, to learn how long the columns
    are, and twice where nearly every pixel has a pair of its own. Where a map comes from a library
    whose stream panfuse does not know (all but torch and CuPy), it also waits for the results.

    The tables of a batch are slices of seven arrays, which live as long as one of them does.

    JAX's results keep their 64 bits, whether or not ``jax_enable_x64`` is set.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> gt = np.array([[1, 1, 2], [1, 2, 2]])
    >>> pred = np.array([[7, 7, 7], [7, 9, 9]])
    >>> table = pf.contingency(gt, pred)
    >>> table.gt_ids, table.pred_ids, table.counts
    (array([1, 2, 2]), array([7, 7, 9]), array([3, 1, 2]))
    >>> table.pred_labels, table.pred_areas
    (array([7, 9]), array([4, 2]))
    """
    library, (gt, pred) = _arrays.take(gt=gt, pred=pred)
    ignored_gt, ignored_pred = _ignored_by_side(ignore)
    module = _backend.kernels(library)
    tables = module.contingency(
        gt,
        pred,
        ignored_gt,
        ignored_pred,
        bool(batched),
        _checks.thread_count(threads),
        library.kernel_side,
    )
    results = [Contingency(*map(library.wrap, table)) for table in tables]
    return results if batched else results[0]


def match(
    contingency: Contingency, *, iou_threshold: float = 0.5, ignore_void: bool = True
) -> Matches:
    """Match the segments of two maps by intersection over union.

    A pair matches if its IoU, as a float64, exceeds the threshold. From 0.5 on no segment can be in
    two such pairs. Below it the pair with the higher IoU goes first, on a tie the one with the
    smaller gt id, then the smaller pred id; a segment is matched at most once.

    Parameters
    ----------
    contingency : Contingency
        From `contingency`.
    iou_threshold : float, default 0.5
        In [0, 1).
    ignore_void : bool, default True
        Whether pixels that are void (0) in gt belong to no union, as in panopticapi. If not, they
        count as background, as in StarDist or panoptica.

    Returns
    -------
    Matches

    Raises
    ------
    TypeError, ValueError
        The argument is no contingency table, or the threshold is out of its range.

    Notes
    -----
    On a GPU the call synchronises once with the caller's stream. Categories play no part: a metric
    that matches within a category drops the other pairs afterwards, which from 0.5 on is the same.

    References
    ----------
    Kirillov et al., "Panoptic Segmentation", CVPR 2019, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> gt = np.array([[1, 1, 1, 2, 2, 0]])
    >>> pred = np.array([[5, 5, 5, 5, 6, 5]])
    >>> matches = pf.match(pf.contingency(gt, pred))
    >>> matches.pairs, matches.iou, matches.unmatched_gt, matches.unmatched_pred
    ([(1, 5)], array([0.75]), array([2]), array([6]))
    """
    if not isinstance(contingency, Contingency):
        raise TypeError(
            f"contingency: expected a panfuse.Contingency, got {type(contingency).__name__}"
        )
    threshold = _checks.number(iou_threshold, "iou_threshold", 0.0, 1.0)
    columns = contingency._columns()
    names = Contingency.__slots__
    library, taken = _arrays.take(
        **{f"contingency.{name}": column for name, column in zip(names, columns, strict=True)}
    )
    module = _backend.kernels(library)
    matched = module.match(tuple(taken), threshold, bool(ignore_void), library.kernel_side)
    return Matches(*map(library.wrap, matched))


def _ignored_by_side(ignore: Ignore) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if ignore is None:
        return (), ()
    if isinstance(ignore, Mapping):
        unknown = set(ignore) - {"gt", "pred"}
        if unknown:
            raise ValueError(f"ignore: expected the keys 'gt' and 'pred', got {sorted(unknown)}")
        return (
            _checks.integers(ignore.get("gt"), "ignore['gt']"),
            _checks.integers(ignore.get("pred"), "ignore['pred']"),
        )
    ids = _checks.integers(ignore, "ignore")
    return ids, ids
