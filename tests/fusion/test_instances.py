"""`fuse_instances` against its literal definition, golden outputs and ground truth."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import scenes
from tests.fusion import instance_scenes
from tests.golden import fusion_instances as golden
from tests.reference import fusion_instances as reference

SIZES = ((5, 7), (33, 64), (16, 130), (1, 1), (70, 33))


@pytest.mark.parametrize("dialect", instance_scenes.DIALECTS)
def test_equals_its_definition(dialect: str | None, isa: str) -> None:
    rng = np.random.default_rng(11)
    for _ in range(40):
        case = instance_scenes.scene(rng, dialect)
        want, decisions = instance_scenes.expected(case, dialect)
        result = instance_scenes.fused(case, dialect)
        result.check()
        got = result.ids if dialect is None else result.to_original()
        np.testing.assert_array_equal(got, want, strict=True)
        assert result.decisions.names() == decisions
        assert set(result.segments.source_index) <= {-1, *np.flatnonzero(result.decisions.kept)}


@pytest.mark.parametrize("preset", golden.COMMITS)
def test_equals_the_original(preset: str) -> None:
    with np.load(golden.GOLDEN) as arrays:
        assert json.loads(str(arrays["commits"])) == golden.COMMITS
        for seed in range(golden.SCENES):
            case = golden.draw(preset, seed)
            got = instance_scenes.fused(case, preset).to_original()
            np.testing.assert_array_equal(got, arrays[f"{preset}.{seed}"], strict=True)


def test_the_exact_ratio_and_area_are_kept() -> None:
    masks = np.zeros((2, 10, 10), bool)
    masks[0, :4], masks[1, :5] = True, True  # 40 of the second's 50 are taken: 4 / 5
    semantic = np.ones((10, 10), int)
    arguments = (masks, np.array([0.9, 0.5]), np.array([7, 7]), semantic)
    kept = pf.fuse_instances(*arguments, things={7}, overlap_threshold=0.8, stuff_area=50)
    assert kept.segments.area.tolist() == [40, 10, 50]
    assert kept.decisions.names() == ["kept", "kept"]
    dropped = pf.fuse_instances(*arguments, things={7}, overlap_threshold=0.79, stuff_area=61)
    assert dropped.segments.area.tolist() == [40]
    assert dropped.decisions.names() == ["kept", "overlap"]


def test_ground_truth_comes_back_whole() -> None:
    scene = scenes.street((160, 240), seed=3, crowds=0)
    truth = scene.panoptic
    things = truth.segments[truth.segments.is_thing]
    assert len(things) > 5
    masks = np.asarray(truth.ids) == things.id[:, None, None]
    result = pf.fuse_instances(
        masks,
        np.linspace(1, 0.6, len(things)),
        things.category_id,
        truth.semantic(255),
        things=scene.categories,
        ignore=255,
        stuff_area=0,
    )
    np.testing.assert_array_equal(result.semantic(255), truth.semantic(255))
    assert len(result.segments) == len(truth.segments)
    for k, segment_id in enumerate(things.id):
        mine = result.segments[result.segments.source_index == k]
        np.testing.assert_array_equal(result.ids == mine.id[0], truth.ids == segment_id)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_logits_are_stretched_and_compared(dtype: str, isa: str) -> None:
    rng = np.random.default_rng(5)
    for trial, size in enumerate(SIZES * 3):
        channels, h, w = (int(n) for n in (rng.integers(1, 20), *rng.integers(1, 30, 2)))
        logits = rng.normal(0, 3, (channels, h, w))
        if trial % 3 == 1:
            logits = np.round(logits)  # ties
        if trial % 3 == 2:
            logits[rng.random(logits.shape) < 0.02] = np.nan
            logits[rng.random(logits.shape) < 0.02] = -np.inf
        logits = logits.astype(dtype)
        if trial % 2:
            logits = np.asfortranarray(logits)[:, ::-1]
        covered = (size[0] + int(rng.integers(0, 5)), size[1] + int(rng.integers(0, 40)))
        check_classes(logits, size, covered, threads=1 + trial % 3)


def check_classes(logits: Any, size: Any, covered: Any, **options: Any) -> None:
    """Without instances and areas, the segments are the classes."""
    result = fuse_classes(logits, size, covered, **options)
    wanted = reference.classes(np.asarray(logits, np.float32), size, covered)
    np.testing.assert_array_equal(result.semantic(-1), wanted)


def fuse_classes(logits: Any, size: Any, covered: Any, **options: Any) -> Any:
    nothing = np.zeros(0)
    return pf.fuse_instances(
        np.zeros((0, *size), bool),
        nothing,
        nothing.astype(int),
        logits,
        things=(),
        semantic_size=covered,
        stuff_area=0,
        size=size,
        **options,
    )


def test_logits_of_full_size_are_only_compared(isa: str) -> None:
    logits = np.random.default_rng(6).normal(size=(7, 20, 75)).astype(np.float32)
    logits[2, 3, 4] = np.nan
    logits[5, 3, 4] = np.inf
    check_classes(logits, (20, 75), (20, 75))
    check_classes(logits, (18, 70), (20, 75))


def test_labels_of_any_integers_and_strides() -> None:
    labels = np.random.default_rng(7).integers(0, 5, (33, 70))
    for dtype in (bool, "u1", "i1", "u2", "i4", "u8", "i8"):
        for view in (labels.astype(dtype), np.asfortranarray(labels.astype(dtype))[::-1, ::2]):
            size = view.shape
            result = pf.fuse_instances(
                np.zeros((0, *size), bool),
                np.zeros(0),
                np.zeros(0, int),
                view,
                things=(),
                stuff_area=0,
                semantic_categories={k: 10 + k for k in range(5)},
                ignore=3,
                threads=2,
            )
            wanted = (
                np.where(view == 3, -1, view.astype(int) + 10) if dtype is not bool else view + 10
            )
            np.testing.assert_array_equal(result.semantic(-1), wanted)


def roi_case(seed: int, count: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    masks = rng.random((count, 28, 28), np.float32) * np.float32(0.4) + np.float32(0.3)
    masks[0] = 1
    corners = rng.uniform(-20, 90, (count, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    boxes[1] = [3, 4, 3.25, 60]  # narrower than a pixel
    boxes[2] = [50, 10, 40, 30]  # inverted
    boxes[3] = [-300, -200, -100, -50]  # outside
    boxes[4] = [-1000, -1000, 2000, 2000]
    return masks, boxes


def fuse_alone(mask: Any, box: Any, size: Any, **options: Any) -> Any:
    return pf.fuse_instances(
        mask, np.ones(1), np.ones(1, int), None, things={1}, boxes=box, size=size, **options
    )


@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_roi_masks_are_pasted_in_their_boxes(threshold: float, isa: str) -> None:
    size = (61, 130)
    masks, boxes = roi_case(1)
    for mask, box in zip(masks, boxes, strict=True):
        result = fuse_alone(mask[None], box[None], size, mask_threshold=threshold)
        wanted = reference.paste(mask, box, size, threshold, strict=False)
        np.testing.assert_array_equal(result.ids > 0, wanted)
        assert result.decisions.names() == ["kept" if wanted.any() else "empty"]
        half = fuse_alone(mask[None].astype(np.float16), box[None], size)
        wanted = reference.paste(mask.astype(np.float16), box, size, 0.5, strict=False)
        np.testing.assert_array_equal(half.ids > 0, wanted)


def test_more_instances_than_16_bits_count() -> None:
    count = 70_000
    boxes = np.zeros((count, 4), np.float32)
    boxes[:, 0], boxes[:, 1] = np.arange(count) % 300, np.arange(count) // 300
    boxes[:, 2:] = boxes[:, :2] + 1
    result = pf.fuse_instances(
        np.ones((count, 1, 1), bool),
        np.linspace(1, 0.5, count),
        np.ones(count, int),
        None,
        things={1},
        boxes=boxes,
        size=(240, 300),
    )
    assert len(result.segments) == count
    np.testing.assert_array_equal(result.ids.ravel()[:count], np.arange(1, count + 1))


def test_nothing_depends_on_threads_or_libraries() -> None:
    torch = pytest.importorskip("torch")
    outputs = scenes.street((240, 330), seed=1).instances()
    arrays = (outputs.masks, outputs.scores, outputs.category_ids, outputs.semantic_logits)
    options: dict[str, Any] = {"size": outputs.size, "semantic_size": outputs.padded_size}
    options |= {"things": range(1000), "stuff_area": 50}
    first = pf.fuse_instances(*arrays, boxes=outputs.boxes, threads=1, **options)
    assert len(first.segments) > 3
    for threads in (2, 5):
        assert first == pf.fuse_instances(*arrays, boxes=outputs.boxes, threads=threads, **options)
    tensors = [torch.from_numpy(array) for array in arrays]
    boxes = torch.from_numpy(outputs.boxes)
    other = pf.fuse_instances(*tensors, boxes=boxes, **options)
    assert isinstance(other.ids, torch.Tensor)
    assert other == first
    narrow = [t.bfloat16() if t.is_floating_point() else t for t in tensors]
    same = pf.fuse_instances(*narrow, boxes=boxes, **options)
    wide = [t.float() if t.is_floating_point() else t for t in narrow]
    assert same == pf.fuse_instances(*wide, boxes=boxes, **options)


def test_batches_and_given_outputs() -> None:
    rng = np.random.default_rng(3)
    cases = [instance_scenes.scene(rng, None) for _ in range(3)]
    results = pf.fuse_instances(
        [case.masks for case in cases],
        [case.scores for case in cases],
        [case.category_ids for case in cases],
        [case.labels for case in cases],
        things={0, 1, 2},
        stuff_area=2,
    )
    for case, result in zip(cases, results, strict=True):
        out = np.full(case.masks.shape[1:], -7, np.int32)
        arguments = (case.masks, case.scores, case.category_ids, case.labels)
        alone = pf.fuse_instances(*arguments, things={0, 1, 2}, stuff_area=2, out=out)
        assert alone.ids is out
        assert alone == result
        with pytest.raises(ValueError, match="out: expected memory of its own"):
            pf.fuse_instances(*arguments[:3], out, things={0, 1, 2}, stuff_area=2, out=out)
        if len(alone.segments) > 0:
            most = len(alone.segments) - 1
            with pytest.raises(OverflowError, match="max_segments: expected room for"):
                pf.fuse_instances(*arguments, things={0, 1, 2}, stuff_area=2, max_segments=most)


MEMORY = """
import numpy as np, re
import panfuse as pf
from benchmarks.bench_fusion_instances import case, ours
given = case((800, 1333))
out = np.ones((800, 1333), np.int32)
ours(given, 2)
open("/proc/self/clear_refs", "w").write("5")
def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1])
before = kilobytes("VmRSS")
ours(given, 2, out)
print(kilobytes("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_extra_memory_is_small() -> None:
    import os
    import subprocess

    if "asan" in os.environ.get("LD_PRELOAD", "") or "tsan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("a sanitizer's memory is its own")
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(root)])}
    command = [sys.executable, "-c", MEMORY]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 20_000


