"""`vote` beside the reference: images, volumes and points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf
from tests.fusion.center_cases import blocks, center_case
from tests.reference import fusion_centers as reference


def numbers(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Instances with gaps in their numbers, some of them large."""
    names = np.array([0, 0, 1, 2, 5, 300, 70_000, 2**31, 2**40])
    return names[blocks(rng, shape, len(names))]


def test_default(isa: str) -> None:
    for seed in range(30):
        rng = np.random.default_rng((11, seed))
        case = center_case(rng)
        instances = numbers(rng, case.semantic.shape)
        expected, categories = reference.default(
            case.semantic, instances, case.things, case.stuff_area
        )
        for threads in (1, 3):
            panoptic = pf.vote(
                case.semantic,
                instances,
                things=case.things,
                stuff_area=case.stuff_area,
                threads=threads,
            )
            np.testing.assert_array_equal(panoptic.ids, expected)
            np.testing.assert_array_equal(panoptic.segments.category_id, categories)
            panoptic.check()
        kept = np.unique(instances[instances > 0])[panoptic.decisions.kept]
        sources = panoptic.segments.source_index
        rows = np.unique(instances[instances > 0])[sources[sources >= 0]]
        np.testing.assert_array_equal(kept, rows)
        assert set(panoptic.decisions.names()) <= {"kept", "category"}


@pytest.mark.parametrize(
    "preset", ["detectron2", "panoptic_deeplab", "deeplab2", "deeplab2_op", "empanada"]
)
def test_presets(preset: str) -> None:
    for seed in range(40):
        rng = np.random.default_rng((12, seed))
        case = center_case(rng)
        instances = numbers(rng, case.semantic.shape)
        semantic, things, area = case.semantic, case.things, case.stuff_area
        panoptic = pf.vote(
            semantic,
            instances,
            things=things,
            preset=preset,
            stuff_area=area,
            label_divisor=500,
            void_label=77,
        )
        if preset == "deeplab2_op":
            expected = reference.merge_op(semantic, instances, things, 500, area, 77)
        else:
            void = 77 if preset in ("detectron2", "empanada") else 77 * 500
            order = "appearance" if preset == "deeplab2" else "ascending"
            expected = reference.merge(semantic, instances, things, 500, area, void, order=order)
        np.testing.assert_array_equal(panoptic.to_original(), expected)
        panoptic.check()


def test_foreground() -> None:
    for seed in range(30):
        rng = np.random.default_rng((13, seed))
        case = center_case(rng)
        semantic, things, area = case.semantic, case.things, case.stuff_area
        instances = numbers(rng, semantic.shape)
        given = {"things": things, "stuff_area": area, "foreground": case.foreground}
        panoptic = pf.vote(semantic, instances, preset="detectron2", **given)
        inside = case.foreground & (instances > 0)
        expected = reference.merge(semantic, instances, things, 1000, area, -1, inside=inside)
        np.testing.assert_array_equal(panoptic.to_original(), expected)
        plain = pf.vote(semantic, instances, **given)
        expected, _ = reference.default(semantic, instances * case.foreground, things, area)
        np.testing.assert_array_equal(plain.ids, expected)
    with pytest.raises(ValueError, match=r"foreground: .*'deeplab2'"):
        pf.vote(semantic, instances, preset="deeplab2", **given)


def test_points() -> None:
    """LiDAR: every point of a cluster takes its label."""
    for seed in range(20):
        rng = np.random.default_rng((14, seed))
        n = int(rng.integers(0, 300))
        semantic, instances = rng.integers(0, 6, n), rng.integers(0, 9, n)
        panoptic = pf.vote(semantic, instances, things={1, 2, 3}, preset="ds_net")
        expected = reference.ds_net(semantic, instances)
        np.testing.assert_array_equal(panoptic.to_original(), expected)
        assert panoptic.to_original().dtype == np.uint32
        np.testing.assert_array_equal(panoptic.semantic(), expected & 0xFFFF)
        panoptic.check()


def test_polarnet() -> None:
    for seed in range(30):
        rng = np.random.default_rng((15, seed))
        shape = (int(rng.integers(1, 12)), int(rng.integers(1, 20)), int(rng.integers(1, 5)))
        # Multiples of 1/64 add up exactly, so that ties are ties.
        probabilities = (rng.integers(0, 65, (6, *shape)) / 64).astype(np.float32)
        semantic = probabilities.argmax(0)
        instances = np.repeat(rng.integers(0, 5, shape[:2])[..., None], shape[2], 2)
        if seed % 5 == 0:
            instances[:] = 0
        foreground = rng.random(shape) < 0.7
        things = {0, 1, 2}
        for threads in (1, 3):
            panoptic = pf.vote(
                semantic,
                instances,
                things=things,
                preset="panoptic_polarnet",
                weights=probabilities,
                foreground=foreground,
                threads=threads,
            )
            expected = reference.polarnet(semantic, probabilities, instances, things, foreground)
            np.testing.assert_array_equal(panoptic.to_original(), expected)
            panoptic.check()


def test_weights() -> None:
    semantic = np.array([[1, 1, 2, 2, 0]])
    instances = np.array([[4, 4, 4, 9, 0]])
    weights = np.array([[0.25, 0.25, 0.75, 1, 1]], np.float32)
    plain = pf.vote(semantic, instances, things={1, 2})
    heavy = pf.vote(semantic, instances, things={1, 2}, weights=weights)
    assert plain.segments.category_id.tolist() == [1, 2, 0]
    assert heavy.segments.category_id.tolist() == [2, 2, 0]
    np.testing.assert_allclose(heavy.segments.score, [0.6, 1, np.nan])
    for bad in (np.nan, -0.1, 1.5):
        weights[0, 2] = bad
        with pytest.raises(ValueError, match=r"weights: expected numbers in \[0, 1\]"):
            pf.vote(semantic, instances, things={1, 2}, weights=weights)


