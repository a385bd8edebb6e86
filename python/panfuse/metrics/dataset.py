"""Panoptic quality of data sets in files: two COCO JSON files and their folders of PNG files."""

from __future__ import annotations

import errno
import operator
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from panfuse.errors import FormatError
from panfuse.evaluation import Protocol, SegmentColumns, compare_files
from panfuse.metrics import _rules
from panfuse.metrics._inputs import image_id_of
from panfuse.metrics._state import Images
from panfuse.metrics.result import PanopticResult

if TYPE_CHECKING:
    from panfuse.formats.coco import Annotations

__all__ = ["evaluate"]

Report = Callable[[int, int], object]


def evaluate(
    gt_json: str | os.PathLike[str],
    pred_json: str | os.PathLike[str],
    *,
    gt_folder: str | os.PathLike[str] | None = None,
    pred_folder: str | os.PathLike[str] | None = None,
    protocol: Protocol = "coco",
    fold: int | None = None,
    images: Iterable[int | str] | None = None,
    shard: tuple[int, int] | None = None,
    threads: int | None = None,
    progress: bool | Report | None = None,
) -> PanopticResult:
    """Compute the panoptic quality of predictions in COCO panoptic files.

    Parameters
    ----------
    gt_json, pred_json : str or path
        The images, their segments and, in ground truth, the categories. Predictions of further
        images are left out, which a note says.
    gt_folder, pred_folder : str or path, optional
        Where the PNG files are. Default: the path of the JSON file without ``.json``.
    protocol : {"coco", "panopticapi"}
        "coco" does the right thing on unsound data and says so in the result's notes, adds IoUs
        exactly, and gives nan for a group without a category. "panopticapi" replays that project
        bit for bit: it takes areas of ground truth from JSON, the last crowd of a category alone,
        and refuses a set without things or without stuff. On sound data both agree within 1e-12.
    fold : int, optional
        For "panopticapi": add in the order of so many workers, as its parallel path does on a
        machine with so many CPUs. Default: its single-core path.
    images : iterable of image ids, optional
        Evaluate these alone.
    shard : (int, int), optional
        Evaluate the k-th of n parts of the images, k counting from 0. Merged, the n results are
        that of the whole.
    threads : int, optional
        Default: one for each CPU this process may use, up to ``PANFUSE_THREADS``.
    progress : bool or callable, optional
        True shows a bar on standard error; a callable is given the numbers of images done and to
        do.

    Returns
    -------
    PanopticResult

    Raises
    ------
    FormatError
        A file is not what it claims to be, or the protocol refuses it: a prediction is missing, an
        id or category is unknown, sizes differ. Names the file, image and segment.
    OSError
        A file or folder cannot be read.
    TypeError, ValueError
        An argument is no good, or `images` has an id that ground truth has not.

    Notes
    -----
    Proven against the original: panopticapi as ``panopticapi-lite`` 0.2.0 has it. What it refuses
    by KeyError, ZeroDivisionError and the like is refused by `FormatError`, but for a part of a
    set (`images` or `shard`) without things or without stuff: there the group itself raises when
    it is asked for. Gray and palette PNG files are read by "coco" alone. An image that ground
    truth lists twice counts twice by "panopticapi", and its last prediction is taken; "coco"
    refuses both.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import panfuse as pf
    >>> categories = pf.Categories([1], ["cell"], [True])
    >>> truth = pf.Panoptic(np.array([[1, 1, 2]]), pf.Segments([1, 2], [1, 1], [True, True]))
    >>> found = pf.Panoptic(np.array([[7, 7, 0]]), pf.Segments([7], [1], [True]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gt, pred = Path(folder) / "gt.json", Path(folder) / "pred.json"
    ...     pf.formats.coco.write(gt, [(139, truth)], categories=categories)
    ...     pf.formats.coco.write(pred, [(139, found)], categories=categories)
    ...     print(pf.evaluate(gt, pred))
              PQ     SQ     RQ      N
    All     66.7  100.0   66.7      1
    Things  66.7  100.0   66.7      1
    Stuff      -      -      -      0
    """
    from panfuse.formats import coco

    _rules.require_protocol(protocol, fold)
    part = _part(shard)
    chosen = _chosen(images)
    for path in (gt_json, pred_json):
        os.stat(path)  # before anything is told of its folder
    gt_directory = _folder(gt_json, gt_folder, "gt_folder")
    pred_directory = _folder(pred_json, pred_folder, "pred_folder")

    annotations = coco.read_annotations(gt_json)
    if annotations.categories is None:
        raise FormatError(f"{annotations.path}: field `categories` is missing")
    rules = _rules.checked(annotations.categories, protocol, fold)
    remarks: list[str] = []
    every = [image.image_id for image in annotations]
    _note_twice(every, annotations.path, protocol, "each is counted", remarks)
    rows = np.arange(len(every))
    if chosen is not None:
        _require_known(chosen, every, annotations.path)
        rows = np.array([row for row, one in enumerate(every) if one in chosen], np.int64)
    if part is not None:
        rows = np.array_split(rows, part[1])[part[0]]
    ids = [every[row] for row in rows]
    gt = _side(annotations, rows.tolist(), gt_directory)
    del annotations  # its objects take ten times the memory of the columns

    predictions = coco.read_annotations(pred_json, predictions=True)
    found = [image.image_id for image in predictions]
    _note_twice(found, predictions.path, protocol, "the last is taken", remarks)
    row_of = {image_id: row for row, image_id in enumerate(found)}
    _require_predictions(ids, row_of, predictions.path)
    if chosen is None and part is None:
        _note_further(found, set(every), remarks)
    pred = _side(predictions, [row_of[image_id] for image_id in ids], pred_directory)
    del predictions, found, row_of, every

    bar, report = _reporter(progress, len(ids))
    with bar:
        outcomes = compare_files(
            gt.files,
            pred.files,
            gt.segments,
            pred.segments,
            category_ids=rules.categories.ids.tolist(),
            protocol=protocol,
            names=[f"image {image_id!r}" for image_id in ids],
            threads=threads,
            progress=report,
        )
    result = PanopticResult(rules, Images(tuple(ids), rows, outcomes), tuple(remarks))
    return result if chosen is not None or part is not None else result.require_groups()


