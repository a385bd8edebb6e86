"""Which files are compared with which: from two JSON files to pairs of PNG files."""

from __future__ import annotations

import errno
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from panfuse.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from panfuse.categories import Categories
    from panfuse.evaluation import SegmentColumns
    from panfuse.formats.coco import Annotations

_Path = str | os.PathLike[str]
_Id = int | str


class Listed:
    """Makes the columns of some images when it is called, once."""

    def __init__(self, annotations: Annotations, rows: list[int]) -> None:
        self._annotations: Annotations | None = annotations
        self._rows = rows

    def __call__(self) -> SegmentColumns:
        annotations, self._annotations = self._annotations, None
        # The objects of a file take ten times the memory of the columns, and go with this call.
        assert annotations is not None
        return annotations.columns(self._rows)


class Side(NamedTuple):
    """The files of ground truth or predictions, and what is listed of them."""

    files: list[str]
    segments: Listed


class Pairs(NamedTuple):
    """What is compared: images, in the order of the ground truth's JSON.

    `positions` are theirs in that file. `remarks` say what else the files hold.
    """

    categories: Categories
    ids: tuple[_Id, ...]
    positions: npt.NDArray[np.int64]
    gt: Side
    pred: Side
    remarks: tuple[str, ...]


def read(
    gt_json: _Path,
    pred_json: _Path,
    gt_folder: _Path | None,
    pred_folder: _Path | None,
    *,
    protocol: str,
    chosen: set[_Id] | None,
    part: tuple[int, int] | None,
) -> Pairs:
    """Read both JSON files, and find the prediction of each image."""
    for path in (gt_json, pred_json):
        os.stat(path)  # before anything is told of its folder
    gt_directory = _folder(gt_json, gt_folder, "gt_folder")
    pred_directory = _folder(pred_json, pred_folder, "pred_folder")
    truth = _ground_truth(gt_json, gt_directory, protocol, chosen, part)
    pred, remarks = _predictions(pred_json, pred_directory, protocol, truth)
    every = (*truth.remarks, *remarks)
    return Pairs(truth.categories, truth.ids, truth.positions, truth.side, pred, every)


class _Truth(NamedTuple):
    """The chosen images of ground truth, and the ids of all."""

    categories: Categories
    ids: tuple[_Id, ...]
    positions: npt.NDArray[np.int64]
    side: Side
    every: frozenset[_Id]
    remarks: list[str]


def _ground_truth(
    path: _Path,
    folder: Path,
    protocol: str,
    chosen: set[_Id] | None,
    part: tuple[int, int] | None,
) -> _Truth:
    from panfuse.formats import coco

    annotations = coco.read_annotations(path)
    if annotations.categories is None:
        raise FormatError(f"{annotations.path}: field `categories` is missing")
    every = [image.image_id for image in annotations]
    remarks = _listed_twice(every, annotations.path, protocol, "each is counted")
    rows = np.arange(len(every))
    if chosen is not None:
        _require_known(chosen, every, annotations.path)
        rows = np.array([row for row, one in enumerate(every) if one in chosen], np.int64)
    if part is not None:
        rows = np.array_split(rows, part[1])[part[0]]
    side = _side(annotations, rows.tolist(), folder)
    ids = tuple(every[row] for row in rows)
    return _Truth(annotations.categories, ids, rows, side, frozenset(every), remarks)


def _predictions(path: _Path, folder: Path, protocol: str, truth: _Truth) -> tuple[Side, list[str]]:
    from panfuse.formats import coco

    annotations = coco.read_annotations(path, predictions=True)
    found = [image.image_id for image in annotations]
    remarks = _listed_twice(found, annotations.path, protocol, "the last is taken")
    remarks += _further(found, truth.every)
    row_of = {image_id: row for row, image_id in enumerate(found)}
    _require_predictions(truth.ids, row_of, annotations.path)
    return _side(annotations, [row_of[image_id] for image_id in truth.ids], folder), remarks


def _side(annotations: Annotations, rows: list[int], folder: Path) -> Side:
    names = [annotations[row].file_name for row in rows]
    prefix = os.path.join(folder, "")  # os.path.join takes microseconds a file
    files = [name if name.startswith("/") else prefix + name for name in names]
    return Side(files, Listed(annotations, rows))


def _folder(json_path: _Path, given: _Path | None, name: str) -> Path:
    from panfuse.formats import coco

    folder = coco.default_folder(json_path) if given is None else Path(given)
    if not folder.is_dir():
        code = errno.ENOTDIR if folder.exists() else errno.ENOENT
        raise OSError(code, f"{name}: {os.strerror(code)}", str(folder))
    return folder


def _require_known(chosen: set[_Id], every: Sequence[_Id], path: Path) -> None:
    for image_id in sorted(chosen.difference(every), key=str):
        raise ValueError(
            f"images: expected image ids of {path}, got {image_id!r}{_hint(image_id, every)}"
        )


def _require_predictions(ids: Sequence[_Id], row_of: dict[int | str, int], path: Path) -> None:
    missing = [image_id for image_id in ids if image_id not in row_of]
    if missing:
        others = f" (and of {len(missing) - 1} others)" if len(missing) > 1 else ""
        hint = _hint(missing[0], row_of)
        raise FormatError(f"{path}: no prediction of image {missing[0]!r}{others}{hint}")


def _hint(image_id: int | str, others: Iterable[_Id]) -> str:
    """Point at an id that differs by its type alone."""
    alike = next((one for one in others if str(one) == str(image_id)), None)
    return "" if alike is None else f"; there is {alike!r}, of type {type(alike).__name__}"


def _listed_twice(ids: Sequence[_Id], path: Path, protocol: str, done: str) -> list[str]:
    if len(set(ids)) == len(ids):
        return []
    twice = [image_id for image_id, times in Counter(ids).items() if times > 1]
    if protocol == "coco":
        raise FormatError(f"{path}: image {twice[0]!r} is listed more than once")
    return [
        f"{len(twice)} images listed more than once in {path.name} (first: {twice[0]!r}): {done}"
    ]


def _further(found: Sequence[_Id], known: frozenset[_Id]) -> list[str]:
    further = [image_id for image_id in found if image_id not in known]
    if not further:
        return []
    return [
        f"{len(further)} predictions of images that ground truth has not "
        f"(first: image {further[0]!r}): they were left out"
    ]
