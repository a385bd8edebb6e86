"""`fuse_centers`: beside its parts, the projects' outputs, and generated networks."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse.scenes import street
from tests.fusion.center_cases import CenterCase, center_case
from tests.golden import fusion_centers as golden
from tests.reference import fusion_centers as reference


def parts(case: CenterCase, inside: np.ndarray) -> np.ndarray:
    """Instances as the three functions make them, one after the other."""
    centers = pf.find_centers(
        case.heatmap, threshold=case.threshold, nms_kernel=case.nms_kernel, top_k=case.top_k
    )
    return pf.group_pixels(centers, case.offsets, foreground=inside)


def test_parts(isa: str) -> None:
    for seed in range(40):
        case = center_case(np.random.default_rng((21, seed)))
        inside = np.isin(case.semantic, case.things)
        expected, categories = reference.default(
            case.semantic, parts(case, inside), case.things, case.stuff_area
        )
        for threads in (1, 3):
            for dtype in ("int64", "uint8"):
                panoptic = pf.fuse_centers(
                    case.semantic.astype(dtype),
                    case.heatmap,
                    case.offsets,
                    things=case.things,
                    threads=threads,
                    **case.knobs(),
                )
                np.testing.assert_array_equal(panoptic.ids, expected)
                np.testing.assert_array_equal(panoptic.segments.category_id, categories)
                panoptic.check()
        masked = pf.fuse_centers(
            case.semantic,
            case.heatmap,
            case.offsets,
            things=case.things,
            foreground=case.foreground,
            **case.knobs(),
        )
        expected, _ = reference.default(
            case.semantic, parts(case, case.foreground), case.things, case.stuff_area
        )
        np.testing.assert_array_equal(masked.ids, expected)


@pytest.mark.parametrize("preset", golden.ORIGINALS)
def test_originals(isa: str, preset: str) -> None:
    """What the projects' own functions returned for these cases."""
    with np.load(golden.GOLDEN) as maps:
        for seed in range(golden.SCENES):
            case = golden.case_of(seed)
            panoptic = golden.ours(preset, case, golden.has_mask(preset, seed))
            original, expected = panoptic.to_original(), maps[f"{preset}_{seed}"]
            assert original.dtype == expected.dtype
            np.testing.assert_array_equal(original, expected)
            panoptic.check()


@pytest.mark.parametrize("preset", ["deeplab2_op", "empanada"])
def test_descriptions(preset: str) -> None:
    for seed in range(40):
        case = center_case(np.random.default_rng((22, seed)))
        given = {"things": case.things, "preset": preset, **case.knobs()}
        panoptic = pf.fuse_centers(case.semantic, case.heatmap, case.offsets, **given)
        inside = np.isin(case.semantic, case.things)
        centers = pf.find_centers(
            case.heatmap,
            preset=preset,
            threshold=case.threshold,
            nms_kernel=case.nms_kernel,
            top_k=case.top_k,
        )
        instances = pf.group_pixels(centers, case.offsets, foreground=inside)
        arguments = (case.semantic, instances, case.things, 1000, case.stuff_area)
        if preset == "deeplab2_op":
            expected = reference.merge_op(*arguments, 255)
        else:
            expected = reference.merge(*arguments, 0)
        np.testing.assert_array_equal(panoptic.to_original(), expected)
        assert panoptic.to_original().dtype == ("int32" if preset == "deeplab2_op" else "int64")


def test_no_center() -> None:
    """Things without an instance: void, but for deeplab2's op, where they are one."""
    semantic = np.array([[1, 1, 2, 0]] * 4)
    nothing = np.zeros((4, 4), np.float32)
    offsets = np.zeros((2, 4, 4), np.float32)
    panoptic = pf.fuse_centers(semantic, nothing, offsets, things={1, 2})
    assert panoptic.ids.tolist() == [[0, 0, 0, 1]] * 4
    assert len(panoptic.decisions) == 0
    op = pf.fuse_centers(
        semantic, nothing, offsets, things={1, 2}, preset="deeplab2_op", stuff_area=0
    )
    assert op.ids.tolist() == [[1, 1, 1, 2]] * 4
    assert op.to_original().tolist() == [[1001, 1001, 1001, 0]] * 4
    assert op.segments.source_index.tolist() == [-1, -1]


