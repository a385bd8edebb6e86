"""What `update` is given, as one row an image: two maps, two tables of segments, an id."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from panfuse.evaluation import SegmentColumns
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
    from panfuse.metrics._state import ImageId


class Listed(NamedTuple):
    """The segments of one image in the order of the list."""

    ids: npt.NDArray[np.int64]
    category_ids: npt.NDArray[np.int64]
    is_crowd: npt.NDArray[np.bool_]
    areas: npt.NDArray[np.float64]


_NONE = Listed(
    np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.float64)
)

# A Panoptic stands for its segments, since reading them may wait for a device.
Source = Listed | Panoptic


@dataclass(frozen=True, slots=True)
class Inputs:
    """Several images. The maps of a side are a list, or one array with a leading axis."""

    gt: Any
    pred: Any
    gt_sources: list[Source]
    pred_sources: list[Source]
    ids: list[ImageId]

    @property
    def stacked(self) -> bool:
        return not (isinstance(self.gt, list) or isinstance(self.pred, list))

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        return ((self.gt[row], self.pred[row]) for row in range(len(self.ids)))


def take(gt: Any, pred: Any, gt_segments: Any, pred_segments: Any, image_id: Any) -> Inputs:
    """Read the arguments of `update`, without a look at a pixel."""
    if hasattr(image_id, "tolist"):  # an array or a scalar of some library
        image_id = image_id.tolist()
    is_batch = (
        isinstance(gt, list | tuple)
        or isinstance(pred, list | tuple)
        or _is_nested(gt_segments)
        or _is_nested(pred_segments)
        or _is_several(image_id)
    )
    gt, gt_sources = _side(gt, gt_segments, "gt", is_batch)
    pred, pred_sources = _side(pred, pred_segments, "pred", is_batch)
    if len(gt_sources) != len(pred_sources):
        raise ValueError(
            f"pred: expected a batch of {len(gt_sources)} images as gt is, got {len(pred_sources)}"
        )
    ids = _image_ids(image_id, len(gt_sources), is_batch)
    return Inputs(gt, pred, gt_sources, pred_sources, ids)


def columns(sources: Sequence[Source], *, ground_truth: bool) -> SegmentColumns:
    """Put the segments of several images into columns; reads those that are still on a device."""
    # Nothing comes first, so that there always is something to put together.
    tables = [_NONE]
    for source in sources:
        tables.append(_from_segments(source.segments) if isinstance(source, Panoptic) else source)
    ids, category_ids, is_crowd, areas = map(np.concatenate, zip(*tables, strict=True))
    if not ground_truth:
        is_crowd, areas = np.zeros_like(is_crowd), np.full_like(areas, np.nan)
    offsets = np.cumsum([len(table.ids) for table in tables], dtype=np.int64)
    return SegmentColumns(offsets, ids, category_ids, is_crowd, areas)


def image_id_of(value: Any, name: str) -> int | str:
    """Take an image's id: a string, or an integer of any library."""
    if isinstance(value, str):
        return str(value)
    try:
        if not isinstance(value, bool):
            return operator.index(value)
    except TypeError:
        pass
    raise TypeError(f"{name}: expected an int or a str, got {type(value).__name__}")


def _image_ids(image_id: Any, size: int, is_batch: bool) -> list[ImageId]:
    if not is_batch:
        return [None if image_id is None else image_id_of(image_id, "image_id")]
    if image_id is None:
        return [None] * size
    if not _is_several(image_id):
        raise TypeError(f"image_id: expected a list of {size} ids, got {type(image_id).__name__}")
    ids = [
        None if one is None else image_id_of(one, f"image_id[{row}]")
        for row, one in enumerate(image_id)
    ]
    if len(ids) != size:
        raise ValueError(f"image_id: expected one for each of {size} images, got {len(ids)}")
    return ids


def _is_several(image_id: Any) -> bool:
    return isinstance(image_id, Iterable) and not isinstance(image_id, str | bytes)


def _is_nested(segments: Any) -> bool:
    """Whether these are the segments of several images."""
    return isinstance(segments, list | tuple) and any(
        isinstance(item, Segments | list | tuple) for item in segments
    )


