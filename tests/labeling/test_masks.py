"""Holes, specks and logits of masks, beside the reference."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from panfuse import _cpu
from tests.labeling.images import images, layouts
from tests.labeling.kernels import kernel_names, using
from tests.reference import labeling as reference


@settings(max_examples=150)
@given(st.data())
def test_any_mask(data: st.DataObject) -> None:
    mask = data.draw(images(ranks=(2,)))
    connectivity = data.draw(st.sampled_from([None, 4, 8]))
    area = data.draw(st.integers(0, 9))
    threads = data.draw(st.integers(1, 4))
    clean = np.where(mask == mask, mask, np.zeros((), mask.dtype))  # the reference has no NaN here
    filled = {most: reference.fill_holes(clean, most, connectivity) for most in (None, area)}
    left = reference.remove_small(mask, area, connectivity)
    for name in {_cpu.isa_current(), *kernel_names()[-1:]}:
        with using(name):
            for most, expected in filled.items():
                result = pf.fill_holes(clean, most, connectivity=connectivity, threads=threads)
                np.testing.assert_array_equal(result, expected)
            result = pf.remove_small(mask, area, connectivity=connectivity, threads=threads)
            np.testing.assert_array_equal(result, left)


def random_logits(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=shape).astype(np.float32)
    logits[rng.random(shape) < 0.1] = 0.0
    logits[rng.random(shape) < 0.1] = -0.0
    logits[rng.random(shape) < 0.01] = np.nan
    logits[rng.random(shape) < 0.02] = np.inf
    logits[rng.random(shape) < 0.02] = -np.inf
    return logits


@cache
def logits_with_cleaned(dtype: str, areas: tuple[int, int]) -> list[tuple[np.ndarray, np.ndarray]]:
    found = []
    for shape in ((1, 1), (9, 7), (13, 64), (5, 129)):
        for seed in range(4):
            logits = (random_logits(shape, seed) + np.float32(seed - 1.5)).astype(dtype)
            found.append((logits, reference.clean_mask_logits(logits, *areas)))
    return found


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("areas", [(0, 0), (1, 0), (0, 3), (4, 4), (100, 100), (10**6, 10**6)])
def test_logits(backend: Any, dtype: str, areas: tuple[int, int]) -> None:
    for logits, expected in logits_with_cleaned(dtype, areas):
        for laid_out in layouts(logits):
            cleaned = backend.get(pf.clean_mask_logits(backend.put(laid_out), *areas))
            assert cleaned.dtype == dtype
            np.testing.assert_array_equal(cleaned, expected)


def test_batches(backend: Any) -> None:
    logits = random_logits((3, 2, 17, 33)) + 0.5
    expected = np.empty_like(logits)
    for at in np.ndindex(3, 2):
        expected[at] = reference.clean_mask_logits(logits[at], 5, 5)
    for threads in (1, 2, 7):
        cleaned = pf.clean_mask_logits(backend.put(logits), 5, 5, threads=threads)
        np.testing.assert_array_equal(backend.get(cleaned), expected)
    out = backend.put(np.empty_like(logits))
    assert pf.clean_mask_logits(backend.put(logits), 5, 5, out=out) is out
    np.testing.assert_array_equal(backend.get(out), expected)
    masks = logits > 0
    filled = backend.get(pf.fill_holes(backend.put(masks), 4))
    small = backend.get(pf.remove_small(backend.put(masks), 4))
    for at in np.ndindex(3, 2):
        np.testing.assert_array_equal(filled[at], reference.fill_holes(masks[at], 4))
        np.testing.assert_array_equal(small[at], reference.remove_small(masks[at], 4))


def winding() -> dict[str, np.ndarray]:
    """Large parts whose ends are reached only by winding up and down, with specks beside them."""
    comb = np.zeros((24, 300), bool)
    comb[2, 10:200] = True
    for x in range(10, 290, 4):
        comb[3:22, x] = True
        comb[2 if x % 8 == 6 else 21, x : x + 5] = True
    snake = np.zeros((40, 200), bool)
    for turn, y in enumerate(range(1, 39, 2)):
        snake[y, 1:199] = True
        snake[y + 1, 198 if turn % 2 == 0 else 1] = True
    bands = np.zeros((30, 260), bool)
    bands[3:9, 5:180] = bands[14:20, 70:250] = True
    bands[9:14, 170:172] = True
    for mask in (comb, snake, bands):
        mask[26:, ::7] ^= True
        mask[5, 130:133] ^= True
    ring = np.zeros((70, 200), bool)
    ring[3:60, 20:170] = True
    ring[5:50, 30:160] = False
    ring[20:30, 64:128] = True
    ring[22, 70] = ring[60, 171] = ring[2, 19] = False
    return {"comb": comb, "snake": snake, "bands": bands, "ring": ring}


@cache
def expected_parts(name: str) -> list[Any]:
    """Masks, with what is left, filled and cleaned of each."""
    cases = []
    winds = winding()[name]
    for mask, area, connectivity in ((winds, 64, 8), (~winds[::-1, ::-1].copy(), 20, 4)):
        logits = np.where(mask, np.float32(2), np.float32(-3))
        cases.append(
            (
                mask,
                area,
                connectivity,
                reference.remove_small(mask, area, connectivity),
                reference.fill_holes(mask, area, connectivity),
                reference.clean_mask_logits(logits, 64, area),
            )
        )
    return cases


@pytest.mark.parametrize("name", list(winding()))
def test_large_parts(backend: Any, name: str) -> None:
    """Large parts are found without labelling; what they touch is no speck."""
    for mask, area, connectivity, left, filled, cleaned in expected_parts(name):
        given_ = backend.put(mask)
        result = backend.get(pf.remove_small(given_, area, connectivity=connectivity))
        np.testing.assert_array_equal(result, left)
        result = backend.get(pf.fill_holes(given_, area, connectivity=connectivity))
        np.testing.assert_array_equal(result, filled)
        logits = backend.put(np.where(mask, np.float32(2), np.float32(-3)))
        result = backend.get(pf.clean_mask_logits(logits, 64, area))
        np.testing.assert_array_equal(result, cleaned)


@pytest.mark.parametrize("shape", [(0, 0), (0, 4, 4), (3, 0, 4), (3, 4, 0), (1, 1)])
def test_small_and_empty(backend: Any, shape: tuple[int, ...]) -> None:
    logits = np.ones(shape, np.float32)
    for cleaned in (
        pf.clean_mask_logits(backend.put(logits), 3, 0),
        pf.fill_holes(backend.put(logits)),
    ):
        np.testing.assert_array_equal(backend.get(cleaned), logits)


def test_as_scipy(backend: Any) -> None:
    ndimage = pytest.importorskip("scipy.ndimage", reason="scipy is not installed")
    rng = np.random.default_rng(7)
    for density in (0.4, 0.6, 0.8):
        mask = rng.random((90, 130)) < density
        filled = backend.get(pf.fill_holes(backend.put(mask)))
        np.testing.assert_array_equal(filled, ndimage.binary_fill_holes(mask))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: pf.fill_holes(m[0]), ValueError, "masks: expected 2 axes"),
        (lambda m: pf.fill_holes(m, -1), ValueError, "max_area"),
        (lambda m: pf.fill_holes(m, 1.5), TypeError, "max_area"),
        (lambda m: pf.fill_holes(m, connectivity=6), ValueError, "connectivity"),
        (lambda m: pf.fill_holes(m, out=m), ValueError, "out: expected memory"),
        (lambda m: pf.fill_holes(m, out=np.zeros((4, 5), bool)), TypeError, "out"),
        (lambda m: pf.remove_small(m, None), TypeError, "min_area"),
        (lambda m: pf.clean_mask_logits(m, 1, 1), TypeError, "logits: expected floats"),
        (lambda m: pf.clean_mask_logits(m * 1j, 1, 1), TypeError, "logits"),
    ],
)
def test_bad_input(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(np.ones((4, 5), np.uint8))
