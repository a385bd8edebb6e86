"""Fusing queries, beside transformers' post-processing and the projects' own steps in torch.

`python -m benchmarks.bench_fusion_queries` prints the tables of results/fusion_queries.md. Every
row is compared pixel by pixel first.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import _cpu

from .alternate import alternate, median, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES = 133
THINGS = set(range(80))


def smooth(rng: np.random.Generator, shape: tuple[int, int], cell: int) -> np.ndarray:
    """Noise in [-1, 1] whose detail is `cell` pixels wide."""
    h, w = (-(-length // cell) + 2 for length in shape)
    coarse = rng.random((h, w), dtype=np.float32) * 2 - 1
    y = np.arange(shape[0], dtype=np.float32) / cell
    x = np.arange(shape[1], dtype=np.float32) / cell
    top, left = y.astype(int), x.astype(int)
    fy, fx = (y - top)[:, None], (x - left)[None]
    rows = coarse[top] * (1 - fy) + coarse[top + 1] * fy
    return rows[:, left] * (1 - fx) + rows[:, left + 1] * fx


def scene(
    name: str, shape: tuple[int, int], kept: int, queries: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """Logits of masks and classes: "bumps" over a near-tied noisy background, or a "partition"."""
    rng = np.random.default_rng(kept + shape[0])
    h, w = shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    masks = np.empty((queries, h, w), np.float32)
    wave = smooth(rng, shape, max(2, h // 12)) * h / 20
    centers = rng.random((queries, 2)).astype(np.float32) * np.array([h, w], np.float32)
    for query, (cy, cx) in enumerate(centers):
        distance = np.hypot(y - cy + wave, x - cx - wave)
        if name == "bumps":
            radius = h * (0.06 + 0.14 * float(rng.random()))
            masks[query] = np.clip((radius - distance) * 0.6, -6, 8)
            masks[query] += rng.standard_normal(shape, dtype=np.float32) * np.float32(0.3)
        else:
            masks[query] = -distance
    chosen = rng.permutation(queries)[:kept]
    if name == "partition":
        # The logit is how much nearer the pixel is to this centre than to the nearest other one.
        near = masks[chosen]
        first = near.max(0)
        second = np.sort(near, axis=0)[-2] if kept > 1 else first - 10
        for query in chosen:
            own = masks[query]
            masks[query] = np.clip((own - np.where(own == first, second, first)) * 0.8, -9, 9)
    logits = rng.standard_normal((queries, CLASSES + 1), dtype=np.float32)
    logits[:, -1] += 9
    # Scores from 0.8 to 0.999, which the threshold lets pass.
    margin = 2.5 + 5 * rng.random(kept, dtype=np.float32)
    logits[chosen, rng.integers(0, CLASSES, kept)] = logits[chosen, -1] + margin
    return masks, logits


@dataclass
class Case:
    """One job: which chain of resizes, from which masks to which size."""

    preset: str
    masks: tuple[int, int]
    padded: tuple[int, int]
    size: tuple[int, int]
    bar: float

    @property
    def label(self) -> str:
        to = f"{self.padded[0]}x{self.padded[1]} -> {self.size[0]}x{self.size[1]}"
        return f"{self.preset} {self.masks[0]}x{self.masks[1]} -> {to}"

    @property
    def resize(self) -> list[pf.Resize] | None:
        return None if self.preset == "hf_mask2former" else [pf.Resize(self.padded), pf.Resize()]


CASES = [
    Case("hf_mask2former", (200, 272), (384, 384), (480, 640), 60),
    Case("hf_mask2former", (256, 512), (384, 384), (1024, 2048), 100),
    Case("mask2former", (200, 272), (800, 1088), (480, 640), 60),
    Case("mask2former", (256, 512), (1024, 2048), (1024, 2048), 150),
]
LARGE = Case("mask2former", (300, 400), (3000, 4000), (3000, 4000), 0)
MEMORY = [CASES[1], CASES[3], LARGE]
EOMT = Case("hf_eomt", (160, 160), (640, 640), (640, 640), 60)


def ours(case: Case, masks: Any, logits: Any, **arguments: Any) -> Any:
    """Fuse as the preset does, without fusing stuff where the peer does not."""
    things = THINGS if case.preset == "mask2former" else None
    return pf.fuse_queries(
        masks,
        logits,
        size=case.size,
        things=things,
        resize=case.resize,
        preset=case.preset,
        **arguments,
    )


def peer(case: Case, masks: np.ndarray, logits: np.ndarray) -> Callable[[], Any]:
    """The original's own steps on the same arrays."""
    torch = import_module("torch")
    mask_tensor, class_tensor = torch.from_numpy(masks), torch.from_numpy(logits)
    if case.preset == "mask2former":
        return lambda: mask2former(torch, case, mask_tensor, class_tensor)
    name = case.preset.removeprefix("hf_")
    module = import_module(f"transformers.models.{name}.image_processing_pil_{name}")
    camel = {"mask2former": "Mask2Former", "eomt": "Eomt"}[name]
    processor = getattr(module, f"{camel}ImageProcessorPil")()
    outputs = SimpleNamespace(
        class_queries_logits=class_tensor[None], masks_queries_logits=mask_tensor[None]
    )
    arguments: dict[str, Any] = {"target_sizes": [case.size]}
    if name == "mask2former":
        arguments["label_ids_to_fuse"] = set()
    else:
        arguments["size"] = {"shortest_edge": case.padded[0], "longest_edge": case.padded[1]}
    return lambda: processor.post_process_panoptic_segmentation(outputs, **arguments)[0][
        "segmentation"
    ]


