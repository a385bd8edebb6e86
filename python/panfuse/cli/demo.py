"""``panfuse demo``: a small data set of generated streets, its quality, and its worst image."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.markup import escape
from rich.table import Table

from panfuse.cli.demo_components import count_coins, split_street
from panfuse.cli.demo_fusion import fuse_street
from panfuse.cli.demo_instances import lay_instances
from panfuse.formats import coco
from panfuse.matching import contingency, match
from panfuse.metrics import evaluate
from panfuse.report import overlay, write_png
from panfuse.scenes import street

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from panfuse.metrics import PanopticResult
    from panfuse.panoptic import Panoptic
    from panfuse.scenes import Scene

# From a good network to a poor one, as `Scene.prediction` counts.
_LEAST_ERROR, _MOST_ERROR = 0.1, 0.8
_MOST_IMAGES = 100
_MATCHES_SHOWN = 8
_GAP = 8  # pixels between the two halves of the picture


class _Pair(NamedTuple):
    """A street, a prediction of it, and how poor that was made to be."""

    scene: Scene
    prediction: Panoptic
    error: float


def run_demo(
    output: Path,
    *,
    images: int,
    size: tuple[int, int],
    seed: int,
    console: Console,
    as_json: bool,
) -> dict[str, Any]:
    """Make a data set, evaluate it, print what came out, and draw the worst image.

    Parameters
    ----------
    output : Path
        Folder for ``gt.json``, ``pred.json``, their PNG files in ``gt`` and ``pred``,
        ``worst.png``: ground truth at the left, the prediction at the right, what does not match
        outlined in red; ``components.png``: the first street with the components of its
        categories for instances; and ``fusion.png``: what a network's outputs for it were fused to.
        Made if it is not there.
    images : int
        1 to 100. The predictions become worse from the first to the last, by and large.
    size : (H, W)
        Of every scene.
    seed : int
        Of the first scene; the others follow.
    console : rich.console.Console
        Where to print: for people, or the returned dict as JSON, if `as_json`.
    as_json : bool

    Returns
    -------
    dict
        In plain Python types: ``size``, ``seed``, ``seconds`` (of `panfuse.evaluate`), ``result``
        (its `to_dict`), ``images`` (image_id, error, gt_segments, pred_segments, tp, fp, fn, pq),
        ``worst`` (image_id; ``matches``, the largest ground truth area first, and
        ``unmatched_gt`` and ``unmatched_pred``, segments of which none of their own category has
        an IoU above 0.5), ``components`` and ``coins`` (see `demo_components`), ``fusion`` (see
        `demo_fusion`), ``instances`` (see `demo_instances`), ``files``.

    Raises
    ------
    TypeError, ValueError
        If `images`, `size` or `seed` is no good.
    OSError
        If a file cannot be written.
    """
    if not 1 <= images <= _MOST_IMAGES:
        raise ValueError(f"images: expected 1 to {_MOST_IMAGES}, got {images}")
    pairs = _make(images, size, seed)
    categories = pairs[0].scene.categories
    output.mkdir(parents=True, exist_ok=True)
    gt, pred, picture = (output / name for name in ("gt.json", "pred.json", "worst.png"))
    truths = [(k + 1, pair.scene.panoptic) for k, pair in enumerate(pairs)]
    coco.write(gt, truths, categories=categories)
    guesses = [(k + 1, pair.prediction) for k, pair in enumerate(pairs)]
    coco.write(pred, guesses, categories=categories)
    start = time.perf_counter()
    evaluated = evaluate(gt, pred)
    seconds = time.perf_counter() - start
    qualities = evaluated.images.pq
    worst = int(np.argmin(np.where(np.isnan(qualities), np.inf, qualities)))
    details = _match(pairs[worst])
    _draw(picture, pairs[worst], details)
    components = split_street(pairs[0].scene, output / "components.png")
    fusion = fuse_street(pairs[0].scene, output / "fusion.png")
    result = {
        "size": list(pairs[0].scene.size),
        "seed": seed,
        "seconds": seconds,
        "result": evaluated.to_dict(),
        "images": _image_rows(pairs, evaluated),
        "worst": {"image_id": worst + 1, **details},
        "components": components,
        "coins": count_coins(),
        "fusion": fusion,
        "instances": lay_instances(pairs[0].scene),
        "files": [*map(str, (gt, pred, picture)), components["picture"], fusion["picture"]],
    }
    if as_json:
        console.print_json(data=result)
    else:
        _print_result(result, evaluated, console)
    return result


def _make(images: int, size: tuple[int, int], seed: int) -> list[_Pair]:
    pairs = []
    for k, error in enumerate(np.linspace(_LEAST_ERROR, _MOST_ERROR, images).tolist()):
        scene = street(size, seed=seed + k)
        pairs.append(_Pair(scene, scene.prediction(seed=seed + k, error=error), error))
    return pairs


def _image_rows(pairs: list[_Pair], evaluated: PanopticResult) -> list[dict[str, Any]]:
    table = evaluated.images
    return [
        {
            "image_id": image_id,
            "error": pair.error,
            "gt_segments": len(pair.scene.panoptic.segments),
            "pred_segments": len(pair.prediction.segments),
            **{name: int(getattr(table, name)[row]) for name in ("tp", "fp", "fn")},
            "pq": None if math.isnan(table.pq[row]) else float(table.pq[row]),
        }
        for row, (image_id, pair) in enumerate(zip(table.image_id, pairs, strict=True))
    ]


def _match(pair: _Pair) -> dict[str, list[dict[str, Any]]]:
    """Pairs of segments by IoU, and the segments that have no partner of their own category."""
    truth, prediction = pair.scene.panoptic, pair.prediction
    matches = match(contingency(truth.ids, prediction.ids))
    gt_rows = _segment_rows(pair.scene, truth, matches.gt_ids.tolist())
    pred_rows = _segment_rows(pair.scene, prediction, matches.pred_ids.tolist())
    rows = [
        {
            "gt_id": gt["id"],
            "category": gt["category"],
            "pred_id": pred["id"],
            "pred_category": pred["category"],
            "area": gt["area"],
            "is_crowd": gt["is_crowd"],
            "iou": iou,
        }
        for gt, pred, iou in zip(gt_rows, pred_rows, matches.iou.tolist(), strict=True)
    ]
    right = [row for row in rows if row["category"] == row["pred_category"]]
    return {
        "matches": sorted(rows, key=lambda row: (-row["area"], row["gt_id"])),
        "unmatched_gt": _others(pair.scene, truth, {row["gt_id"] for row in right}),
        "unmatched_pred": _others(pair.scene, prediction, {row["pred_id"] for row in right}),
    }


def _others(scene: Scene, panoptic: Panoptic, matched: set[int]) -> list[dict[str, Any]]:
    ids = [segment for segment in panoptic.segments.id.tolist() if segment not in matched]
    return _segment_rows(scene, panoptic, ids)


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


def _draw(path: Path, pair: _Pair, details: Mapping[str, list[dict[str, Any]]]) -> None:
    halves = [
        overlay(panoptic, pair.scene.image, mark=[row["id"] for row in details[unmatched]])
        for panoptic, unmatched in (
            (pair.scene.panoptic, "unmatched_gt"),
            (pair.prediction, "unmatched_pred"),
        )
    ]
    gap = np.full((len(halves[0]), _GAP, 3), 255, np.uint8)
    write_png(path, np.concatenate([halves[0], gap, halves[1]], axis=1))


def _print_result(result: dict[str, Any], evaluated: PanopticResult, console: Console) -> None:
    height, width = result["size"]
    gt, pred, picture, components_picture, fusion_picture = result["files"]
    _say(
        console,
        f"Streets of {height} x {width} pixels were generated, and predictions of them, better "
        f"and worse: {len(evaluated)} of each, written as COCO panoptic to {gt} and {pred}, with a "
        f"folder of PNG files each. Evaluating them took {1e3 * result['seconds']:.1f} ms:",
    )
    console.print(f"\n{evaluated}\n", highlight=False, markup=False)
    console.print(_image_table(result))
    worst = result["worst"]
    console.print(_match_table(worst))
    missed = [row for row in worst["unmatched_gt"] if not row["is_crowd"]]
    _say(
        console,
        f"The worst image is {worst['image_id']}: {len(missed)} segments were not found, and "
        f"{len(worst['unmatched_pred'])} predicted ones match none. {picture} shows it, "
        "ground truth at the left, those segments outlined in red.",
        *(f"Note: {note}." for note in evaluated.notes),
        *_component_sentences(result, components_picture),
        _fusion_sentence(result["fusion"], fusion_picture),
        f"Next: panfuse evaluate {gt} {pred} --per-class, or "
        f"panfuse demo --seed {result['seed'] + 1}.",
    )


def _component_sentences(result: dict[str, Any], picture: str) -> list[str]:
    found, coins = result["components"], result["coins"]
    sentences = [
        f"Connected components alone make {found['things']} instances of the first street's "
        f"categories, which has {found['true_things']}: {picture} shows them."
    ]
    fused = result["instances"]
    sentences.append(
        f"Of {fused['instances']} instances that a network with RoI masks would put out for it, "
        f"fuse_instances kept {fused['kept']}, over its semantic logits, in "
        f"{fused['milliseconds']:.1f} ms: PQ {fused['pq']:.1f}."
    )
    if coins is not None:
        sentences.append(f"In scikit-image's picture of coins they find {coins['coins']}.")
    return sentences


def _fusion_sentence(fusion: dict[str, Any], picture: str) -> str:
    return (
        f"A bottom-up network's outputs for the first street were fused in "
        f"{1e3 * fusion['seconds']:.1f} ms: {fusion['kept']} of {fusion['centers']} centres became "
        f"instances, and the PQ is {fusion['pq']:.1f}. {picture} shows it."
    )


def _say(console: Console, *sentences: str) -> None:
    for sentence in sentences:
        console.print(escape(sentence), highlight=False)


def _image_table(result: dict[str, Any]) -> Table:
    table = Table(title="Image by image")
    for name in ("image", "gt segments", "predicted", "TP", "FP", "FN", "PQ"):
        table.add_column(name, justify="right")
    for row in result["images"]:
        quality = "-" if row["pq"] is None else f"{100 * row['pq']:.1f}"
        names = ("image_id", "gt_segments", "pred_segments", "tp", "fp", "fn")
        is_worst = row["image_id"] == result["worst"]["image_id"]
        table.add_row(*(str(row[name]) for name in names), quality, style="red" if is_worst else "")
    return table


def _match_table(worst: dict[str, Any]) -> Table:
    matches = worst["matches"]
    shown = matches[:_MATCHES_SHOWN]
    title = f"Image {worst['image_id']}: {len(matches)} matches (IoU > 0.5)"
    if len(shown) < len(matches):
        title += f", the largest {len(shown)} shown"
    table = Table(title=title)
    for name in ("gt id", "category", "pred id", "predicted as", "area", "IoU"):
        table.add_column(name, justify="left" if name in ("category", "predicted as") else "right")
    for row in shown:
        same = row["category"] == row["pred_category"]
        table.add_row(
            str(row["gt_id"]),
            row["category"] + (" (crowd)" if row["is_crowd"] else ""),
            str(row["pred_id"]),
            row["pred_category"] if same else f"[red]{row['pred_category']}[/red]",
            f"{row['area']:,}",
            f"{row['iou']:.3f}",
        )
    return table
