"""Network outputs: their shapes, and that the textbook rules make the scene of them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse.scenes import CenterOutputs, InstanceOutputs, QueryOutputs, Scene, street
from tests.scenes import textbook
from tests.scenes.test_street import SMALL, digest

if TYPE_CHECKING:
    from panfuse.panoptic import Panoptic

SIZE = (480, 640)


@pytest.fixture(scope="module", params=range(3))
def scene(request: pytest.FixtureRequest) -> Scene:
    return street(SIZE, seed=request.param)


def agreement(gt: Panoptic, pred: Panoptic) -> float:
    """Labeled pixels of the ground truth whose category the prediction has."""
    labeled = gt.ids != 0
    return float(np.mean(gt.semantic(void=255)[labeled] == pred.semantic(void=255)[labeled]))


def test_queries_decode_to_the_scene(scene: Scene) -> None:
    """Measured over seeds 0 to 3: PQ .66 to .85 without error, .48 to .69 with the default's."""
    decoded = textbook.decode_queries(scene.queries(error=0))
    assert textbook.panoptic_quality(scene.panoptic, decoded).pq > 0.6
    assert agreement(scene.panoptic, decoded) > 0.85
    default = textbook.decode_queries(scene.queries())
    assert textbook.panoptic_quality(scene.panoptic, default).pq > 0.4


def test_instances_decode_to_the_scene(scene: Scene) -> None:
    """Measured over seeds 0 to 3: PQ .78 to .90 without error, .52 to .70 with the default's."""
    stuff_area = 150
    decoded = textbook.decode_instances(scene.instances(error=0), stuff_area)
    assert textbook.panoptic_quality(scene.panoptic, decoded).pq > 0.72
    assert agreement(scene.panoptic, decoded) > 0.93
    default = textbook.decode_instances(scene.instances(), stuff_area)
    assert textbook.panoptic_quality(scene.panoptic, default).pq > 0.45


def test_centers_decode_to_the_scene(scene: Scene) -> None:
    """Measured over seeds 0 to 3: PQ .97 to 1 without error, .61 to .73 with the default's."""
    decoded = textbook.decode_centers(scene.centers(error=0))
    assert textbook.panoptic_quality(scene.panoptic, decoded).pq > 0.93
    assert agreement(scene.panoptic, decoded) > 0.98
    default = textbook.decode_centers(scene.centers())
    assert textbook.panoptic_quality(scene.panoptic, default).pq > 0.5


def test_centers_from_logits_at_a_stride(scene: Scene) -> None:
    """Measured over seeds 0 to 3: PQ .71 to .80 without error."""
    decoded = textbook.decode_centers(scene.centers(4, semantic="logits", error=0))
    assert textbook.panoptic_quality(scene.panoptic, decoded).pq > 0.6
    assert agreement(scene.panoptic, decoded) > 0.93


def test_semantic_logits_decode_to_the_scene(scene: Scene) -> None:
    logits = scene.semantic_logits(error=0)
    labels = textbook.upsample(logits, SIZE, SIZE).argmax(0)
    labeled = scene.panoptic.ids != 0
    assert np.mean(labels[labeled] == scene.panoptic.semantic()[labeled]) > 0.94


def test_queries_are_few_among_many(scene: Scene) -> None:
    out = scene.queries(300)
    probabilities = textbook.softmax(out.class_logits)
    none = probabilities.argmax(1) == 19
    sure = ~none & (probabilities.max(1) > 0.8)
    segments = len(scene.prediction(error=0.2).segments)
    assert 0.7 * segments < np.count_nonzero(sure) <= segments + 2
    assert np.count_nonzero(none) > 100
    assert np.count_nonzero(~none & ~sure) > 40


def test_two_queries_of_one_stuff_category(scene: Scene) -> None:
    out = scene.queries(error=0)
    probabilities = textbook.softmax(out.class_logits)
    sure = probabilities.max(1) > 0.8
    labels = probabilities.argmax(1)[sure]
    twice = [c for c in range(11) if np.count_nonzero(labels == c) == 2]
    assert len(twice) == 2


def test_fewer_queries_than_segments() -> None:
    scene = street(SMALL, seed=1)
    out = scene.queries(3, error=0)
    largest = scene.panoptic.segments.area.argsort()[::-1][:3]
    expected = sorted(scene.panoptic.segments.category_id[largest].tolist())
    assert sorted(out.class_logits.argmax(1).tolist()) == expected


