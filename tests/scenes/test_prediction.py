"""Predictions for generated streets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse.scenes import Scene, street
from tests.scenes.test_street import SMALL, check, digest
from tests.scenes.textbook import panoptic_quality


@pytest.fixture(scope="module")
def scene() -> Scene:
    return street((480, 640), seed=0)


def test_without_error_is_the_ground_truth(scene: Scene) -> None:
    prediction = scene.prediction(error=0)
    np.testing.assert_array_equal(prediction.ids, scene.panoptic.ids)
    np.testing.assert_array_equal(
        prediction.segments.category_id, scene.panoptic.segments.category_id
    )
    assert not prediction.segments.is_crowd.any()
    quality = panoptic_quality(scene.panoptic, prediction)
    assert quality.pq == 1
    assert quality.ignored == np.count_nonzero(scene.panoptic.segments.is_crowd)


@pytest.mark.parametrize("seed", range(4))
def test_every_case_occurs(seed: int) -> None:
    """True and false positives, misses, void on either side, and what crowds excuse."""
    scene = street((480, 640), seed=seed)
    prediction = scene.prediction(seed=seed)
    check(prediction)
    quality = panoptic_quality(scene.panoptic, prediction)
    assert 0.3 < quality.pq < 0.85
    assert quality.tp >= 15
    assert quality.fp >= 3
    assert quality.fn >= 3
    assert quality.ignored >= 1
    assert (prediction.ids[scene.panoptic.ids == 0] > 0).any()
    assert (scene.panoptic.ids[prediction.ids == 0] > 0).any()


def test_scores(scene: Scene) -> None:
    score = scene.prediction().segments.score
    assert score.dtype == np.float32
    assert ((score > 0.3) & (score <= 1)).all()
    assert len(np.unique(score)) > 10


def test_more_error_is_worse(scene: Scene) -> None:
    qualities = [
        panoptic_quality(scene.panoptic, scene.prediction(error=error)).pq
        for error in (0.0, 0.15, 0.5, 1.0)
    ]
    assert qualities == sorted(qualities, reverse=True)
    assert qualities[-1] < 0.5 * qualities[0]


def test_seeds(scene: Scene) -> None:
    first, again, other = (scene.prediction(seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_same_on_every_platform() -> None:
    assert digest(street(SMALL, seed=7).prediction(error=0.5).ids) == "12c00dfcc8052ea5"


def test_ground_truth_is_not_modified(scene: Scene) -> None:
    before = scene.panoptic.ids.copy()
    scene.prediction(error=1)
    np.testing.assert_array_equal(scene.panoptic.ids, before)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 99), st.floats(0, 1))
def test_any_size(height: int, width: int, seed: int, error: float) -> None:
    check(street((height, width), seed=seed).prediction(seed=seed, error=error))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seed": -1}, ValueError, "seed: expected an integer of at least 0, got -1"),
        ({"seed": 0.5}, TypeError, "seed: expected an integer, got float"),
        ({"error": 1.5}, ValueError, "error: expected a number from 0 to 1, got 1.5"),
        ({"error": float("nan")}, ValueError, "error: expected a number from 0 to 1, got nan"),
        ({"error": "much"}, TypeError, "error: expected a number, got str"),
        ({"error": None}, TypeError, "error: expected a number, got NoneType"),
    ],
)
def test_bad_input(scene: Scene, arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        scene.prediction(**arguments)
