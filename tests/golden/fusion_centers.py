"""Run the originals of the centre family's presets beside ours, and write their golden outputs.

The originals are no part of this repository. Fetch the repositories of `ORIGINALS` at their commits
into one folder, each under its name. The functions are taken out of their files, so that only torch
(detectron2, panoptic-deeplab, Panoptic-PolarNet), TensorFlow (deeplab2) and scipy (DS-Net) are
needed::

    python -m tests.golden.fusion_centers FOLDER --preset detectron2 --scenes 3000  # compares
    python -m tests.golden.fusion_centers FOLDER --preset detectron2 --write  # fusion_centers.npz

deeplab2 is run with its selection of centres sorted, an order that it leaves unspecified.
"""

from __future__ import annotations

import argparse
import re
import types
from pathlib import Path
from typing import Any

import numpy as np

import panfuse as pf
from tests.fusion.center_cases import CenterCase, center_case

GOLDEN = Path(__file__).with_suffix(".npz")
SCENES = 12  # of each preset, in the golden file
DIVISOR, VOID = 1000, 255
ORIGINALS = {
    "detectron2": "facebookresearch/detectron2@02b5c4e295e990042a714712c21dc79b731e8833",
    "panoptic_deeplab": "bowenc0221/panoptic-deeplab@cf8e20bbbf1cf540c7593434b965a93c4a889890",
    "deeplab2": "google-research/deeplab2@64bc1c1a6505b6cd1779b65f9127180840b8a4fa",
}
FILES = {
    "detectron2": "detectron2/projects/Panoptic-DeepLab/panoptic_deeplab/post_processing.py",
    "panoptic_deeplab": (
        "panoptic-deeplab/segmentation/model/post_processing/instance_post_processing.py"
    ),
    "deeplab2": "deeplab2/model/post_processor/panoptic_deeplab.py",
}


def case_of(seed: int) -> CenterCase:
    """Make the case of a seed, with as many pixels as the projects' top-k asks for, in two axes."""
    for attempt in range(100):
        case = center_case(np.random.default_rng((100, seed, attempt)))
        if min(case.semantic.shape) > 1:
            case.top_k = min(case.top_k, case.semantic.size)
            return case
    raise RuntimeError("no case has two axes")


def load(folder: Path, preset: str) -> Any:
    """Run the functions of a file without what it imports of its own project."""
    text = (folder / FILES[preset]).read_text(encoding="utf-8")
    module = types.ModuleType(preset)
    if preset == "deeplab2":
        utils = (folder / "deeplab2/model/utils.py").read_text(encoding="utf-8")
        start = utils.index("def add_zero_padding")
        padding = utils[start : utils.index("\ndef ", start)]
        body = text[
            text.index("def _get_instance_centers") : text.index("class SemanticOnlyPostProcessor")
        ]
        text = (
            "from typing import *\nText = str\nimport tensorflow as tf\nclass utils: pass\n"
            f"{padding}\nutils.add_zero_padding = add_zero_padding\n"
            + body.replace("sorted=False", "sorted=True")
        )
    else:
        text = re.sub(r"^from \..*$", "", text, flags=re.MULTILINE)
    exec(compile(text, FILES[preset], "exec"), module.__dict__)
    return module


def run_original(module: Any, preset: str, case: CenterCase, masked: bool) -> np.ndarray:
    """Return the project's own map."""
    if preset == "deeplab2":
        tf = module.tf
        semantic = tf.constant(case.semantic.astype(np.int32))
        things = tf.constant(case.things, tf.int32)
        heatmap = tf.constant(case.heatmap[..., None])
        offsets = tf.constant(case.offsets.transpose(1, 2, 0).copy())
        instances = module._get_instances_from_heatmap_and_offset(
            semantic, heatmap, offsets, case.threshold, things, case.nms_kernel, case.top_k
        )[0]
        merge = module._merge_semantic_and_instance_maps.python_function
        merged = merge(semantic[None], instances[None], things, DIVISOR, case.stuff_area, VOID)
        return np.asarray(merged[0])
    import torch

    semantic = torch.from_numpy(case.semantic)[None]
    heatmap = torch.from_numpy(case.heatmap.copy())[None]
    offsets = torch.from_numpy(case.offsets)
    mask = torch.from_numpy(case.foreground.astype(np.int64))[None] if masked else None
    void = VOID * DIVISOR
    if preset == "panoptic_deeplab":
        heatmap, offsets = heatmap[None], offsets[None]
    else:
        void = -1
    rules = (case.threshold, case.nms_kernel, case.top_k, mask)
    fused = module.get_panoptic_segmentation(
        semantic, heatmap, offsets, case.things, DIVISOR, case.stuff_area, void, *rules
    )
    return np.asarray(fused[0][0].numpy())


def ours(preset: str, case: CenterCase, masked: bool) -> Any:
    """Fuse the case with the preset."""
    return pf.fuse_centers(
        case.semantic,
        case.heatmap,
        case.offsets,
        things=case.things,
        preset=preset,
        foreground=case.foreground if masked else None,
        label_divisor=DIVISOR,
        **case.knobs(),
    )


def has_mask(preset: str, seed: int) -> bool:
    """Say whether a case is fused within its foreground."""
    return preset != "deeplab2" and seed % 3 == 0


def main() -> None:
    """Compare, or write the golden file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", choices=ORIGINALS, required=True)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    module = load(given.folder, given.preset)
    kept, differ, segments = {}, 0, 0
    for seed in range(given.first, given.first + given.scenes):
        case, masked = case_of(seed), has_mask(given.preset, seed)
        expected = run_original(module, given.preset, case, masked)
        panoptic = ours(given.preset, case, masked)
        original = panoptic.to_original()
        segments += len(panoptic.segments)
        differ += not (np.array_equal(original, expected) and original.dtype == expected.dtype)
        if seed < SCENES:
            kept[f"{given.preset}_{seed}"] = expected
    print(f"{given.preset}: {differ} of {given.scenes} scenes differ; {segments} segments")
    if given.write:
        before = dict(np.load(GOLDEN)) if GOLDEN.exists() else {}
        np.savez_compressed(GOLDEN, **before | kept)


if __name__ == "__main__":
    main()