def test_instances_hold_duplicates_and_low_scores(scene: Scene) -> None:
    out = scene.instances()
    things = np.count_nonzero(scene.prediction(error=0.2).segments.is_thing)
    assert len(out.scores) == things + -(-things // 3) + things // 4
    assert np.count_nonzero(out.scores < 0.5) >= things // 4
    assert (np.diff(out.scores) > 0).any()
    assert (np.diff(out.scores) < 0).any()
    assert set(out.category_ids.tolist()) <= set(range(11, 19))


def test_mask_probabilities_are_those_of_the_logits() -> None:
    out = street(SMALL).instances()
    np.testing.assert_allclose(out.masks, 1 / (1 + np.exp(-out.mask_logits)), rtol=1e-6)


def test_heatmap_has_a_peak_at_each_center() -> None:
    scene = street((240, 320), seed=5)
    out = scene.centers(error=0)
    segments = scene.panoptic.segments
    assert out.heatmap.max() <= 1
    for row in np.flatnonzero(segments.is_thing):
        y, x = np.argwhere(scene.panoptic.ids == segments.id[row]).mean(0)
        assert out.heatmap[round(y), round(x)] > 0.5


def test_offsets_point_to_the_center() -> None:
    """In output pixels, whatever the stride; off by at most half a pixel without error."""
    scene = street((240, 320), seed=5)
    segments = scene.panoptic.segments
    row = int(np.argmax(segments.area * segments.is_thing))
    mask = scene.panoptic.ids == segments.id[row]
    center = np.argwhere(mask).mean(0)
    for stride in (1, 4):
        out = scene.centers(stride, error=0)
        i, j = np.argwhere(mask[stride // 2 :: stride, stride // 2 :: stride]).T
        at = np.stack([i, j]) * stride + (stride - 1) / 2
        pointed = at + out.offsets[:, i, j]
        assert np.abs(pointed - center[:, None]).max() < 0.51


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
    st.integers(1, 9),
    st.integers(1, 30),
    st.integers(1, 9),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_shapes(
    size: tuple[int, int],
    stride: int,
    num_queries: int,
    mask_size: int,
    error: float,
    seed: int,
) -> None:
    scene = street(size, seed=seed)
    h, w = -(-size[0] // stride), -(-size[1] // stride)
    queries = scene.queries(num_queries, stride, seed=seed, error=error)
    instances = scene.instances(mask_size, stride, seed=seed, error=error)
    labels = scene.centers(stride, seed=seed, error=error)
    logits = scene.centers(stride, semantic="logits", seed=seed, error=error)
    n = len(instances.scores)
    expected: list[tuple[np.ndarray, tuple[int, ...]]] = [
        (queries.mask_logits, (num_queries, h, w)),
        (queries.class_logits, (num_queries, 20)),
        (instances.masks, (n, mask_size, mask_size)),
        (instances.mask_logits, (n, mask_size, mask_size)),
        (instances.boxes, (n, 4)),
        (instances.scores, (n,)),
        (instances.semantic_logits, (19, h, w)),
        (labels.heatmap, (h, w)),
        (labels.offsets, (2, h, w)),
        (logits.semantic, (19, h, w)),
        (scene.semantic_logits(stride, seed=seed, error=error), (19, h, w)),
    ]
    for array, shape in expected:
        assert array.shape == shape
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    assert instances.category_ids.shape == (n,)
    assert instances.category_ids.dtype == np.int32
    assert labels.semantic.shape == (h, w)
    assert labels.semantic.dtype == np.int32
    assert ((labels.semantic >= 0) & (labels.semantic < 19)).all()
    assert ((instances.masks > 0) & (instances.masks < 1)).all()
    assert ((instances.scores > 0) & (instances.scores <= 1)).all()
    assert (instances.boxes[:, 2:] > instances.boxes[:, :2]).all()
    for out in (queries, instances, labels, logits):
        assert out.size == size
        assert out.padded_size == (h * stride, w * stride)


@pytest.mark.parametrize("size", [SMALL, (1, 1)])
def test_seeded(size: tuple[int, int]) -> None:
    one, again = street(size, seed=2), street(size, seed=2)
    for make in (Scene.queries, Scene.instances, Scene.centers):
        first, same, other = vars(make(one)), vars(make(again)), vars(make(one, seed=1))
        for name, value in first.items():
            np.testing.assert_array_equal(value, same[name])
        assert any(not np.array_equal(value, other[name]) for name, value in first.items())


def test_same_on_every_platform() -> None:
    scene = street(SMALL, seed=7)
    queries, instances, centers = scene.queries(20), scene.instances(), scene.centers()
    assert digest(queries.mask_logits) == "132539f810d59f9f"
    assert digest(instances.masks) == "381df60e79cb5626"
    assert digest(centers.heatmap) == "12c3d8ee914c6943"
    assert digest(centers.offsets) == "6d22b011f55114ff"


def test_types() -> None:
    scene = street((20, 30))
    assert isinstance(scene.queries(), QueryOutputs)
    assert isinstance(scene.instances(), InstanceOutputs)
    assert isinstance(scene.centers(), CenterOutputs)


@pytest.mark.parametrize(
    ("method", "arguments", "error", "message"),
    [
        ("queries", {"num_queries": 0}, ValueError, "num_queries: expected .* at least 1, got 0"),
        ("queries", {"stride": 0}, ValueError, "stride: expected .* at least 1, got 0"),
        ("queries", {"error": 2}, ValueError, "error: expected a number from 0 to 1, got 2"),
        ("instances", {"mask_size": 2.0}, TypeError, "mask_size: expected an integer, got float"),
        ("instances", {"stride": "4"}, TypeError, "stride: expected an integer, got str"),
        ("centers", {"semantic": "both"}, ValueError, "semantic: expected 'labels' or 'logits'"),
        ("centers", {"seed": -3}, ValueError, "seed: expected .* at least 0, got -3"),
        ("semantic_logits", {"stride": -1}, ValueError, "stride: expected .* at least 1, got -1"),
    ],
)
def test_bad_input(method: str, arguments: dict, error: type[Exception], message: str) -> None:
    scene = street((20, 30))
    with pytest.raises(error, match=message):
        getattr(scene, method)(**arguments)
