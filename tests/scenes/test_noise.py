"""The arithmetic below the scenes."""

from __future__ import annotations

import numpy as np
import pytest

from panfuse.scenes.label_maps import coverage, fill_void
from panfuse.scenes.noise import exp, fractal_noise, logistic, smooth_noise, symmetric_noise


def test_exp_is_within_two_ulp() -> None:
    x = np.concatenate([np.linspace(-700, 700, 200_001), np.linspace(-1e-3, 1e-3, 101)])
    expected = np.exp(x.astype(np.longdouble)).astype(np.float64)
    assert (np.abs(exp(x) - expected) <= 2 * np.spacing(expected)).all()
    assert exp(np.zeros(1))[0] == 1


def test_exp_clips() -> None:
    np.testing.assert_array_equal(exp(np.array([-1e9, 1e9])), exp(np.array([-700.0, 700.0])))


def test_logistic() -> None:
    x = np.linspace(-30, 30, 1001, dtype=np.float32)
    result = logistic(x)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, 1 / (1 + np.exp(-x.astype(np.float64))), rtol=1e-7)


@pytest.mark.parametrize("cell", [0.2, 1.0, 3.7, 500.0])
def test_smooth_noise(cell: float) -> None:
    field = smooth_noise(np.random.default_rng(0), (40, 60), cell)
    assert field.shape == (40, 60)
    assert field.dtype == np.float32
    assert np.abs(field).max() <= 1
    if cell > 3:
        assert np.abs(np.diff(field, axis=1)).max() < 3.2 / cell
        assert np.abs(np.diff(field, axis=0)).max() < 3.2 / cell


def test_fractal_noise_has_detail() -> None:
    smooth, rough = (
        fractal_noise(np.random.default_rng(0), (64, 64), 32, octaves) for octaves in (1, 5)
    )
    assert np.abs(rough).max() <= 1
    assert np.abs(np.diff(rough)).mean() > 2 * np.abs(np.diff(smooth)).mean()


def test_symmetric_noise() -> None:
    sample = symmetric_noise(np.random.default_rng(0), (400, 400))
    assert sample.dtype == np.float32
    assert abs(sample.mean()) < 0.01
    assert abs(sample.std() - 1) < 0.01
    assert np.abs(sample).max() <= 3


def test_coverage_counts_cells() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, (10, 7)).astype(np.int32)
    parts = coverage(labels, 3, 4)
    padded = np.pad(labels, ((0, 2), (0, 1)), mode="edge")
    for label in range(1, 4):
        for i in range(3):
            for j in range(2):
                cell = padded[4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
                assert parts[label - 1, i, j] == np.mean(cell == label)


def test_fill_void() -> None:
    labels = np.array([[0, 0, 0], [0, 5, 0], [2, 0, 3], [0, 0, 0]], np.int32)
    expected = np.array([[5, 5, 5], [5, 5, 5], [2, 2, 3], [2, 2, 3]], np.int32)
    np.testing.assert_array_equal(fill_void(labels), expected)
    np.testing.assert_array_equal(fill_void(np.zeros((2, 2), np.int32)), np.zeros((2, 2)))
