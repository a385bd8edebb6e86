"""Panoptic maps of a video's frames, with ids that stay with their objects."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np

from panfuse import _checks, _encoded
from panfuse.matching import contingency
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

__all__ = ["Stitcher", "stitch"]

_INT32_MAX = 2**31 - 1
_MODES = ("mutual_best", "hungarian")
# Category, and whether it is a crowd: what has no instances is one object for a whole video.
_Kind = tuple[int, bool]


class _Pair(NamedTuple):
    """A segment of each map, of one category, that share a pixel."""

    iou: float
    previous: int
    current: int


class _Rule(NamedTuple):
    mode: str
    min_iou: float
    last_of_equals: bool
    threads: int | None


def stitch(
    previous: Panoptic,
    current: Panoptic,
    *,
    mode: str | None = None,
    min_iou: float | None = None,
    preset: str | None = None,
    next_id: int | None = None,
    threads: int | None = None,
) -> Panoptic:
    """Give the segments of one map the ids of those that they overlap in another.

    The other map is what a network that sees two frames at once said of this frame when it saw the
    frame before (ViP-DeepLab), or simply that of the frame before, where motion is small.

    Parameters
    ----------
    previous, current : Panoptic
        Of one size, and on one device.
    mode : {"mutual_best", "hungarian"}, optional
        Which instances of one category are the same: those of which each overlaps the other most,
        by IoU, which is the default; or the pairs of the greatest sum of IoUs, which needs SciPy.
    min_iou : float, optional
        The least IoU of a pair, in [0, 1]. Default 0: to share a pixel is enough.
    preset : {"vip_deeplab"}, optional
        Of pairs with equal IoUs let the one with the greatest ids win, as that project does.
    next_id : int, optional
        From where on segments without a partner are numbered, in ascending order of their ids.
        Default: above all ids of `previous`.
    threads : int, optional
        As for `contingency`.

    Returns
    -------
    Panoptic
        `current` with other ids. Its pixels are int32, in the library and on the device of
        `current`, where this synchronises. Areas, boxes and the rest are as they were.

    Raises
    ------
    TypeError
        `previous` or `current` is no Panoptic.
    ValueError
        Their sizes or devices differ; a pixel has an id without a segment; an argument has no
        meaning.
    OverflowError
        An id would exceed 2**31 - 1.
    ImportError
        SciPy is needed and not installed.

    Notes
    -----
    Stuff and crowds have no instances: they take the id that their category has in `previous` (of
    several segments of one category the first alone), whether they overlap or not.

    Of pairs with equal IoUs the smaller id of `previous` wins, then that of `current`; for
    "hungarian" SciPy decides.

    ViP-DeepLab numbers what has no partner by adding an offset to its number, so that it may take
    the number of another object; here such segments take fresh ids. Which pairs it finds was
    compared with its own function ("original run", deeplab2's
    ``stitch_video_panoptic_prediction``).

    References
    ----------
    Qiao et al., "ViP-DeepLab: Learning Visual Perception with Depth-aware Video Panoptic
    Segmentation", CVPR 2021, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> before = pf.Panoptic(np.array([[4, 4, 4, 0, 9]]), pf.Segments([4, 9], [1, 1], [True] * 2))
    >>> now = pf.Panoptic(np.array([[1, 2, 2, 2, 3]]), pf.Segments([1, 2, 3], [1] * 3, [True] * 3))
    >>> pf.stitch(before, now).ids
    array([[10,  4,  4,  4,  9]], dtype=int32)
    """
    rule = _rule(mode, min_iou, preset, threads)
    _require(previous, "previous")
    _require(current, "current")
    rows = previous.segments
    least = int(rows.id[-1]) + 1 if len(rows) else 1
    start = (
        least if next_id is None else _checks.integer_within(next_id, "next_id", least, _INT32_MAX)
    )
    known = dict(reversed([(kind, id_) for kind, id_ in _uncounted(rows)]))
    names = _name(current, _partners(previous, current, rule), known, start)
    return _renamed(current, names)


class Stitcher:
    """Ids that stay with their objects through a video, frame by frame.

    Parameters
    ----------
    mode, min_iou, preset, threads
        As for `stitch`.

    Attributes
    ----------
    next_id : int
        Above every id that was given so far; none is given to two objects.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> def frame(ids):
    ...     return pf.Panoptic(np.array([ids]), pf.Segments([1, 2], [7, 7], [True, True]))
    >>> stitcher = pf.Stitcher()
    >>> for ids in [1, 1, 2, 2, 0], [2, 2, 0, 1, 1], [2, 2, 2, 0, 1]:
    ...     print(stitcher.update(frame(ids)).ids)
    [[1 1 2 2 0]]
    [[1 1 0 2 2]]
    [[1 1 1 0 2]]
    """

    def __init__(
        self,
        *,
        mode: str | None = None,
        min_iou: float | None = None,
        preset: str | None = None,
        threads: int | None = None,
    ) -> None:
        self._rule = _rule(mode, min_iou, preset, threads)
        self.reset()

    def reset(self) -> None:
        """Forget all frames: the next one is the first of another video."""
        self.next_id = 1
        self._before: Panoptic | None = None
        self._known: dict[_Kind, int] = {}

    def update(self, current: Panoptic, ahead: Panoptic | None = None) -> Panoptic:
        """Take the next frame, and return it with the video's ids.

        Parameters
        ----------
        current : Panoptic
        ahead : Panoptic, optional
            What the network said of the frame to come, with the ids of `current` where an object is
            in both, as a network that sees two frames at once does. The next frame is then compared
            with this one. By default it is compared with `current` itself.

        Returns
        -------
        Panoptic
            As `stitch`; the first frame keeps its ids. Stuff keeps its id through the video.

        Raises
        ------
        TypeError, ValueError, OverflowError, ImportError
            As `stitch`; ValueError also if `ahead` has a segment whose category is not that of the
            same id in `current`. The frames before are not forgotten then.
        """
        _require(current, "current")
        if ahead is not None:
            _require(ahead, "ahead")
            _check_same(current, ahead)
        known = dict(self._known)
        if self._before is None:
            names = {id_: id_ for id_ in current.segments.id.tolist()}
            known |= dict(reversed([(kind, id_) for kind, id_ in _uncounted(current.segments)]))
        else:
            partners = _partners(self._before, current, self._rule)
            names = _name(current, partners, known, self.next_id)
        result = _renamed(current, names)
        next_id = max([self.next_id - 1, *names.values()]) + 1
        before = result
        if ahead is not None:
            in_both = {id_: names[id_] for id_ in ahead.segments.id.tolist() if id_ in names}
            names = _name(ahead, in_both, known, next_id)
            before = _renamed(ahead, names)
            next_id = max([next_id - 1, *names.values()]) + 1
        self._before, self._known, self.next_id = before, known, next_id
        return result

    def __repr__(self) -> str:
        return f"Stitcher(mode={self._rule.mode!r}, next_id={self.next_id})"


def _rule(mode: Any, min_iou: Any, preset: Any, threads: Any) -> _Rule:
    if preset not in (None, "vip_deeplab"):
        raise ValueError(f"preset: expected None or 'vip_deeplab', got {preset!r}")
    chosen = "mutual_best" if mode is None else mode
    if chosen not in _MODES:
        raise ValueError(f"mode: expected one of {', '.join(map(repr, _MODES))}, got {mode!r}")
    least = 0.0 if min_iou is None else _checks.number(min_iou, "min_iou", 0, 1)
    return _Rule(chosen, least, preset is not None, threads)


def _require(panoptic: Any, name: str) -> None:
    if not isinstance(panoptic, Panoptic):
        raise TypeError(f"{name}: expected a Panoptic, got {type(panoptic).__name__}")


def _check_same(current: Panoptic, ahead: Panoptic) -> None:
    if ahead.size != current.size:
        raise ValueError(f"ahead: expected the size {current.size}, got {ahead.size}")
    kinds = dict(zip(current.segments.id.tolist(), _kinds(current.segments), strict=True))
    for id_, kind in zip(ahead.segments.id.tolist(), _kinds(ahead.segments), strict=True):
        if kinds.get(id_, kind) != kind:
            raise ValueError(
                f"ahead: expected segment {id_} to be of category {kinds[id_][0]} as in current, "
                f"got {kind[0]}"
            )


def _kinds(rows: Segments) -> list[tuple[int, bool, bool]]:
    return list(
        zip(rows.category_id.tolist(), rows.is_crowd.tolist(), rows.is_thing.tolist(), strict=True)
    )


def _uncounted(rows: Segments) -> list[tuple[_Kind, int]]:
    """Kind and id of each segment that has no instances."""
    return [
        ((category, is_crowd), id_)
        for (category, is_crowd, is_thing), id_ in zip(_kinds(rows), rows.id.tolist(), strict=True)
        if is_crowd or not is_thing
    ]


def _partners(previous: Panoptic, current: Panoptic, rule: _Rule) -> dict[int, int]:
    """Find the instance of `previous` that each of `current` continues, by their ids."""
    if previous.size != current.size:
        raise ValueError(
            f"previous: expected the size of current, {current.size}, got {previous.size}"
        )
    pairs = _pairs(previous, current, rule)
    if rule.mode == "hungarian":
        return _best_sum(pairs)
    sign = 1 if rule.last_of_equals else -1
    forth, back = {}, {}
    for pair in sorted(pairs, key=lambda p: (p.iou, sign * p.previous, sign * p.current)):
        forth[pair.previous] = pair.current
        back[pair.current] = pair.previous
    return {now: before for now, before in back.items() if forth[before] == now}


def _pairs(previous: Panoptic, current: Panoptic, rule: _Rule) -> list[_Pair]:
    """Find the pairs of instances of one category, with an IoU that is enough."""
    table = contingency(previous.ids, current.ids, threads=rule.threads)
    gt, pred, counts, gt_labels, gt_areas, pred_labels, pred_areas = (
        getattr(table, name).tolist() for name in type(table).__slots__
    )
    categories = []
    for panoptic, labels, name in ((previous, gt_labels, "previous"), (current, pred_labels, "")):
        rows = panoptic.segments
        of_id = dict(zip(rows.id.tolist(), _kinds(rows), strict=True))
        stray = sorted(set(labels) - set(of_id) - {0})
        if stray:
            raise ValueError(f"{name or 'current'}: pixel id {stray[0]} has no segment")
        categories.append({id_: kind[0] for id_, kind in of_id.items() if kind[2] and not kind[1]})
    areas = dict(zip(gt_labels, gt_areas, strict=True))
    areas_now = dict(zip(pred_labels, pred_areas, strict=True))
    pairs = []
    for before, now, shared in zip(gt, pred, counts, strict=True):
        category = categories[0].get(before)
        if category is not None and category == categories[1].get(now):
            iou = shared / (areas[before] + areas_now[now] - shared)
            if iou >= rule.min_iou:
                pairs.append(_Pair(iou, before, now))
    return pairs


def _best_sum(pairs: list[_Pair]) -> dict[int, int]:
    """Assign by the greatest sum of IoUs. Pairs are of one category, so that one matrix does."""
    try:
        optimize = importlib.import_module("scipy.optimize")
    except ImportError as error:
        raise ImportError("mode: 'hungarian' needs SciPy, which is not installed") from error
    befores = sorted({pair.previous for pair in pairs})
    nows = sorted({pair.current for pair in pairs})
    ious = np.zeros((len(befores), len(nows)))
    for pair in pairs:
        ious[befores.index(pair.previous), nows.index(pair.current)] = pair.iou
    rows, columns = optimize.linear_sum_assignment(ious, maximize=True)
    return {
        nows[column]: befores[row]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if ious[row, column] > 0
    }


def _name(
    current: Panoptic, partners: dict[int, int], known: dict[_Kind, int], next_id: int
) -> dict[int, int]:
    """Find a name for each segment; adds those of stuff and crowds to `known`."""
    names = dict(partners)
    taken = set(partners.values())
    of_kind = {id_: kind for kind, id_ in _uncounted(current.segments)}
    for id_ in current.segments.id.tolist():
        if id_ in names:
            continue
        name = known.get(of_kind[id_]) if id_ in of_kind else None
        if name is None or name in taken:
            name = next_id
            next_id += 1
        if name > _INT32_MAX:
            raise OverflowError(f"next_id: expected ids below 2**31, got {name}")
        if id_ in of_kind:
            known.setdefault(of_kind[id_], name)
        names[id_] = name
        taken.add(name)
    return names


def _renamed(current: Panoptic, names: dict[int, int]) -> Panoptic:
    rows = current.segments
    ids = np.array([names[id_] for id_ in rows.id.tolist()], np.int32)
    painted = _encoded.paint(current.ids, rows, ids, 0, np.dtype(np.int32))
    order = np.argsort(ids)
    segments = Segments(
        ids[order],
        rows.category_id[order],
        rows.is_thing[order],
        is_crowd=rows.is_crowd[order],
        score=rows.score[order],
        area=rows.area[order],
        bbox=rows.bbox[order],
        source_index=rows.source_index[order],
    )
    return Panoptic(painted, segments, categories=current.categories, decisions=current.decisions)