def _side(maps: Any, segments: Any, name: str, is_batch: bool) -> tuple[Any, list[Source]]:
    if not is_batch:
        ids, source = _item(maps, segments, name, f"{name}_segments")
        return [ids], [source]
    if segments is not None and not isinstance(segments, list | tuple):
        raise TypeError(
            f"{name}_segments: expected a list with the segments of each image of the batch, "
            f"got {type(segments).__name__}"
        )
    if not isinstance(maps, list | tuple):
        if segments is None:
            raise TypeError(f"{name}_segments: expected the segments of each image, got None")
        return maps, [
            _listed(listed, f"{name}_segments[{row}]") for row, listed in enumerate(segments)
        ]
    lists = [None] * len(maps) if segments is None else segments
    if len(lists) != len(maps):
        raise ValueError(
            f"{name}_segments: expected the segments of each of {len(maps)} images, "
            f"got {len(lists)} lists"
        )
    items = [
        _item(one, listed, f"{name}[{row}]", f"{name}_segments[{row}]")
        for row, (one, listed) in enumerate(zip(maps, lists, strict=True))
    ]
    return [ids for ids, _ in items], [source for _, source in items]


def _item(one: Any, segments: Any, name: str, segments_name: str) -> tuple[Any, Source]:
    if isinstance(one, Panoptic):
        if segments is not None:
            raise TypeError(f"{segments_name}: {name} is a Panoptic, which has segments of its own")
        return one.ids, one
    if segments is None:
        raise TypeError(f"{segments_name}: expected the segments of {name}, got None")
    return one, _listed(segments, segments_name)


def _listed(segments: Any, name: str) -> Listed:
    if isinstance(segments, Segments):
        return _from_segments(segments)
    if isinstance(segments, str | bytes | Mapping) or not isinstance(segments, Iterable):
        raise TypeError(
            f"{name}: expected Segments or a list of dicts, got {type(segments).__name__}"
        )
    records = list(segments)
    for row, record in enumerate(records):
        if not isinstance(record, Mapping):
            raise TypeError(f"{name}[{row}]: expected a dict, got {type(record).__name__}")
    return _from_dicts(records, name)


def _from_segments(segments: Segments) -> Listed:
    return Listed(
        segments.id.astype(np.int64),
        segments.category_id.astype(np.int64),
        segments.is_crowd,
        np.where(segments.area < 0, np.nan, segments.area),
    )


def _from_dicts(records: Sequence[Mapping[str, Any]], name: str) -> Listed:
    crowds = _numbers([record.get("iscrowd", 0) for record in records], "iscrowd", name)
    wrong = np.flatnonzero((crowds != 0) & (crowds != 1))
    if len(wrong):
        row = wrong[0]
        raise ValueError(f"{name}[{row}]: field 'iscrowd': expected 0 or 1, got {crowds[row]}")
    areas = [_area(record.get("area"), name, row) for row, record in enumerate(records)]
    return Listed(
        _numbers(_required(records, "id", name), "id", name),
        _numbers(_required(records, "category_id", name), "category_id", name),
        crowds.astype(np.bool_),
        np.array(areas, np.float64),
    )


def _required(records: Sequence[Mapping[str, Any]], field: str, name: str) -> list[Any]:
    try:
        return [record[field] for record in records]
    except KeyError:
        row = next(row for row, record in enumerate(records) if field not in record)
        raise ValueError(
            f"{name}[{row}]: expected the field {field!r}, got {list(records[row])}"
        ) from None


def _numbers(values: list[Any], field: str, name: str) -> npt.NDArray[np.int64]:
    try:
        return np.fromiter(map(operator.index, values), np.int64, len(values))
    except TypeError:
        row = next(row for row, value in enumerate(values) if not _is_integer(value))
        kind = type(values[row]).__name__
        raise TypeError(f"{name}[{row}]: field {field!r}: expected an int, got {kind}") from None
    except OverflowError:
        raise ValueError(f"{name}: field {field!r}: expected numbers of 64 bits") from None


def _is_integer(value: Any) -> bool:
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def _area(value: Any, name: str, row: int) -> float:
    if value is None:
        return np.nan
    try:
        if not isinstance(value, str | bytes):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise TypeError(f"{name}[{row}]: field 'area': expected a number, got {type(value).__name__}")
