"""Run originals of the presets of `fuse_queries` beside ours, and write their golden outputs.

The originals are no part of this repository. Fetch them at the commits of `COMMITS` into one
folder, each under its name; functions are taken out of their files, so that only torch is needed::

    python -m tests.golden.fusion_queries FOLDER --scenes 1000     # compares
    python -m tests.golden.fusion_queries FOLDER --write           # writes fusion_queries.npz
"""

from __future__ import annotations

import argparse
import ast
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import panfuse as pf

GOLDEN = Path(__file__).with_suffix(".npz")
SCENES = 6  # of each preset, in the golden file
COMMITS = {
    "mask2former": "facebookresearch/Mask2Former@9b0651c6c1d5b3af2e6da0589b719c514ec0d69a",
    "eomt": "tue-mps/eomt@7bd19ddd621c5c6adedcd260458a34783cd4a45f",
    "mmdet": "open-mmlab/mmdetection@0c5159285b4d69e75679c2e34a08415fe2bec8d8",
}
FILES = {
    "mask2former": "Mask2Former/mask2former/maskformer_model.py",
    "eomt": "eomt/training/lightning_module.py",
    "mmdet": "mmdetection/mmdet/models/seg_heads/panoptic_fusion_heads/maskformer_fusion_head.py",
}
CLASSES = 5
THINGS = {0, 1, 2}  # mmdet takes the first classes for things
PADDED, IMAGE, SIZE = (96, 128), (90, 121), (70, 101)


@dataclass
class Scene:
    """Two dozen blobs that overlap, in few classes, so that some of stuff are joined."""

    masks: np.ndarray
    logits: np.ndarray


def draw(seed: int, queries: int = 24) -> Scene:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:24, :32].astype(np.float32)
    masks = np.empty((queries, 24, 32), np.float32)
    for mask in masks:
        cy, cx, radius = rng.random(3) * [24, 32, 4] + [0, 0, 2]
        mask[...] = (radius - np.hypot(y - cy, x - cx)) * 0.8 + rng.standard_normal(
            mask.shape
        ) * 0.2
    logits = rng.standard_normal((queries, CLASSES + 1)).astype(np.float32)
    picks = rng.integers(0, CLASSES, (queries, 1))
    np.put_along_axis(logits, picks, 3 + 4 * rng.random((queries, 1), np.float32), -1)
    if seed % SCENES == SCENES - 1:
        logits[:, -1] = 20  # nothing is found
    return Scene(masks, logits)


def ours(preset: str, scene: Scene) -> np.ndarray:
    """What `Panoptic.to_original` returns for the preset."""
    found = pf.fuse_queries(
        scene.masks,
        scene.logits,
        size=SIZE,
        things=THINGS,
        resize=[pf.Resize(PADDED, crop=IMAGE), pf.Resize()],
        preset=preset,
    )
    result: np.ndarray = found.to_original()
    return result


class Originals:
    """The originals' functions, by preset: each takes a scene and returns the project's map."""

    def __init__(self, folder: Path) -> None:
        import torch

        self.torch = torch
        self.trees = {name: ast.parse((folder / file).read_text()) for name, file in FILES.items()}

    def run(self, preset: str, scene: Scene) -> np.ndarray:
        masks, logits = self.torch.from_numpy(scene.masks), self.torch.from_numpy(scene.logits)
        resize = self.torch.nn.functional.interpolate
        masks = resize(masks[None], size=PADDED, mode="bilinear", align_corners=False)
        masks = masks[..., : IMAGE[0], : IMAGE[1]]
        masks = resize(masks, size=SIZE, mode="bilinear", align_corners=False)[0]
        result: np.ndarray = np.asarray(getattr(self, preset)(masks, logits))
        return result

    def take(self, preset: str, name: str) -> Any:
        """Define one function, without its annotations and decorators."""
        for node in ast.walk(self.trees[preset]):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                node.decorator_list, node.returns = [], None
                for argument in node.args.args:
                    argument.annotation = None
                scope = {
                    "torch": self.torch,
                    "F": self.torch.nn.functional,
                    "INSTANCE_OFFSET": 1000,
                    "PixelData": SimpleNamespace,
                }
                tree = ast.fix_missing_locations(ast.Module([node], []))
                exec(compile(tree, preset, "exec"), scope)
                return scope[name]
        raise LookupError(name)

    def mask2former(self, masks: Any, logits: Any) -> Any:
        things = {str(thing): thing for thing in THINGS}
        model = SimpleNamespace(
            sem_seg_head=SimpleNamespace(num_classes=CLASSES),
            object_mask_threshold=0.8,
            overlap_threshold=0.8,
            metadata=SimpleNamespace(thing_dataset_id_to_contiguous_id=things),
        )
        return self.take("mask2former", "panoptic_inference")(model, logits, masks)[0]

    def eomt(self, masks: Any, logits: Any) -> Any:
        run = self.take("eomt", "to_per_pixel_preds_panoptic")
        stuff = sorted(set(range(CLASSES)) - THINGS)
        return run(SimpleNamespace(num_classes=CLASSES), [masks], logits[None], stuff, 0.8, 0.8)[0]

    def mmdet(self, masks: Any, logits: Any) -> Any:
        head = SimpleNamespace(num_classes=CLASSES, num_things_classes=len(THINGS), test_cfg={})
        return self.take("mmdet", "panoptic_postprocess")(head, logits, masks).sem_seg[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    originals = Originals(arguments.folder)
    arrays = {}
    for preset in COMMITS:
        for seed in range(arguments.scenes):
            scene = draw(seed)
            theirs = originals.run(preset, scene)
            np.testing.assert_array_equal(ours(preset, scene), theirs, err_msg=f"{preset} {seed}")
            assert ours(preset, scene).dtype == theirs.dtype
            if seed < SCENES:
                arrays[f"{preset}_{seed}"] = theirs
        print(f"{preset}: {arguments.scenes} scenes are equal")
    if arguments.write:
        np.savez_compressed(GOLDEN, commits=json.dumps(COMMITS), **arrays)


if __name__ == "__main__":
    main()