class _Side(NamedTuple):
    """The files and the listed segments of ground truth or predictions."""

    files: list[str]
    segments: SegmentColumns


def _side(annotations: Annotations, rows: list[int], folder: Path) -> _Side:
    files = [os.path.join(folder, annotations[row].file_name) for row in rows]
    return _Side(files, annotations.columns(rows))


def _folder(
    json_path: str | os.PathLike[str], given: str | os.PathLike[str] | None, name: str
) -> Path:
    from panfuse.formats import coco

    folder = coco.default_folder(json_path) if given is None else Path(given)
    if not folder.is_dir():
        code = errno.ENOTDIR if folder.exists() else errno.ENOENT
        raise OSError(code, f"{name}: {os.strerror(code)}", str(folder))
    return folder


def _part(shard: Any) -> tuple[int, int] | None:
    if shard is None:
        return None
    try:
        number, count = map(operator.index, shard)
    except (TypeError, ValueError):
        raise TypeError(f"shard: expected (k, n), two integers, got {shard!r}") from None
    if not 0 <= number < count:
        raise ValueError(f"shard: expected (k, n) with 0 <= k < n, got {shard!r}")
    return number, count


def _chosen(images: Any) -> set[int | str] | None:
    if images is None:
        return None
    if isinstance(images, str | bytes) or not isinstance(images, Iterable):
        raise TypeError(f"images: expected several image ids, got {type(images).__name__}")
    return {image_id_of(image_id, "images") for image_id in images}


def _require_known(chosen: set[int | str], every: Sequence[int | str], path: Path) -> None:
    for image_id in sorted(chosen.difference(every), key=str):
        raise ValueError(
            f"images: expected image ids of {path}, got {image_id!r}{_hint(image_id, every)}"
        )


def _require_predictions(
    ids: Sequence[int | str], row_of: dict[int | str, int], path: Path
) -> None:
    missing = [image_id for image_id in ids if image_id not in row_of]
    if missing:
        others = f" (and of {len(missing) - 1} others)" if len(missing) > 1 else ""
        hint = _hint(missing[0], row_of)
        raise FormatError(f"{path}: no prediction of image {missing[0]!r}{others}{hint}")


def _hint(image_id: int | str, others: Iterable[int | str]) -> str:
    """Point at an id that differs by its type alone."""
    alike = next((one for one in others if str(one) == str(image_id)), None)
    return "" if alike is None else f"; there is {alike!r}, of type {type(alike).__name__}"


def _note_twice(
    ids: Sequence[int | str], path: Path, protocol: Protocol, done: str, remarks: list[str]
) -> None:
    if len(set(ids)) == len(ids):
        return
    twice = [image_id for image_id, times in Counter(ids).items() if times > 1]
    if protocol == "coco":
        raise FormatError(f"{path}: image {twice[0]!r} is listed more than once")
    remarks.append(
        f"{len(twice)} images listed more than once in {path.name} (first: {twice[0]!r}): {done}"
    )


def _note_further(found: Sequence[int | str], known: set[int | str], remarks: list[str]) -> None:
    further = [image_id for image_id in found if image_id not in known]
    if further:
        remarks.append(
            f"{len(further)} predictions of images that ground truth has not "
            f"(first: image {further[0]!r}): they were left out"
        )


def _reporter(
    progress: Any, total: int
) -> tuple[AbstractContextManager[Any], Callable[[int], object] | None]:
    """Make what is told the number of images done, and what it lives in."""
    if progress is None or progress is False:
        return nullcontext(), None
    if callable(progress):
        return nullcontext(), lambda done: progress(done, total)
    if progress is not True:
        raise TypeError(f"progress: expected a bool or callable, got {type(progress).__name__}")

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    task = bar.add_task("images", total=total)
    return bar, lambda done: bar.update(task, completed=done)
