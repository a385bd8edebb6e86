"""`pf.evaluate` beside hotcoco, vernier, panopticapi and torchmetrics.

`python -m benchmarks.peers` prints the tables of benchmarks/results/evaluation.md. Every evaluator
runs in a process of its own with the same number of threads (benchmarks/peer_worker.py); they take
turns, and are timed inside of their processes after the import, reading of JSON and files included.
Each run's answer is compared before its time counts. Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.array_peers import print_arrays
from benchmarks.evaluation_parts import print_parts
from benchmarks.maps import data_folder
from benchmarks.peer_worker import EVALUATORS, Files
from panfuse import _cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

# torchmetrics takes arrays, and has a line of its own.
NAMES = [*EVALUATORS, "torchmetrics"]
# Whose rules, and so whose answer and time, an evaluator is held against.
COUNTERPARTS = {
    "hotcoco": "panfuse",
    "vernier": "panfuse",
    "vernier, corrected": "panfuse, coco",
    "panopticapi": "panfuse",
}
# How many times as fast ours must be, by the set, the peer and the instruction set.
BARS = {
    ("COCO", "hotcoco", "avx512"): 3.4,
    ("COCO", "hotcoco", "avx2"): 2.6,
    ("COCO", "vernier", "avx512"): 4.5,
    ("COCO", "panopticapi", "avx512"): 15.0,
    ("dsb2018", "hotcoco", "avx512"): 4.0,
}
# Equal but for the order in which numbers are added.
TOLERANCE = 1e-12


class Set(NamedTuple):
    """Files to evaluate; `kind` says which bars hold."""

    name: str
    kind: str
    files: Files
    pairs: int


class Worker:
    """An evaluator in its own process."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peer_worker", name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.hello = self._reply()

    def run(self, files: Files) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(files) + "\n")
        self.process.stdin.flush()
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name}: ended with status {self.process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def versions(names: list[str]) -> dict[str, str]:
    """Which of these evaluators are installed."""
    found = {}
    for name in names:
        with Worker(name, 1) as worker:
            if "version" in worker.hello:
                found[name] = worker.hello["version"]
            else:
                print(f"{name} is left out: {worker.hello['missing']}", file=sys.stderr)
    return found


def assert_equal_answers(ours: dict[str, Any], theirs: dict[str, Any], peer: str) -> None:
    """Compare PQ, SQ, RQ and n of All, Things and Stuff, and sums and counts of each class."""
    tolerance = 0.0 if peer == "panopticapi" else TOLERANCE

    def compare(where: str, a: dict[str, Any], b: dict[str, Any]) -> None:
        assert a.keys() == b.keys(), f"{peer}, {where}: {sorted(a)}, theirs {sorted(b)}"
        for key, value in a.items():
            if isinstance(value, dict):
                compare(f"{where} {key}", value, b[key])
            elif value is None or b[key] is None or isinstance(value, int):
                assert value == b[key], f"{peer}, {where} {key}: {value}, theirs {b[key]}"
            else:
                equal = math.isclose(value, b[key], rel_tol=tolerance, abs_tol=tolerance)
                assert equal, f"{peer}, {where} {key}: {value!r}, theirs {b[key]!r}"

    compare("groups", ours["groups"], theirs["groups"])
    compare("classes", ours["classes"], theirs["classes"])


def measure(a_set: Set, threads: int, names: list[str], rounds: int) -> Iterator[str]:
    """Run all in turns; yield the rows of the table."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(name, threads)) for name in names]
        runs: dict[str, list[dict[str, Any]]] = {worker.name: [] for worker in workers}
        for turn in range(rounds + 1):
            latest = {worker.name: worker.run(a_set.files) for worker in workers}
            for name, run in latest.items():
                if COUNTERPARTS.get(name) in latest:
                    assert_equal_answers(latest[COUNTERPARTS[name]], run, name)
                if turn:  # the first run fills caches
                    runs[name].append(run)
    for worker in workers:
        mine = runs[worker.name]
        seconds = [run["seconds"] for run in mine]
        counterpart = runs.get(COUNTERPARTS.get(worker.name, ""))
        ratio = "" if not counterpart else f"{times_faster(counterpart, mine):.2f}"
        bar = BARS.get((a_set.kind, worker.name, _cpu.isa_current()), "")
        # panopticapi's processes are not its parent.
        cores = "" if worker.name == "panopticapi" else f"{cores_used(mine):.2f}"
        peak = "" if not cores or not mine[-1]["peak"] else f"{mine[-1]['peak'] / 1e6:.0f} MB"
        yield (
            f"| {a_set.name} | {threads} | {worker.name} | "
            f"{1e3 * statistics.median(seconds) / a_set.pairs:.3f} ms | {ratio} | {bar} | "
            f"{cores} | {peak} |"
        )


def cores_used(runs: list[dict[str, Any]]) -> float:
    return statistics.median(run["cpu"] / run["seconds"] for run in runs)


def times_faster(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> float:
    """The median over rounds of their time divided by ours."""
    return statistics.median(b["seconds"] / a["seconds"] for a, b in zip(ours, theirs, strict=True))


def set_of(files: Files, kind: str | None = None) -> Set:
    annotations = json.loads(Path(files.gt_json).read_bytes())["annotations"]
    known = {"dsb2018": "dsb2018"}
    folder = Path(files.gt_json).resolve().parent
    kind = kind or next((known[part] for part in folder.parts if part in known), "COCO")
    return Set(f"{kind}, {len(annotations)} pairs", kind, files, len(annotations))


def files_in(folder: Path) -> Files:
    """Find the files as make_coco_panoptic.py and dsb2018 name them."""
    paths = ("gt.json", "pred.json", "gt", "pred")
    return Files(*(str(folder / path) for path in paths))


def sets(arguments: argparse.Namespace, scratch: Path) -> Iterator[Set]:
    """Yield what the arguments name, or else warped COCO images and dsb2018 where they are."""
    if arguments.gt:
        folders = (path.removesuffix(".json") for path in (arguments.gt, arguments.pred))
        yield set_of(Files(arguments.gt, arguments.pred, *folders))
        return
    data = data_folder()
    if data is None:
        sys.exit("no data: name it by --gt and --pred, or its folder by PANFUSE_DATA")
    tool = data.parent / "tools" / "make_coco_panoptic.py"
    if tool.is_file():
        sample = data / "coco_panoptic_sample"
        command = [sys.executable, str(tool), str(sample), str(scratch), str(arguments.images)]
        subprocess.run(command, check=True)
        yield set_of(files_in(scratch), "COCO")
    yield set_of(files_in(data / "dsb2018" / "panoptic"), "dsb2018")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument(
        "--gt", help="ground truth JSON; its PNG files lie beside it, without .json"
    )
    parser.add_argument("--pred", help="prediction JSON")
    parser.add_argument("--images", type=int, default=500, help="how many COCO images to warp")
    parser.add_argument("--threads", default="1,2", help="numbers of threads")
    parser.add_argument("--repeats", type=int, default=5, help="rounds, after one that warms up")
    parser.add_argument(
        "--evaluators", default=";".join(NAMES), help="which to run, separated by ';'"
    )
    arguments = parser.parse_args()
    if bool(arguments.gt) != bool(arguments.pred):
        parser.error("--gt and --pred go together")
    unknown = [name for name in arguments.evaluators.split(";") if name not in NAMES]
    if unknown:
        parser.error(f"--evaluators: unknown {unknown}; there are {NAMES}")
    return arguments


def main() -> None:
    """Print the tables."""
    arguments = parse()
    names = [name for name in arguments.evaluators.split(";") if name in EVALUATORS]
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, "
        f"{_cpu.isa_current()}, {_cpu.png.codec}\n"
    )
    found = versions(names)
    once = {name.partition(",")[0]: version for name, version in found.items()}
    print(", ".join(map(" ".join, once.items())) + "\n")
    print("| set | threads | evaluator | per pair | ours is faster | bar | cores used | peak |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        every = list(sets(arguments, Path(scratch)))
        for a_set in every:
            for threads in map(int, arguments.threads.split(",")):
                for row in measure(a_set, threads, list(found), arguments.repeats):
                    print(row, flush=True)
        if "panfuse" in names:
            for a_set in every:
                print_parts(a_set.name, a_set.files)
        if "torchmetrics" in arguments.evaluators.split(";"):
            print_arrays(arguments.repeats)


if __name__ == "__main__":
    main()