def test_ground_truth_comes_back(data: Any) -> None:
    """Real segments, taken apart into classes and instances, are found whole."""
    files = sorted((data / "dsb2018").rglob("*.png"))[:3]
    assert files
    for file in files:
        ids = np.asarray(pf.png.read(file)).astype(np.int64)
        cells = ids if ids.ndim == 2 else ids[..., 0] + 256 * ids[..., 1]
        semantic = np.where(cells > 0, 3, 0)
        panoptic = pf.vote(semantic, cells, things={3})
        new = np.searchsorted(np.unique(cells[cells > 0]), cells) + 1
        things = int((np.unique(cells) > 0).sum())
        expected = np.where(cells > 0, new, things + 1)
        np.testing.assert_array_equal(panoptic.ids, expected)


def test_categories_and_ignore() -> None:
    semantic = np.array([[0, 1, 2, 3, 255]], np.uint8)
    instances = np.array([[0, 1, 1, 1, 0]])
    categories = pf.Categories([5, 8], ["road", "car"], [False, True])
    panoptic = pf.vote(
        semantic,
        instances,
        things=categories,
        semantic_categories={0: 5, 1: 8, 2: 8, 3: 5},
        ignore=255,
    )
    assert panoptic.categories is categories
    assert panoptic.ids.tolist() == [[2, 1, 1, 1, 0]]
    assert panoptic.segments.category_id.tolist() == [8, 5]
    with pytest.raises(ValueError, match=r"semantic: .*got 3"):
        pf.vote(semantic, instances, things=categories, semantic_categories=[5, 8, 8], ignore=255)
    with pytest.raises(ValueError, match=r"semantic_categories: .*got 9"):
        pf.vote(semantic, instances, things=categories, semantic_categories=[5, 8, 9])
    with pytest.raises(ValueError, match=r"things: .*got 7"):
        pf.vote(semantic, instances, things={7}, semantic_categories=[5, 8])
    with pytest.raises(ValueError, match=r"semantic: .*got -1"):
        pf.vote(np.array([[-1, 2]]), np.array([[0, 1]]), things={2})


def test_batch_and_output() -> None:
    rng = np.random.default_rng(16)
    semantic, instances = rng.integers(0, 4, (3, 9, 11)), rng.integers(0, 5, (3, 9, 11))
    out = np.empty((3, 9, 11), np.int32)
    made = pf.vote(semantic, instances, things={1, 2}, batched=True, out=out)
    for k, one in enumerate(made):
        alone = pf.vote(semantic[k], instances[k], things={1, 2})
        assert one == alone
        np.testing.assert_array_equal(out[k], alone.ids)


def test_many_instances() -> None:
    instances = np.arange(65_536).reshape(256, 256)
    semantic = np.ones((256, 256), np.uint8)
    panoptic = pf.vote(semantic, instances, things={1})
    np.testing.assert_array_equal(panoptic.ids, instances)
    for extra in (instances + 1, np.arange(70_000).reshape(7, -1)):
        with pytest.raises(ValueError, match="instances: expected at most 6553"):
            pf.vote(np.ones(extra.shape, np.uint8), extra, things={1})


def test_bad_input() -> None:
    semantic = np.zeros((4, 5), int)
    good = {"things": {1}}
    with pytest.raises(ValueError, match="instances: expected the shape of semantic"):
        pf.vote(semantic, np.zeros((5, 4), int), **good)
    with pytest.raises(ValueError, match=r"instances: .*got -3"):
        pf.vote(semantic, semantic - 3, **good)
    with pytest.raises(ValueError, match="semantic: expected 1 to 3 axes"):
        pf.vote(np.zeros((1, 1, 1, 1), int), np.zeros((1, 1, 1, 1), int), **good)
    with pytest.raises(TypeError, match="semantic"):
        pf.vote(semantic + 0.5, semantic, **good)
    with pytest.raises(ValueError, match="foreground"):
        pf.vote(semantic, semantic, foreground=np.zeros(4, bool), **good)
    with pytest.raises(ValueError, match="weights"):
        pf.vote(semantic, semantic, weights=np.zeros((4, 4), "f4"), **good)
    with pytest.raises(TypeError, match="weights: expected float32"):
        pf.vote(semantic, semantic, weights=np.zeros((4, 5)), **good)
    with pytest.raises(ValueError, match="weights: expected a channel for each label"):
        pf.vote(semantic + 7, semantic, weights=np.zeros((7, 4, 5), "f4"), **good)
    with pytest.raises(ValueError, match=r"preset: .*'nonsense'"):
        pf.vote(semantic, semantic, preset="nonsense", **good)
    for name, value in (("stuff_area", -1), ("label_divisor", 0), ("void_label", 2**31)):
        with pytest.raises(ValueError, match=name):
            pf.vote(semantic, semantic, preset="detectron2", **{name: value}, **good)
    with pytest.raises(OverflowError, match="max_segments"):
        pf.vote(semantic, semantic, max_segments=0, **good)
    with pytest.raises(TypeError, match="out: expected int32"):
        pf.vote(semantic, semantic, out=np.zeros((4, 5), int), **good)
    shared = np.zeros((4, 5), np.int32)
    with pytest.raises(ValueError, match="out: expected memory of its own"):
        pf.vote(shared, semantic, out=shared, **good)
    with pytest.raises(ValueError, match="batches of one length"):
        pf.vote(semantic, np.zeros((3, 5), int), batched=True, **good)
    assert pf.vote(np.zeros((0, 5), int), np.zeros((0, 5), int), **good).ids.shape == (0, 5)
