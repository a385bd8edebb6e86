"""One evaluator of COCO panoptic files in a process of its own, which `benchmarks.peers` directs.

`python -m benchmarks.peer_worker NAME THREADS` imports the evaluator, says which version it is, and
then answers each line of JSON (paths of the files) by another (seconds and the answer). What the
evaluator prints goes nowhere. Exit status 3: it is not installed.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

GROUPS = ("All", "Things", "Stuff")
NOT_INSTALLED = 3


class Files(NamedTuple):
    """What is evaluated."""

    gt_json: str
    pred_json: str
    gt_folder: str
    pred_folder: str


class Evaluator(NamedTuple):
    """`run` is what is timed; `answer` puts its result into one form for all."""

    version: str
    run: Callable[[Files], Any]
    answer: Callable[[Any], dict[str, Any]]


def panfuse(threads: int, **options: Any) -> Evaluator:
    import panfuse as pf

    def run(files: Files) -> Any:
        return pf.evaluate(
            files.gt_json,
            files.pred_json,
            gt_folder=files.gt_folder,
            pred_folder=files.pred_folder,
            threads=threads,
            **options,
        )

    def answer(result: Any) -> dict[str, Any]:
        groups = {name: dict(result[name]) for name in GROUPS}
        return {"groups": groups, "classes": dict(result.per_class)}

    return Evaluator(pf.__version__, run, answer)


def panfuse_as_panopticapi(threads: int) -> Evaluator:
    """panopticapi's rules, folded as by that many of its processes."""
    return panfuse(threads, protocol="panopticapi", fold=threads)


def hotcoco(threads: int) -> Evaluator:
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    from hotcoco.panoptic import PanopticEval

    def run(files: Files) -> Any:
        evaluation = PanopticEval(
            files.gt_json,
            files.pred_json,
            gt_folder=files.gt_folder,
            pred_folder=files.pred_folder,
        )
        evaluation.evaluate()
        return evaluation.results()

    def answer(result: Any) -> dict[str, Any]:
        return {"groups": {name: result[name] for name in GROUPS}, "classes": result["per_class"]}

    return Evaluator(version("hotcoco"), run, answer)


def vernier(threads: int, parity: str = "corrected") -> Evaluator:
    """Stream files into its BackgroundEvaluator; JSON is passed on as it stands in the file."""
    import msgspec
    from vernier import panoptic

    raw = msgspec.Raw
    annotation = msgspec.defstruct(
        "Annotation", [("image_id", int), ("file_name", str), ("segments_info", raw)]
    )
    file = msgspec.defstruct(
        "File", [("annotations", list[annotation]), ("categories", raw, raw(b"[]"))]
    )

    def run(files: Files) -> Any:
        gt, pred = (
            msgspec.json.decode(Path(path).read_bytes(), type=file)
            for path in (files.gt_json, files.pred_json)
        )
        of_image = {annotation.image_id: annotation for annotation in pred.annotations}
        evaluator = panoptic.Evaluator(parity_mode=parity)
        with evaluator.background(
            bytes(gt.categories), num_threads=threads, worker_nice=0
        ) as background:
            for truth in gt.annotations:
                guess = of_image[truth.image_id]
                background.submit_png(
                    truth.image_id,
                    Path(files.gt_folder, truth.file_name).read_bytes(),
                    bytes(truth.segments_info),
                    Path(files.pred_folder, guess.file_name).read_bytes(),
                    bytes(guess.segments_info),
                )
            return background.finalize()

    def answer(result: Any) -> dict[str, Any]:
        groups = {
            name: {key: getattr(result, key + suffix) for key in ("pq", "sq", "rq", "n")}
            for name, suffix in zip(GROUPS, ("", "_things", "_stuff"), strict=True)
        }
        classes = {
            number: {"iou": stats.iou_sum, "tp": stats.n_tp, "fp": stats.n_fp, "fn": stats.n_fn}
            for number, stats in result.per_class().items()
        }
        return {"groups": groups, "classes": classes}

    return Evaluator(version("vernier"), run, answer)


def vernier_strict(threads: int) -> Evaluator:
    """As panopticapi counts."""
    return vernier(threads, "strict")


def panopticapi(threads: int) -> Evaluator:
    """As many processes as threads: it takes the number of CPUs, and that is what is told here."""
    import multiprocessing

    from panopticapi import evaluation

    multiprocessing.cpu_count = lambda: threads
    multi_core = evaluation.pq_compute_multi_core
    counts = {}

    def keep_counts(*arguments: Any) -> Any:
        counts["last"] = multi_core(*arguments)
        return counts["last"]

    evaluation.pq_compute_multi_core = keep_counts

    def answer(result: Any) -> dict[str, Any]:
        classes = {number: vars(stats) for number, stats in counts["last"].pq_per_cat.items()}
        return {"groups": {name: result[name] for name in GROUPS}, "classes": classes}

    return Evaluator(
        version("panopticapi-lite"), lambda files: evaluation.pq_compute(*files), answer
    )


EVALUATORS: dict[str, Callable[[int], Evaluator]] = {
    "panfuse": panfuse_as_panopticapi,
    "panfuse, coco": panfuse,
    "hotcoco": hotcoco,
    "vernier": vernier_strict,
    "vernier, corrected": vernier,
    "panopticapi": panopticapi,
}


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """The same in numbers that JSON keeps to the last bit; classes without a segment left out."""

    def number(value: Any) -> float | None:
        # hotcoco says -1 where there is nothing to average.
        return None if value is None or math.isnan(value) or value < 0 else float(value)

    groups = {
        name: {key: number(group[key]) for key in ("pq", "sq", "rq", "n")}
        for name, group in answer["groups"].items()
    }
    classes = {
        str(key): {"iou": float(row["iou"])} | {name: int(row[name]) for name in ("tp", "fp", "fn")}
        for key, row in answer["classes"].items()
        if row["tp"] + row["fp"] + row["fn"]
    }
    return {"groups": groups, "classes": classes}


def peak_memory() -> int | None:
    """The most bytes that were resident at a time; ru_maxrss would include the parent's."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else None


def main() -> None:
    """Serve until the input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def reply(**fields: Any) -> None:
        replies.write(json.dumps(fields) + "\n")
        replies.flush()

    try:
        evaluator = EVALUATORS[sys.argv[1]](int(sys.argv[2]))
    except ImportError as error:
        reply(missing=str(error))
        sys.exit(NOT_INSTALLED)
    reply(version=evaluator.version, peak=peak_memory())
    for line in sys.stdin:
        files = Files(*json.loads(line))
        cpu, begin = time.process_time(), time.perf_counter()
        result = evaluator.run(files)
        seconds = time.perf_counter() - begin
        cpu = time.process_time() - cpu
        reply(seconds=seconds, cpu=cpu, peak=peak_memory(), **plain(evaluator.answer(result)))


if __name__ == "__main__":
    main()
