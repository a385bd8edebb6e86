"""Panoptic quality of data sets in files: two COCO JSON files and their folders of PNG files."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from panfuse.evaluation import Protocol, compare_files
from panfuse.metrics import _pairing, _rules
from panfuse.metrics._inputs import image_id_of
from panfuse.metrics._state import Images
from panfuse.metrics.result import PanopticResult

if TYPE_CHECKING:
    import os

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
    _rules.require_protocol(protocol, fold)
    chosen, part = _chosen(images), _part(shard)
    report = _reporter(progress)
    pairs = _pairing.read(
        gt_json, pred_json, gt_folder, pred_folder, protocol=protocol, chosen=chosen, part=part
    )
    rules = _rules.checked(pairs.categories, protocol, fold)
    with report(len(pairs.ids)) as tell:
        outcomes = compare_files(
            pairs.gt.files,
            pairs.pred.files,
            pairs.gt.segments,
            pairs.pred.segments,
            category_ids=rules.categories.ids.tolist(),
            protocol=protocol,
            names=[f"image {image_id!r}" for image_id in pairs.ids],
            threads=threads,
            progress=tell,
        )
    result = PanopticResult(rules, Images(pairs.ids, pairs.positions, outcomes), pairs.remarks)
    return result.require_groups() if chosen is None and part is None else result


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


def _reporter(
    progress: Any,
) -> Callable[[int], AbstractContextManager[Callable[[int], object] | None]]:
    """Make what is given the number of images, and then told how many are done."""
    if progress is None or progress is False:
        return lambda _: nullcontext()
    if callable(progress):
        return lambda total: nullcontext(lambda done: progress(done, total))
    if progress is True:
        return _bar
    raise TypeError(f"progress: expected a bool or a callable, got {type(progress).__name__}")


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on standard error."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("images", total=total)
        yield lambda done: bar.update(task, completed=done)