def test_segments_and_decisions() -> None:
    semantic = np.zeros((8, 30), np.uint8)
    semantic[:, :10], semantic[:, 20:] = 3, 4
    heatmap = np.zeros((8, 30), np.float32)
    heatmap[4, 2], heatmap[4, 15], heatmap[4, 25] = 0.5, 0.9, 0.75
    offsets = np.zeros((2, 8, 30), np.float32)
    offsets[1, :, :10], offsets[1, :, 20:] = -8, 8
    panoptic = pf.fuse_centers(semantic, heatmap, offsets, things={3, 4}, nms_kernel=3)
    segments = panoptic.segments
    assert segments.category_id.tolist() == [3, 4, 0]
    assert segments.is_thing.tolist() == [True, True, False]
    np.testing.assert_array_equal(segments.score, np.array([0.5, 0.75, np.nan], np.float32))
    assert segments.area.tolist() == [80, 80, 80]
    assert segments.bbox.tolist() == [[0, 0, 10, 8], [20, 0, 10, 8], [10, 0, 10, 8]]
    assert segments.source_index.tolist() == [0, 2, -1]
    assert panoptic.decisions.names() == ["kept", "empty", "kept"]
    copy = pickle.loads(pickle.dumps(panoptic))
    assert copy == panoptic
    with pytest.raises(ValueError, match="to_original"):
        panoptic.to_original()


@pytest.mark.parametrize("semantic", ["labels", "logits"])
def test_generated_networks(semantic: str) -> None:
    """A network's output comes back as the prediction that it was made from, nearly."""
    scene = street((128, 256), seed=3)
    prediction = scene.prediction(seed=3, error=0.1)
    outputs = scene.centers(semantic=semantic, seed=3, error=0.1)
    names = scene.categories.ids.tolist()
    given: dict[str, Any] = {"ignore": 255}
    if semantic == "logits":
        given = {"semantic_categories": names, "semantic_size": outputs.padded_size}
    panoptic = pf.fuse_centers(
        outputs.semantic, outputs.heatmap, outputs.offsets, things=scene.categories, **given
    )
    panoptic.check()
    result = pf.panoptic_quality(
        prediction.ids,
        panoptic.ids,
        gt_segments=prediction.segments_info(),
        pred_segments=panoptic.segments_info(),
        categories=scene.categories,
    )
    assert result.pq > 0.5