def mask2former(torch: Any, case: Case, masks: Any, logits: Any) -> Any:
    """Mask2Former's inference, step by step: two resizes of all logits, then the kept ones."""
    resize = torch.nn.functional.interpolate
    with torch.no_grad():
        masks = resize(masks[None], size=case.padded, mode="bilinear", align_corners=False)
        masks = resize(masks, size=case.size, mode="bilinear", align_corners=False)[0]
        scores, labels = torch.softmax(logits, -1).max(-1)
        masks = masks.sigmoid()
        keep = labels.ne(CLASSES) & (scores > 0.8)
        scores, labels, masks = scores[keep], labels[keep], masks[keep]
        ids = torch.zeros(case.size, dtype=torch.int32)
        if not len(scores):
            return ids
        winner = (scores.view(-1, 1, 1) * masks).argmax(0)
        count, memory = 0, {}
        for k in range(len(scores)):
            label = labels[k].item()
            own = winner == k
            area, original = own.sum().item(), (masks[k] >= 0.5).sum().item()
            own = own & (masks[k] >= 0.5)
            if area > 0 and original > 0 and own.sum().item() > 0:
                if area / original < 0.8:
                    continue
                if label not in THINGS:
                    if label in memory:
                        ids[own] = memory[label]
                        continue
                    memory[label] = count + 1
                count += 1
                ids[own] = count
        return ids


def differing(case: Case, masks: np.ndarray, logits: np.ndarray) -> int:
    """How many pixels differ from the peer's map."""
    theirs = np.asarray(peer(case, masks, logits)())
    results = [ours(case, masks, logits, threads=threads).to_original() for threads in (1, 2)]
    np.testing.assert_array_equal(*results)
    return int((results[0] != theirs).sum())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
@pytest.mark.parametrize("name", ["bumps", "partition"])
def test_fuse_queries(benchmark: Any, case: Case, name: str) -> None:
    masks, logits = scene(name, case.masks, 25)
    if case.preset == "mask2former":
        assert differing(case, masks, logits) == 0
    out = np.empty(case.size, np.int32)
    benchmark(ours, case, masks, logits, out=out, threads=1)