def test_stretching_and_pasting_are_torchs_own() -> None:
    """torch has another kernel for 3 channels, and for outputs of few rows and columns."""
    torch = pytest.importorskip("torch")
    interpolate = torch.nn.functional.interpolate
    generator = torch.Generator().manual_seed(4)
    for channels, h, w, size in (
        (54, 30, 41, (120, 163)),
        (7, 60, 90, (97, 140)),
        (2, 3, 4, (90, 91)),
    ):
        for logits in (
            torch.randn(channels, h, w, generator=generator),
            torch.randint(0, 3, (channels, h, w), generator=generator).float(),
        ):
            stretched = interpolate(logits[None], size=size, mode="bilinear", align_corners=False)
            result = fuse_classes(logits, size, size)
            np.testing.assert_array_equal(result.semantic(-1), stretched[0].argmax(dim=0))
    masks, boxes = roi_case(2)
    for mask, (x0, y0, x1, y1) in zip(masks[5:], boxes[5:], strict=True):
        y = (torch.arange(61) + 0.5 - y0) / (y1 - y0) * 2 - 1
        x = (torch.arange(130) + 0.5 - x0) / (x1 - x0) * 2 - 1
        grid = torch.stack([x.expand(61, -1), y[:, None].expand(-1, 130)], dim=2)[None]
        sampled = torch.nn.functional.grid_sample(
            torch.from_numpy(mask)[None, None], grid, align_corners=False
        )
        result = fuse_alone(mask[None], np.array([[x0, y0, x1, y1]]), (61, 130))
        np.testing.assert_array_equal(result.ids > 0, sampled[0, 0] >= 0.5)


@pytest.mark.parametrize("dialect", [None, "panopticapi", "knet", "panoptic_segformer"])
def test_runs_are_masks(dialect: str | None) -> None:
    rng = np.random.default_rng(8)
    for _ in range(25):
        case = instance_scenes.scene(rng, dialect)
        case.masks = instance_scenes.foreground(case, dialect)
        want = instance_scenes.fused(case, dialect)
        size = case.masks.shape[1:]
        options: dict[str, Any] = {"masks": pf.rle.encode(case.masks, axis=0), "size": size}
        assert instance_scenes.fused(case, dialect, **options) == want
        if case.labels is not None:
            options["semantic"] = {
                int(label): pf.rle.encode(case.labels == label) for label in np.unique(case.labels)
            }
            assert instance_scenes.fused(case, dialect, **options) == want