def test_logits_are_their_labels() -> None:
    torch = pytest.importorskip("torch")
    for seed in range(8):
        rng = np.random.default_rng((23, seed))
        case = center_case(rng)
        h, w = case.semantic.shape
        logits = rng.normal(0, 1, (5, -(-h // 4), -(-w // 4))).astype(np.float32)
        size = (4 * logits.shape[1], 4 * logits.shape[2])
        big = torch.nn.functional.interpolate(
            torch.from_numpy(logits)[None], size=size, mode="bilinear", align_corners=False
        )[0]
        labels = big.argmax(0).numpy()[:h, :w]
        given = {"things": {1, 3}, "preset": "panoptic_deeplab", **case.knobs()}
        fused = pf.fuse_centers(logits, case.heatmap, case.offsets, semantic_size=size, **given)
        plain = pf.fuse_centers(labels, case.heatmap, case.offsets, **given)
        np.testing.assert_array_equal(fused.ids, plain.ids)
        assert fused.segments == plain.segments


def test_batch_and_output() -> None:
    rng = np.random.default_rng(24)
    semantic = rng.integers(0, 4, (3, 20, 30))
    heatmap = rng.random((3, 20, 30)).astype(np.float32)
    offsets = rng.normal(0, 5, (3, 2, 20, 30)).astype(np.float32)
    out = np.empty((3, 20, 30), np.int32)
    made = pf.fuse_centers(semantic, heatmap, offsets, things={1, 2}, out=out)
    for k, one in enumerate(made):
        alone = pf.fuse_centers(semantic[k], heatmap[k], offsets[k], things={1, 2})
        assert one == alone
        np.testing.assert_array_equal(out[k], alone.ids)


def test_many_classes() -> None:
    """More classes than a byte holds, with ids of any size."""
    rng = np.random.default_rng(25)
    names = np.sort(rng.choice(2**31, 700, replace=False))
    semantic = names[rng.integers(0, 700, (60, 80))]
    heatmap = rng.random((60, 80)).astype(np.float32)
    offsets = np.zeros((2, 60, 80), np.float32)
    things = set(names[::2].tolist())
    panoptic = pf.fuse_centers(semantic, heatmap, offsets, things=things)
    instances = pf.group_pixels(
        pf.find_centers(heatmap), offsets, foreground=np.isin(semantic, names[::2])
    )
    expected, categories = reference.default(semantic, instances, things)
    np.testing.assert_array_equal(panoptic.ids, expected)
    np.testing.assert_array_equal(panoptic.segments.category_id, categories)


def test_bad_input() -> None:
    semantic = np.zeros((6, 8), int)
    heatmap = np.zeros((6, 8), np.float32)
    offsets = np.zeros((2, 6, 8), np.float32)
    good = {"things": {1}}

    def fails(text: str, *arrays: Any, error: Any = ValueError, **knobs: Any) -> None:
        with pytest.raises(error, match=text):
            pf.fuse_centers(*arrays, **{**good, **knobs})

    fails(r"offsets: expected the shape \(2, H, W\)", semantic, heatmap, np.zeros((3, 6, 8), "f4"))
    fails("offsets: expected the shape of heatmap", semantic, heatmap, offsets[:, :5])
    fails("semantic: expected labels of the size", semantic[:5], heatmap, offsets)
    fails("heatmap: expected float32", semantic, heatmap.astype("f8"), offsets, error=TypeError)
    fails("offsets: expected float32", semantic, heatmap, semantic, error=TypeError)
    fails(r"heatmap: expected the shape \(H, W\)", semantic, heatmap[0], offsets)
    for kernel in (0, 2, -3):
        fails("nms_kernel: expected an odd", semantic, heatmap, offsets, nms_kernel=kernel)
    fails("threshold", semantic, heatmap, offsets, threshold=np.nan)
    fails("wrap", semantic, heatmap, offsets, wrap=2)
    fails("semantic_size", semantic, heatmap, offsets, semantic_size=(6,))
    fails("preset: .*'ds_net'", semantic, heatmap, offsets, preset="ds_net")
    fails("threads", semantic, heatmap, offsets, threads=0)
    fails("foreground", semantic, heatmap, offsets, foreground=np.zeros((6, 9), bool))
    every = np.ones((300, 300), np.float32)
    wide = np.zeros((2, 300, 300), np.float32)
    fails("heatmap: expected at most 65535 centres", np.zeros((300, 300), int), every, wide,
          nms_kernel=1, top_k=0)  # fmt: skip
    with pytest.raises(ValueError, match="centers: expected finite numbers"):
        pf.group_pixels([[0, np.nan]], offsets)
    with pytest.raises(ValueError, match=r"centers: expected the shape \(N, 2\)"):
        pf.group_pixels([[0, 1, 2]], offsets)
    with pytest.raises(ValueError, match="centers: expected a list of 2"):
        pf.group_pixels([[[0, 1]]], np.stack([offsets, offsets]))
    empty = pf.fuse_centers(semantic[:0], heatmap[:0], offsets[:, :0], **good)
    assert empty.ids.shape == (0, 8)
