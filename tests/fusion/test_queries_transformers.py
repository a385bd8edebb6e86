"""`panfuse.integrations.transformers` beside transformers itself, and beside its stored answers.

``python -m tests.fusion.test_queries_transformers`` stores them, of the version in their name.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse.integrations.transformers import post_process_panoptic_segmentation

torch = pytest.importorskip("torch", reason="transformers post-processes with torch")

PROCESSORS = {
    "hf_mask2former": ("mask2former", "Mask2Former"),
    "hf_maskformer": ("maskformer", "MaskFormer"),
    "hf_detr": ("detr", "Detr"),
    "hf_eomt": ("eomt", "Eomt"),
}


def outputs(seed: int, queries: int = 14, classes: int = 5) -> Any:
    """Two images of blobs that overlap, in few classes, so that some are fused."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:40, :40].astype(np.float32)
    masks = np.empty((2, queries, 40, 40), np.float32)
    for mask in masks.reshape(-1, 40, 40):
        cy, cx, radius = rng.random(3) * [40, 40, 6] + [0, 0, 3]
        mask[...] = (radius - np.hypot(y - cy, x - cx)) * 0.7 + rng.standard_normal(
            mask.shape
        ) * 0.3
    logits = rng.standard_normal((2, queries, classes + 1)).astype(np.float32)
    picks = rng.integers(0, classes, (2, queries, 1))
    np.put_along_axis(logits, picks, 3 + 4 * rng.random((2, queries, 1), np.float32), -1)
    if seed == 11:
        logits[1, :, -1] = 20  # nothing is found
    return torch.from_numpy(masks), torch.from_numpy(logits)


def as_outputs(preset: str, masks: Any, logits: Any) -> Any:
    if preset == "hf_detr":
        return SimpleNamespace(pred_masks=masks, logits=logits)
    return SimpleNamespace(masks_queries_logits=masks, class_queries_logits=logits)


SIZES = [(75, 50), (64, 90)]
STORED = Path(__file__).resolve().parents[1] / "golden" / "queries_transformers_5.23.0.npz"


def theirs_of(preset: str, fuse: set[int], seed: int) -> Any:
    """Let transformers itself answer."""
    module, name = PROCESSORS[preset]
    pil = pytest.importorskip(
        f"transformers.models.{module}.image_processing_pil_{module}",
        reason="transformers is not installed",
    )
    arguments: dict[str, Any] = {"target_sizes": SIZES}
    if preset == "hf_eomt":
        arguments |= {"stuff_classes": sorted(fuse)}
        arguments["size"] = {"shortest_edge": 160, "longest_edge": 160}
    else:
        arguments["label_ids_to_fuse"] = fuse
    processor = getattr(pil, f"{name}ImageProcessorPil")()
    given = as_outputs(preset, *outputs(seed))
    return processor.post_process_panoptic_segmentation(given, **arguments)


def mine_of(preset: str, fuse: set[int], seed: int) -> Any:
    resize = None
    if preset == "hf_eomt":
        # The processor pads the image, whose longer side it makes 160, to 160 x 160.
        inner = [(160, 107), (114, 160)]
        resize = [[pf.Resize((160, 160), crop=crop), pf.Resize()] for crop in inner]
    return post_process_panoptic_segmentation(
        as_outputs(preset, *outputs(seed)),
        preset=preset,
        label_ids_to_fuse=fuse,
        target_sizes=SIZES,
        resize=resize,
        reuse_ids=preset != "hf_eomt",
    )


@pytest.mark.parametrize("preset", list(PROCESSORS))
@pytest.mark.parametrize("fuse", [set(), {0, 3}])
def test_as_transformers(preset: str, fuse: set[int]) -> None:
    several = 0
    for seed in range(12):
        theirs, mine = theirs_of(preset, fuse, seed), mine_of(preset, fuse, seed)
        for a, b in zip(mine, theirs, strict=True):
            assert a["segmentation"].dtype == b["segmentation"].dtype
            assert torch.equal(a["segmentation"], b["segmentation"])
            assert [{**s, "score": 0} for s in a["segments_info"]] == [
                {**s, "score": 0} for s in b["segments_info"]
            ]
            for s, t in zip(a["segments_info"], b["segments_info"], strict=True):
                assert abs(s["score"] - t["score"]) <= 1e-6
            several += len(b["segments_info"]) > 3
    assert several > 3


def stored_key(preset: str, fuse: set[int], seed: int, image: int) -> str:
    return f"{preset} {'fused' if fuse else 'all'} {seed} {image}"


@pytest.mark.parametrize("preset", list(PROCESSORS))
@pytest.mark.parametrize("fuse", [set(), {0, 3}])
def test_as_stored(preset: str, fuse: set[int]) -> None:
    with np.load(STORED) as stored:
        for seed in range(3):
            for image, found in enumerate(mine_of(preset, fuse, seed)):
                np.testing.assert_array_equal(
                    found["segmentation"].numpy(), stored[stored_key(preset, fuse, seed, image)]
                )


def store() -> None:
    answers = {
        stored_key(preset, fuse, seed, image): found["segmentation"].numpy().astype(np.int8)
        for preset in PROCESSORS
        for fuse in (set(), {0, 3})
        for seed in range(3)
        for image, found in enumerate(theirs_of(preset, fuse, seed))
    }
    STORED.parent.mkdir(exist_ok=True)
    np.savez_compressed(STORED, **answers)


def test_ids_are_not_reused_unless_asked_for() -> None:
    masks = torch.full((1, 4, 4, 16), -8.0)
    for k in range(4):
        masks[0, k, :, 4 * k : 4 * k + 4] = 8
    logits = torch.zeros(1, 4, 3)
    logits[0, [0, 1, 2, 3], [0, 1, 0, 1]] = 9  # sky, car, sky, car
    given = as_outputs("hf_maskformer", masks, logits)
    for reuse, expected in ((False, [1, 2, 1, 3]), (True, [1, 2, 1, 2])):
        (found,) = post_process_panoptic_segmentation(
            given,
            preset="hf_maskformer",
            label_ids_to_fuse={0},
            target_sizes=[(4, 16)],
            reuse_ids=reuse,
        )
        assert [s["id"] for s in found["segments_info"]] == expected
        assert found["segmentation"][0, ::4].tolist() == expected


def test_bad_input() -> None:
    masks, logits = outputs(0)
    given = as_outputs("hf_maskformer", masks, logits)
    with pytest.raises(ValueError, match="preset"):
        post_process_panoptic_segmentation(given, preset="mask2former")
    with pytest.raises(ValueError, match="target_sizes"):
        post_process_panoptic_segmentation(given, preset="hf_maskformer", target_sizes=[(4, 4)])
    flat = as_outputs("hf_maskformer", masks[0], logits[0])
    with pytest.raises(ValueError, match="outputs"):
        post_process_panoptic_segmentation(flat, preset="hf_maskformer")


if __name__ == "__main__":
    store()
