"""``panfuse evaluate``: panoptic quality of COCO panoptic files, for people and for machines."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console

if TYPE_CHECKING:
    from panfuse.evaluation import Protocol
    from panfuse.metrics import PanopticResult

_STANDARD_OUTPUT = Path("-")
_SCORES = ("pq", "sq", "rq")
_COUNTS = ("tp", "fp", "fn")


def run_evaluate(
    gt: Path,
    pred: Path,
    *,
    gt_folder: Path | None,
    pred_folder: Path | None,
    protocol: Protocol,
    fold: int | None,
    threads: int | None,
    per_class: bool,
    per_image: Path | None,
    as_json: Path | None,
    out: TextIO,
) -> PanopticResult:
    """Evaluate, print the table, and write the files asked for.

    Parameters
    ----------
    gt, pred, gt_folder, pred_folder, protocol, fold, threads
        As of `panfuse.evaluate`.
    per_class : bool
        Print a table of the categories, too.
    per_image : Path, optional
        CSV file to write: a row an image, numbers to the last bit, nothing for nan.
    as_json : Path, optional
        JSON file to write; ``-`` prints it, and nothing else.
    out : text file
        Where to print. A bar shows progress on standard error if that is a terminal.

    Returns
    -------
    PanopticResult

    Raises
    ------
    OSError, TypeError, ValueError
        As `panfuse.evaluate` does; OSError also if a file cannot be written, before the work if
        its folder is not there.
    """
    from panfuse.metrics import evaluate

    for path in (per_image, None if as_json == _STANDARD_OUTPUT else as_json):
        if path is not None:
            _require_place(path)
    result = evaluate(
        gt,
        pred,
        gt_folder=gt_folder,
        pred_folder=pred_folder,
        protocol=protocol,
        fold=fold,
        threads=threads,
        progress=Console(stderr=True).is_terminal,
    )
    if per_image is not None:
        _write_images(result, per_image)
    if as_json is not None:
        text = json.dumps(result.to_dict(), indent=2, allow_nan=False)
        if as_json == _STANDARD_OUTPUT:
            print(text, file=out)
            return result
        as_json.write_text(text + "\n", encoding="utf-8")
    print(result, file=out)
    if per_class:
        print(f"\n{class_table(result)}", file=out)
    for note in result.notes:
        print(f"\nNote: {note}", file=out)
    return result


def class_table(result: PanopticResult) -> str:
    """Lay out a line for each category, in the order of their table.

    Parameters
    ----------
    result : PanopticResult

    Returns
    -------
    str
        PQ, SQ and RQ are times 100, and ``-`` where the category does not occur.
    """
    rows = [["id", "category", "", "PQ", "SQ", "RQ", "TP", "FP", "FN"]]
    for category in result.categories:
        row = result.per_class[category.id]
        occurs = any(row[name] for name in _COUNTS)
        rows.append(
            [
                str(category.id),
                " ".join(category.name.split()),
                "thing" if category.is_thing else "stuff",
                *(f"{100 * row[name]:.1f}" if occurs else "-" for name in _SCORES),
                *(f"{row[name]}" for name in _COUNTS),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    words = (1, 2)
    lines = (
        "  ".join(
            cell.ljust(width) if column in words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(lines)


def _write_images(result: PanopticResult, path: Path) -> None:
    images = result.images
    columns = (images.tp, images.fp, images.fn, images.iou, images.pq)
    rows = zip(images.image_id, *(column.tolist() for column in columns), strict=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image_id", "tp", "fp", "fn", "iou", "pq"])
        for *cells, pq in rows:
            writer.writerow([*cells, "" if math.isnan(pq) else pq])


def _require_place(path: Path) -> None:
    """Refuse a file that could not be written anyway, before the work."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
