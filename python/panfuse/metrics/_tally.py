"""From what became of each segment to the numbers of a set, in a defined order of additions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse.errors import FormatError
from panfuse.evaluation import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE

if TYPE_CHECKING:
    from panfuse.metrics._rules import Rules
    from panfuse.metrics._state import Images

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

GROUPS = ("All", "Things", "Stuff")


@dataclass(frozen=True, eq=False, slots=True)
class Tally:
    """Counts and summed IoU of each category, in the order of the table."""

    tp: Int64
    fp: Int64
    fn: Int64
    iou: Float64

    def per_class(self, category_ids: Int64) -> dict[int, dict[str, Any]]:
        result = {}
        for row, category_id in enumerate(category_ids.tolist()):
            tp, fp, fn = int(self.tp[row]), int(self.fp[row]), int(self.fn[row])
            iou = float(self.iou[row])
            weight = tp + 0.5 * fp + 0.5 * fn
            result[category_id] = {
                "pq": iou / weight if weight else 0.0,
                "sq": iou / tp if tp else 0.0,
                "rq": tp / weight if weight else 0.0,
                "iou": iou,
                "tp": tp,
                "fp": fp,
                "fn": fn,
            }
        return result


def count(images: Images, rules: Rules) -> Tally:
    """Tally images that are in order."""
    categories = len(rules.categories)
    rows = category_rows(images, rules)
    kind, iou = images.outcomes.kind, images.outcomes.iou
    tp, fp, fn = (
        np.bincount(rows[kind == value], minlength=categories + 1)[:categories]
        for value in (TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE)
    )
    matched = kind == TRUE_POSITIVE
    if rules.protocol == "coco":
        sums = _rounded_sums(rows[matched], iou[matched], categories)
    else:
        workers = _workers(len(images), rules.fold)[images.outcomes.image[matched]]
        sums = _running_sums(rows[matched], iou[matched], categories, workers)
    return Tally(tp, fp, fn, sums)


def category_rows(images: Images, rules: Rules) -> Int64:
    """Row of each outcome's category in the table; one past the last if it is not there."""
    ids = rules.categories.ids
    order = np.argsort(ids)
    place = np.searchsorted(ids[order], images.outcomes.category_id)
    order = np.append(order, len(ids))
    known = np.append(ids, -1)[order[place]] == images.outcomes.category_id
    return np.where(known, order[place], len(ids)).astype(np.int64)


def average(
    per_class: dict[int, dict[str, Any]], rules: Rules, group: str
) -> dict[str, float | int]:
    """Average the categories of a group that occur.

    Raises
    ------
    FormatError
        None occurs, and the protocol divides by their number.
    """
    present = [
        per_class[category.id]
        for category in rules.categories
        if group == "All" or category.is_thing == (group == "Things")
    ]
    present = [row for row in present if row["tp"] + row["fp"] + row["fn"] > 0]
    n = len(present)
    if n == 0 and rules.protocol == "panopticapi":
        raise FormatError(
            f"{group}: no category of this group occurs, and panopticapi divides by their number; "
            'protocol="coco" gives n = 0 and nan'
        )
    add = math.fsum if rules.protocol == "coco" else _in_turn
    result: dict[str, float | int] = {
        key: add([row[key] for row in present]) / n if n else math.nan for key in ("pq", "sq", "rq")
    }
    return result | {"n": n}


def _in_turn(values: list[float]) -> float:
    # Not sum(), which compensates from Python 3.12 on.
    total = 0.0
    for value in values:
        total += value
    return total


def _rounded_sums(rows: Int64, iou: Float64, categories: int) -> Float64:
    order = np.argsort(rows, kind="stable")
    ends = np.searchsorted(rows[order], np.arange(categories), side="right")
    values = iou[order].tolist()
    starts = [0, *ends[:-1].tolist()]
    pairs = zip(starts, ends.tolist(), strict=False)  # there may be no category at all
    return np.array([math.fsum(values[start:end]) for start, end in pairs], np.float64)


def _workers(images: int, fold: int | None) -> Int64:
    """Give each image its worker, as ``np.array_split`` does; idle workers are left out."""
    workers = max(1, min(fold or 1, images))
    size, longer = divmod(images, workers)
    sizes = np.full(workers, size)
    sizes[:longer] += 1
    return np.repeat(np.arange(workers), sizes)


def _running_sums(rows: Int64, iou: Float64, categories: int, workers: Int64) -> Float64:
    """One running float64 a worker and category; then the workers', in their order.

    ``np.bincount`` adds its weights one by one, in the order of the rows.
    """
    count = int(workers[-1]) + 1 if len(workers) else 1
    sums = np.bincount(workers * (categories + 1) + rows, iou, count * (categories + 1))
    total = np.zeros(categories + 1)
    for part in sums.reshape(count, categories + 1):
        total += part
    return total[:categories]
