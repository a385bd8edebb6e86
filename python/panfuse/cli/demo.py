"""``panfuse demo``: a generated street, a prediction for it, and which segments match."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from panfuse.matching import Contingency, Matches, contingency, match
from panfuse.report import overlay, write_png
from panfuse.scenes import street

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from panfuse.panoptic import Panoptic
    from panfuse.scenes import Scene

# Lines around the table: its frame and header, the list of unmatched segments, the sentences.
_OTHER_LINES = 22
_FEWEST_ROWS = 8
_TIMED_CALLS = 5


def run_demo(
    output: Path, *, size: tuple[int, int], seed: int, console: Console, as_json: bool
) -> dict[str, Any]:
    """Match a generated prediction with its ground truth, print the matches, write two pictures.

    Parameters
    ----------
    output : Path
        Folder for ``ground_truth.png`` and ``prediction.png``; made if it is not there. Unmatched
        segments are outlined in red.
    size : (H, W)
        Of the scene.
    seed : int
        Of the scene and the prediction.
    console : rich.console.Console
        Where to print: a table of as many matches as fit, the largest first, and a few sentences;
        or the returned dict as JSON, if `as_json`.
    as_json : bool

    Returns
    -------
    dict
        In plain Python types: ``size``, ``seed``, ``pixels``, ``gt_segments``, ``pred_segments``,
        ``pairs`` (of ids that share pixels), ``seconds`` (`contingency` and `match`, the best of
        five calls), ``matches`` (gt_id, category, pred_id, pred_category, area, intersection,
        union, iou; the largest ground truth area first, the smaller id on a tie),
        ``unmatched_gt`` and ``unmatched_pred`` (id, category, area), ``files``.

    Raises
    ------
    TypeError, ValueError
        From `street`, if `size` or `seed` is no good.
    OSError
        If a picture cannot be written.
    """
    scene = street(size, seed=seed)
    prediction = scene.prediction(seed=seed)
    table, matches, seconds = _timed_match(scene.panoptic.ids, prediction.ids)
    output.mkdir(parents=True, exist_ok=True)
    files = []
    for name, panoptic, unmatched in (
        ("ground_truth.png", scene.panoptic, matches.unmatched_gt),
        ("prediction.png", prediction, matches.unmatched_pred),
    ):
        path = output / name
        write_png(path, overlay(panoptic, scene.image, mark=unmatched.tolist()))
        files.append(str(path))
    height, width = scene.size
    result = {
        "size": [height, width],
        "seed": seed,
        "pixels": height * width,
        "gt_segments": len(scene.panoptic.segments),
        "pred_segments": len(prediction.segments),
        "pairs": len(table.counts),
        "seconds": seconds,
        "matches": _matched_rows(scene, prediction, matches),
        "unmatched_gt": _segment_rows(scene, scene.panoptic, matches.unmatched_gt.tolist()),
        "unmatched_pred": _segment_rows(scene, prediction, matches.unmatched_pred.tolist()),
        "files": files,
    }
    if as_json:
        console.print_json(data=result)
    else:
        _print_matches(result, console)
        _print_unmatched(result, console)
        _print_sentences(result, console)
    return result


def _timed_match(gt: Any, pred: Any) -> tuple[Contingency, Matches, float]:
    """Count and match several times; the seconds are those of the fastest."""
    seconds = []
    for _ in range(_TIMED_CALLS):
        start = time.perf_counter()
        table = contingency(gt, pred)
        matches = match(table)
        seconds.append(time.perf_counter() - start)
    return table, matches, min(seconds)


def _segment_rows(scene: Scene, panoptic: Panoptic, ids: list[int]) -> list[dict[str, Any]]:
    segments = panoptic.segments
    return [
        {
            "id": int(segments.id[row]),
            "category": scene.categories[int(segments.category_id[row])].name,
            "area": int(segments.area[row]),
            "is_crowd": bool(segments.is_crowd[row]),
        }
        for row in segments.index(ids).tolist()
    ]


def _matched_rows(scene: Scene, prediction: Panoptic, matches: Matches) -> list[dict[str, Any]]:
    gt_rows = _segment_rows(scene, scene.panoptic, matches.gt_ids.tolist())
    pred_rows = _segment_rows(scene, prediction, matches.pred_ids.tolist())
    numbers = (matches.intersection, matches.union, matches.iou)
    rows = [
        {
            "gt_id": gt["id"],
            "category": gt["category"],
            "pred_id": pred["id"],
            "pred_category": pred["category"],
            "area": gt["area"],
            "intersection": intersection,
            "union": union,
            "iou": iou,
        }
        for gt, pred, intersection, union, iou in zip(
            gt_rows, pred_rows, *(column.tolist() for column in numbers), strict=True
        )
    ]
    return sorted(rows, key=lambda row: (-row["area"], row["gt_id"]))


def _print_matches(result: dict[str, Any], console: Console) -> None:
    matches = result["matches"]
    shown = matches[: max(_FEWEST_ROWS, console.size.height - _OTHER_LINES)]
    title = f"{len(matches)} matches (IoU > 0.5)"
    if len(shown) < len(matches):
        title += f", the largest {len(shown)} shown"
    table = Table(title=title)
    for name in ("gt id", "category", "pred id", "predicted as"):
        table.add_column(name, justify="right" if name.endswith("id") else "left")
    for name in ("area", "intersection", "union", "IoU"):
        table.add_column(name, justify="right")
    for row in shown:
        same = row["category"] == row["pred_category"]
        predicted = row["pred_category"] if same else f"[red]{row['pred_category']}[/red]"
        table.add_row(
            str(row["gt_id"]),
            row["category"],
            str(row["pred_id"]),
            predicted,
            f"{row['area']:,}",
            f"{row['intersection']:,}",
            f"{row['union']:,}",
            f"{row['iou']:.3f}",
        )
    console.print(table)


def _print_unmatched(result: dict[str, Any], console: Console) -> None:
    """Name the unmatched segments of either side, at most two lines of them."""
    for key, text in (
        ("unmatched_gt", "Unmatched in the ground truth"),
        ("unmatched_pred", "Unmatched in the prediction"),
    ):
        rows = sorted(result[key], key=lambda row: (-row["area"], row["id"]))
        names = [
            f"{row['id']} {row['category']}{' (crowd)' if row['is_crowd'] else ''}" for row in rows
        ]
        fitting = names
        while len(", ".join(fitting)) > 2 * console.size.width - len(text) - 30:
            fitting = fitting[:-1]
        more = f" and {len(names) - len(fitting)} more" if len(fitting) < len(names) else ""
        line = ", ".join(fitting) + more if names else "none"
        console.print(f"[bold]{text}[/bold] ({len(names)}): {line}", highlight=False)


def _print_sentences(result: dict[str, Any], console: Console) -> None:
    height, width = result["size"]
    confused = sum(row["category"] != row["pred_category"] for row in result["matches"])
    milliseconds = 1e3 * result["seconds"]
    rate = result["pixels"] / result["seconds"] / 1e6
    folder = result["files"][0].removesuffix("ground_truth.png")
    console.print()
    for sentence in (
        f"A generated street of {height} x {width} pixels has {result['gt_segments']} segments; "
        f"the prediction for it has {result['pred_segments']}.",
        f"Counting {result['pixels']:,} pixels gave {result['pairs']:,} pairs of ids; counting and "
        f"matching took {milliseconds:.2f} ms ({rate:,.0f} Mpx/s, best of {_TIMED_CALLS}).",
        f"Of the matches, {confused} {'is' if confused == 1 else 'are'} of another category "
        "(red above); metrics such as PQ do not accept those.",
        f"Written: {' and '.join(result['files'])}, where unmatched segments are outlined in red.",
        f"Next: look at the pictures in {folder or '.'}, try panfuse demo "
        f"--seed {result['seed'] + 1}, or count your own maps in Python: "
        "panfuse.match(panfuse.contingency(gt_ids, pred_ids)).",
    ):
        console.print(escape(sentence), highlight=False)
