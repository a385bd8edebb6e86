"""`fuse_instances` beside torch's and detectron2's way: paste, upsample, argmax, combine.

`pytest benchmarks` checks every answer and times each case; ``python -m
benchmarks.bench_fusion_instances`` prints the table of benchmarks/results/fusion_instances.md. The
peer follows detectron2's steps with torch's own functions (one paste an instance in the region of
its box, one comparison an instance over the image); ``--detectron2 FOLDER`` runs detectron2's own
functions instead, from a checkout as tests/golden/fusion_instances.py wants it.
"""

from __future__ import annotations

import argparse
import ast
import types
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

import panfuse as pf
from benchmarks.alternate import alternate, median, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = ((480, 640), (800, 1333))
INSTANCES, CHANNELS, MASK = 100, 54, 28


class Case(NamedTuple):
    """One image's outputs: of a detector with masks, and of a semantic head at a quarter."""

    masks: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    category_ids: np.ndarray
    logits: np.ndarray
    size: tuple[int, int]

    @property
    def padded(self) -> tuple[int, int]:
        return 4 * self.logits.shape[1], 4 * self.logits.shape[2]


@cache
def case(size: tuple[int, int]) -> Case:
    """Boxes of 16 pixels to most of the image, scores from .06 to .99, regions of classes."""
    rng = np.random.default_rng(0)
    height, width = size
    center = rng.uniform(0, [width, height], (INSTANCES, 2))
    side = np.exp(rng.uniform(np.log(16), np.log(0.8 * height), (INSTANCES, 1)))
    half = side * rng.uniform(0.3, 0.8, (INSTANCES, 2))
    boxes = np.concatenate([center - half, center + half], axis=1)
    boxes = np.clip(boxes, 0, [width - 1, height - 1, width, height])
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    y, x = np.mgrid[:MASK, :MASK] - (MASK - 1) / 2
    noise = rng.normal(0, 0.15, (INSTANCES, MASK, MASK))
    masks = 1 / (1 + np.exp(6 * ((y * y + x * x) / 169 - 1 + noise)))
    h, w = -(-height // 4), -(-width // 4)
    regions = rng.integers(0, CHANNELS, (8, 10))
    labels = regions[(np.arange(h) * 8 // h)[:, None], np.arange(w) * 10 // w]
    logits = rng.random((CHANNELS, h, w)) * 1.6 - 0.8
    logits += 6 * (labels == np.arange(CHANNELS)[:, None, None])
    return Case(
        masks.astype(np.float32),
        boxes.astype(np.float32),
        rng.permutation(np.linspace(0.06, 0.99, INSTANCES)).astype(np.float32),
        rng.integers(0, 80, INSTANCES),
        logits.astype(np.float32),
        size,
    )


def ours(given: Case, threads: int, out: np.ndarray | None = None) -> pf.Panoptic:
    result: pf.Panoptic = pf.fuse_instances(
        given.masks,
        given.scores,
        given.category_ids,
        given.logits,
        things=range(80),
        boxes=given.boxes,
        size=given.size,
        semantic_size=given.padded,
        preset="detectron2",
        out=out,
        threads=threads,
    )
    return result


class TorchSteps:
    """detectron2's steps, with torch's own functions."""

    def __init__(self, given: Case) -> None:
        self.torch = torch = import_module("torch")
        self.given = given
        names = ("masks", "boxes", "scores", "category_ids", "logits")
        self.masks, self.boxes, self.scores, self.categories, self.logits = (
            torch.from_numpy(getattr(given, name)) for name in names
        )

    def paste(self) -> Any:
        torch, (height, width) = self.torch, self.given.size
        out = torch.zeros(len(self.masks), height, width, dtype=torch.bool)
        for k, (x0, y0, x1, y1) in enumerate(self.boxes):
            left, top = (int(v) for v in (max(x0.floor() - 1, 0), max(y0.floor() - 1, 0)))
            right, bottom = int(min(x1.ceil() + 1, width)), int(min(y1.ceil() + 1, height))
            x = (torch.arange(left, right) + 0.5 - x0) / (x1 - x0) * 2 - 1
            y = (torch.arange(top, bottom) + 0.5 - y0) / (y1 - y0) * 2 - 1
            grid = torch.stack([x.expand(len(y), -1), y[:, None].expand(-1, len(x))], dim=2)
            sampled = torch.nn.functional.grid_sample(
                self.masks[k][None, None], grid[None], align_corners=False
            )
            out[k, top:bottom, left:right] = sampled[0, 0] >= 0.5
        return out

    def classes(self) -> Any:
        height, width = self.given.size
        stretched = self.torch.nn.functional.interpolate(
            self.logits[None], size=self.given.padded, mode="bilinear", align_corners=False
        )
        return stretched[0, :, :height, :width].argmax(dim=0)

    def combine(self, masks: Any, classes: Any) -> Any:
        out = self.torch.zeros(self.given.size, dtype=self.torch.int32)
        count = 0
        for k in self.torch.argsort(-self.scores):
            if self.scores[k].item() < 0.5:
                break
            mask = masks[k]
            area = mask.sum().item()
            if area == 0:
                continue
            taken = mask & (out > 0)
            if taken.sum().item() / area > 0.5:
                continue
            count += 1
            out[mask & (out == 0)] = count
        for label in self.torch.unique(classes).tolist():
            mask = (classes == label) & (out == 0)
            if label != 0 and mask.sum().item() >= 4096:
                count += 1
                out[mask] = count
        return out

    def run(self) -> np.ndarray:
        result: np.ndarray = self.combine(self.paste(), self.classes()).numpy()
        return result


class Detectron2(TorchSteps):
    """detectron2's own functions for pasting and combining."""

    def __init__(self, given: Case, folder: Path) -> None:
        super().__init__(given)
        self.scope: dict[str, Any] = {"torch": self.torch, "np": np, "GPU_MEM_LIMIT": 1 << 30}
        self.scope |= {"BYTES_PER_FLOAT": 4, "Tuple": tuple, "F": self.torch.nn.functional}
        wanted = {"_do_paste_mask", "paste_masks_in_image", "combine_semantic_and_instance_outputs"}
        for file in ("layers/mask_ops.py", "modeling/meta_arch/panoptic_fpn.py"):
            tree = ast.parse((folder / "detectron2/detectron2" / file).read_text())
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and node.name in wanted:
                    node.decorator_list = []
                    module = ast.fix_missing_locations(ast.Module([node], []))
                    exec(compile(module, file, "exec"), self.scope)

    def paste(self) -> Any:
        return self.scope["paste_masks_in_image"](self.masks, self.boxes, self.given.size, 0.5)

    def combine(self, masks: Any, classes: Any) -> Any:
        instances = types.SimpleNamespace(
            scores=self.scores, pred_masks=masks, pred_classes=self.categories
        )
        run = self.scope["combine_semantic_and_instance_outputs"]
        return run(instances, classes, 0.5, 4096, 0.5)[0]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_fuse_instances(benchmark: Any, size: tuple[int, int]) -> None:
    given = case(size)
    result = benchmark(lambda: ours(given, 2))
    result.check()
    if optional_torch():
        np.testing.assert_array_equal(result.to_original(), TorchSteps(given).run())


def optional_torch() -> bool:
    try:
        import_module("torch")
    except ImportError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detectron2", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    import_module("torch").set_num_threads(2)
    print("| size | peer, 2 threads (ms) | ours, 2 threads | ours, 1 thread | ratio, 2 threads |")
    print("| --- | --- | --- | --- | --- |")
    for size in SIZES:
        given = case(size)
        peer = Detectron2(given, options.detectron2) if options.detectron2 else TorchSteps(given)
        np.testing.assert_array_equal(ours(given, 2).to_original(), peer.run())
        functions: dict[str, Callable[[], Any]] = {
            "peer": peer.run,
            "two": lambda given=given: ours(given, 2),  # type: ignore[misc]
            "one": lambda given=given: ours(given, 1),  # type: ignore[misc]
        }
        times = alternate(functions, rounds=options.rounds, seconds=0.05)
        columns = [f"{1000 * median(times[name]):.2f}" for name in functions]
        print(f"| {size} | {' | '.join(columns)} | {ratio(times, 'peer', 'two'):.0f} |")


if __name__ == "__main__":
    main()
