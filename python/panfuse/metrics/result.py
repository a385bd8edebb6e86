"""The panoptic quality of a set of images, and all it was computed from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse.errors import FormatError
from panfuse.evaluation import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE
from panfuse.metrics import _remarks, _state, _tally

if TYPE_CHECKING:
    import os

    from panfuse.categories import Categories
    from panfuse.evaluation import Protocol
    from panfuse.metrics._rules import Rules
    from panfuse.metrics._state import ImageId, Images

__all__ = ["ImageTable", "PanopticResult"]


@dataclass(frozen=True, eq=False, slots=True)
class ImageTable:
    """One row an image, as columns: in the order of the ground truth's JSON, or of the ids.

    Attributes
    ----------
    image_id : tuple of int, str or None
    tp, fp, fn : int64 array
        Segments of all categories.
    iou : float64 array
        Sum over the true positives.
    pq : float64 array
        ``iou / (tp + fp / 2 + fn / 2)``; nan where there was nothing to judge.
    """

    image_id: tuple[ImageId, ...]
    tp: npt.NDArray[np.int64]
    fp: npt.NDArray[np.int64]
    fn: npt.NDArray[np.int64]
    iou: npt.NDArray[np.float64]
    pq: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.image_id)


class PanopticResult:
    """Panoptic quality of a set, from `evaluate`, `panoptic_quality` or `PanopticQuality`.

    ``result["All"]``, ``result["Things"]`` and ``result["Stuff"]`` are dicts of ``pq``, ``sq``,
    ``rq`` (0 to 1, averaged over the categories that occur) and ``n``, the number of these. A
    group without any has n = 0 and nan; by protocol "panopticapi", which divides by n, asking for
    it raises `FormatError`. ``print(result)`` shows the three, times 100.

    A result keeps what became of each segment, so results of parts can be merged: in any order,
    to the last bit what one evaluation of the whole gives.

    Parameters
    ----------
    rules, images, remarks
        How the set is judged, what became of its segments, and what else there is to say.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> categories = pf.Categories([1, 2], ["cell", "glass"], [True, False])
    >>> gt = np.array([[1, 1, 1, 2, 2, 0]])
    >>> pred = np.array([[5, 5, 6, 6, 6, 6]])
    >>> result = pf.panoptic_quality(
    ...     gt,
    ...     pred,
    ...     gt_segments=[{"id": 1, "category_id": 1}, {"id": 2, "category_id": 2}],
    ...     pred_segments=[{"id": 5, "category_id": 1}, {"id": 6, "category_id": 2}],
    ...     categories=categories,
    ... )
    >>> print(result)
              PQ     SQ     RQ      N
    All     66.7   66.7  100.0      2
    Things  66.7   66.7  100.0      1
    Stuff   66.7   66.7  100.0      1
    >>> result["Things"]["n"], result.per_class[2]["tp"], result.images.fp
    (1, 1, array([0]))
    """

    def __init__(self, rules: Rules, images: Images, remarks: tuple[str, ...] = ()) -> None:
        self._rules = rules
        self._state = _state.in_order(images)
        self._remarks = tuple(sorted(set(remarks)))
        tally = _tally.count(self._state, rules)
        self._per_class = tally.per_class(rules.categories.ids)

    def __getitem__(self, group: str) -> dict[str, float | int]:
        if group not in _tally.GROUPS:
            raise KeyError(f"expected one of {_tally.GROUPS}, got {group!r}")
        return _tally.average(self._per_class, self._rules, group)

    @property
    def categories(self) -> Categories:
        """The categories it is about, in table order."""
        return self._rules.categories

    @property
    def protocol(self) -> Protocol:
        """The protocol by which it was computed."""
        return self._rules.protocol

    @property
    def fold(self) -> int | None:
        """The number of workers in whose order floats were added, if one was given."""
        return self._rules.fold

    @property
    def pq(self) -> float:
        """Panoptic quality over all categories, 0 to 1."""
        return self["All"]["pq"]

    @property
    def sq(self) -> float:
        """Segmentation quality over all categories: mean IoU of the matched segments."""
        return self["All"]["sq"]

    @property
    def rq(self) -> float:
        """Recognition quality over all categories: the F1 score of finding the segments."""
        return self["All"]["rq"]

    @property
    def per_class(self) -> dict[int, dict[str, Any]]:
        """Of each category id: pq, sq, rq, iou (sum of the matched segments), tp, fp and fn.

        All are 0 where the category does not occur.
        """
        return {category_id: dict(row) for category_id, row in self._per_class.items()}

    @property
    def notes(self) -> list[str]:
        """What was unsound in the data, how often, where first, and what was done about it."""
        return [*_remarks.remarks(self._state, self._rules), *self._remarks]

    @property
    def images(self) -> ImageTable:
        """Counts and quality of each image."""
        outcomes = self._state.outcomes
        size = len(self._state)
        tp, fp, fn = (
            np.bincount(outcomes.image[outcomes.kind == kind], minlength=size)
            for kind in (TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE)
        )
        iou = np.zeros(size)
        np.add.at(iou, outcomes.image, outcomes.iou)
        weight = tp + 0.5 * fp + 0.5 * fn
        pq = np.divide(iou, weight, out=np.full(size, np.nan), where=weight > 0)
        return ImageTable(self._state.ids, tp, fp, fn, iou, pq)

    def __len__(self) -> int:
        return len(self._state)

    def require_groups(self) -> PanopticResult:
        """Return this result, once it is sure that all three groups have a value.

        Raises
        ------
        FormatError
            By protocol "panopticapi", if no category of a group occurs.
        """
        for group in _tally.GROUPS:
            self[group]
        return self

    def merge(self, other: PanopticResult) -> PanopticResult:
        """Put two parts of a set together; exact in any order.

        Parameters
        ----------
        other : PanopticResult
            Of other images, judged in the same way. Images without an id are never the same.

        Returns
        -------
        PanopticResult

        Raises
        ------
        ValueError
            An image is in both, or protocol, fold or categories differ.
        """
        if not isinstance(other, PanopticResult):
            raise TypeError(f"other: expected a PanopticResult, got {type(other).__name__}")
        self._rules.require_same(other._rules)
        _state.require_new(other._state.ids, set(self._state.ids), "other")
        images = _state.join([self._state, other._state])
        return PanopticResult(self._rules, images, self._remarks + other._remarks)

    def to_dict(self) -> dict[str, Any]:
        """All numbers in plain Python types, ready for JSON: None stands for nan and infinity.

        Returns
        -------
        dict
            ``protocol``, ``fold``, ``images`` (how many), ``All``, ``Things``, ``Stuff``,
            ``per_class`` (of category ids as strings; with ``name`` and ``isthing``) and
            ``notes``.
        """
        per_class = {
            str(category.id): {
                "name": category.name,
                "isthing": int(category.is_thing),
                **_finite(self._per_class[category.id]),
            }
            for category in self.categories
        }
        return {
            "protocol": self.protocol,
            "fold": self.fold,
            "images": len(self),
            **{group: _finite(self[group]) for group in _tally.GROUPS},
            "per_class": per_class,
            "notes": self.notes,
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one file, from which `load` makes the same result.

        The file is written beside `path` and then takes its place.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        from panfuse.metrics import _saved

        _saved.write(path, self._rules, self._state, self._remarks)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PanopticResult:
        """Read what `save` has written.

        Raises
        ------
        FormatError
            The file is damaged, or no such file.
        OSError
            The file cannot be read.
        """
        from panfuse.metrics import _saved

        return cls(*_saved.read(path))

    def __reduce__(self) -> tuple[Any, ...]:
        return PanopticResult, (self._rules, self._state, self._remarks)

    def __str__(self) -> str:
        lines = [f"{'':6s}{'PQ':>6s} {'SQ':>6s} {'RQ':>6s} {'N':>6s}"]
        for group in _tally.GROUPS:
            try:
                values = self[group]
            except FormatError:  # the group has no value, which must not hide the others
                values = {"pq": math.nan, "sq": math.nan, "rq": math.nan, "n": 0}
            cells = [_percent(values[key]) for key in ("pq", "sq", "rq")]
            lines.append(f"{group:6s}{' '.join(cells)} {values['n']:6d}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        try:
            quality = f"PQ {_percent(self.pq).strip()}"
        except FormatError:
            quality = "no category"
        return f"PanopticResult({len(self)} images, {self.protocol}: {quality})"


def _percent(value: float) -> str:
    return f"{'-' if math.isnan(value) else format(100 * value, '.1f'):>6s}"


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value if math.isfinite(value) else None for key, value in row.items()}