def high_water() -> int:
    """The most kilobytes that this process has had resident."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def added(path: str, number: int, whose: str) -> float:
    """The megabytes that a call adds at most; for a fresh process, which has only loaded arrays."""
    case = MEMORY[number]
    with np.load(path) as arrays:
        masks, logits = arrays["masks"], arrays["logits"]
    out = np.full(case.size, -1, np.int32)  # resident, as zeros would not be
    call: Callable[[], Any]
    if whose == "ours":
        call = lambda: ours(case, masks, logits, out=out, threads=2)  # noqa: E731
        small = Case(case.preset, (8, 8), (32, 32), (16, 16), 0)
        ours(small, masks[:, :8, :8], logits)  # what is set up once
    else:
        call = peer(case, masks, logits)
    Path("/proc/self/clear_refs").write_text("5")  # the mark starts from what is resident now
    before = high_water()
    call()
    return (high_water() - before) / 1000


def main() -> None:
    """Print the tables asked for: ``time`` (of cases by number, if any), ``curve``, ``memory``."""
    torch = import_module("torch")
    torch.set_num_threads(2)
    if sys.argv[1:2] == ["added"]:
        print(added(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
        return
    wanted = sys.argv[1:] or ["time", "curve", "memory"]
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {_cpu.isa_current()}, NumPy {np.__version__}, torch {torch.__version__}\n")
    names = [name for name in wanted if name.isdigit()]
    cases = [CASES[int(name)] if int(name) < len(CASES) else EOMT for name in names]
    if "time" in wanted:
        print("| case | scene | ours, 2 threads | 1 thread | theirs | ratio (bar) | px differ |")
        print("| --- " * 7 + "|")
        for case in cases or [*CASES, EOMT]:
            for name in ("bumps", "partition"):
                print(row(case, name, 25, 100 if case is not EOMT else 200), flush=True)
    if "curve" in wanted:
        print(
            "\n| case | scene | 10 | 25 | 50 | 100 kept, ms with 2 threads |\n" + "| --- " * 6 + "|"
        )
        for case in CASES:
            for name in ("bumps", "partition"):
                print(curve(case, name), flush=True)
    if "memory" in wanted:
        print("\n| case | kept | ours, MB (bar: 64) | theirs, MB |\n" + "| --- " * 4 + "|")
        for number in range(len(MEMORY)):
            print(memory(number), flush=True)


def memory(number: int) -> str:
    """One line: what a call adds at most beside its inputs and `out`, three processes each."""
    case = MEMORY[number]
    kept = 25 if case is not LARGE else 300
    masks, logits = scene("partition", case.masks, kept, 300 if case is LARGE else 100)
    cells = [case.label, f"{kept} of {len(masks)}"]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/scene.npz"
        np.savez(path, masks=masks, logits=logits)
        for whose in ("ours",) if case is LARGE else ("ours", "theirs"):
            module = ["-m", "benchmarks.bench_fusion_queries"]
            command = [sys.executable, *module, "added", path, str(number), whose]
            runs = [float(subprocess.check_output(command)) for _ in range(3)]
            cells.append(f"{max(runs):.1f}")
    return "| " + " | ".join([*cells, *["-"] * (4 - len(cells))]) + " |"


def row(case: Case, name: str, kept: int, queries: int) -> str:
    masks, logits = scene(name, case.masks, kept, queries)
    different = differing(case, masks, logits)
    out = np.empty(case.size, np.int32)
    calls: dict[str, Callable[[], Any]] = {
        "two": lambda: ours(case, masks, logits, out=out, threads=2),
        "one": lambda: ours(case, masks, logits, out=out, threads=1),
        "theirs": peer(case, masks, logits),
    }
    times = alternate(calls, rounds=3, seconds=0.02)
    cells = [case.label, name, *(f"{1e3 * median(times[key]):.2f}" for key in calls)]
    cells += [f"{ratio(times, 'theirs', 'two'):.0f}x ({case.bar:g})", str(different)]
    return "| " + " | ".join(cells) + " |"


def curve(case: Case, name: str) -> str:
    cells = [case.label, name]
    for kept in (10, 25, 50, 100):
        masks, logits = scene(name, case.masks, kept)
        out = np.empty(case.size, np.int32)
        call = lambda: ours(case, masks, logits, out=out, threads=2)  # noqa: B023, E731
        cells.append(f"{1e3 * median(alternate({'call': call}, rounds=5)['call']):.2f}")
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
