"""`label` equals the flood fill of the reference, whatever the array and the kernels."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from tests.labeling.images import CONNECTIVITIES, DTYPES, corners, images, layouts
from tests.labeling.kernels import kernel_names, label, using
from tests.reference import labeling as reference

BACKGROUNDS = st.sampled_from([0, None, 1, 255, 7, -1, 0.1, float("nan"), 2**64 - 1, -0.0])


def assert_labels(result: tuple[Any, Any], expected: tuple[np.ndarray, int]) -> None:
    assert result[1] == expected[1]
    np.testing.assert_array_equal(result[0], expected[0])


@settings(max_examples=400)
@given(st.data())
def test_any_image(data: st.DataObject) -> None:
    image = data.draw(images())
    connectivity = data.draw(st.sampled_from(CONNECTIVITIES[image.ndim]))
    background, binary = data.draw(BACKGROUNDS), data.draw(st.booleans())
    expected = reference.label(image, connectivity, background, binary)
    before = image.copy()
    dtype = data.draw(st.sampled_from([None, np.int32, "uint16", np.dtype("uint32"), "int64"]))
    threads = data.draw(st.integers(1, 8))
    for name in kernel_names():
        with using(name):
            result = pf.label(
                image,
                connectivity=connectivity,
                background=background,
                binary=binary,
                dtype=dtype,
                threads=threads,
            )
        assert result[0].dtype == (dtype or np.int32)
        assert_labels(result, expected)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_kernels_on_corner_values(backend: Any, dtype: str, rank: int) -> None:
    rng = np.random.default_rng(3)
    image = rng.choice(np.array(corners(dtype), dtype), (3, 5, 37)[-rank:])
    for background in (0, None):
        result = label(backend, image, background=background)
        assert_labels(result, reference.label(image, background=background))


def test_every_layout(backend: Any) -> None:
    rng = np.random.default_rng(4)
    for dtype in DTYPES:
        image = rng.choice(np.array(corners(dtype), dtype), (4, 9, 70))
        expected = reference.label(image, 18)
        for laid_out in layouts(image):
            assert_labels(label(backend, laid_out, connectivity=18, threads=2), expected)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "bool"])
def test_batches(backend: Any, dtype: str) -> None:
    rng = np.random.default_rng(2)
    batch = rng.integers(0, 3, (7, 9, 40)).astype(dtype)
    for given_batch in layouts(batch):
        for threads in (1, 2, 3, 8):
            labels, counts = label(
                backend, given_batch, batched=True, connectivity=4, threads=threads
            )
            for item, image in enumerate(batch):
                assert_labels((labels[item], counts[item]), reference.label(image, 4))


@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (3, 0, 4), (1, 1), (1, 300), (300, 1)])
def test_small_and_empty(backend: Any, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(1).integers(0, 2, shape, dtype=np.uint8)
    for threads in (1, 3):
        assert_labels(label(backend, image, threads=threads), reference.label(image))


def test_odd_batches(backend: Any) -> None:
    labels, counts = label(backend, np.zeros((0, 4, 4), np.uint8), batched=True)
    assert (labels.shape, counts) == ((0, 4, 4), [])
    labels, counts = label(backend, np.ones((3, 0, 4), np.uint8), batched=True)
    assert (labels.shape, counts) == ((3, 0, 4), [0, 0, 0])


def adversarial() -> dict[str, tuple[np.ndarray, int, int]]:
    """Image, connectivity, count: what has broken somebody's labelling."""
    snake = np.zeros((33, 65), np.uint8)
    snake[::2] = 1
    snake[1::4, -1] = snake[3::4, 0] = 1
    comb = np.zeros((64, 129), np.uint8)
    comb[:, ::2] = 1
    comb[-1] = 1
    spiral = np.zeros((65, 65), np.uint8)
    for ring in range(0, 32, 2):
        spiral[ring : 65 - ring, [ring, 64 - ring]] = 1
        spiral[[ring, 64 - ring], ring : 65 - ring] = 1
        spiral[ring + 1, ring] = 0
        spiral[ring + 1 : ring + 3, ring + 1] = 1
    lattice = np.zeros((32, 32, 32), bool)  # body-centred: 18-connected to nobody
    lattice[::2, ::2, ::2] = lattice[1::2, 1::2, 1::2] = True
    grid2 = np.zeros((40, 131), np.uint8)
    grid2[::2, ::2] = 1
    grid3 = np.zeros((9, 10, 67), np.uint8)
    grid3[::2, ::2, ::2] = 1
    checker = (np.indices((8, 9, 70)).sum(0) % 2).astype(np.uint8)
    diagonal = np.eye(130, dtype=np.uint8)
    return {
        "snake": (snake, 4, 1),
        "snake 8": (snake, 8, 1),
        "comb": (comb, 4, 1),
        "spiral": (spiral, 4, 1 + 0),
        "BCC lattice": (lattice, 18, 8192),
        "BCC lattice 26": (lattice, 26, 1),
        "grid 8": (grid2, 8, 20 * 66),
        "grid 26": (grid3, 26, 5 * 5 * 34),
        "checkerboard 6": (checker, 6, 8 * 9 * 35),
        "checkerboard 18": (checker, 18, 1),
        "diagonal 4": (diagonal, 4, 130),
        "diagonal 8": (diagonal, 8, 1),
        "anti-diagonal 8": (diagonal[:, ::-1], 8, 1),
        "full": (np.ones((37, 129), np.uint8), 4, 1),
    }


@pytest.mark.parametrize("name", list(adversarial()))
def test_adversarial(backend: Any, name: str) -> None:
    image, connectivity, count = adversarial()[name]
    expected = reference.label(image, connectivity)
    if name != "spiral":
        assert expected[1] == count
    for as_binary in (False, True):
        for threads in (1, 2, 5, 8):
            result = label(
                backend, image, connectivity=connectivity, binary=as_binary, threads=threads
            )
            assert_labels(result, expected)


@pytest.mark.parametrize("at", [0, 1, 62, 63, 64, 65, 127, 128])
def test_single_pixels(backend: Any, at: int) -> None:
    image = np.zeros((3, 129), np.uint16)
    image[1, at] = 65535
    labels, count = label(backend, image)
    assert count == 1
    assert labels[1, at] == 1
    assert np.count_nonzero(labels) == 1


@cache
def noise_with_labels(height: int) -> list[tuple[np.ndarray, int, tuple[np.ndarray, int]]]:
    """Images, connectivities and the reference's labels."""
    rng = np.random.default_rng(height)
    found = []
    for width in (4, 87):
        for shape in ((height, width), (height, 3, width)):
            for density in (0.3, 0.5, 0.7):
                image = (rng.random(shape) < density).astype(np.uint8)
                found += [
                    (image, connectivity, reference.label(image, connectivity))
                    for connectivity in range(1, len(shape) + 1)
                ]
    return found


@pytest.mark.parametrize("height", [1, 2, 7, 8 * 4 + 8, 31])
def test_threads_and_seams(backend: Any, height: int) -> None:
    for image, connectivity, expected in noise_with_labels(height):
        for threads in range(1, 9) if backend.name == "cpu" else (1, 2):
            assert_labels(
                label(backend, image, connectivity=connectivity, threads=threads), expected
            )


def test_nonzero_bools_are_one(backend: Any) -> None:
    image = np.array([[0, 1, 2, 255, 0, 7]], np.uint8).view(bool)
    np.testing.assert_array_equal(label(backend, image)[0], [[0, 1, 1, 1, 0, 2]])
    np.testing.assert_array_equal(label(backend, image, background=None)[0], [[1, 2, 2, 2, 3, 4]])
    np.testing.assert_array_equal(label(backend, image, background=True)[0], [[1, 0, 0, 0, 2, 0]])


def test_idempotent(backend: Any) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 3, (200, 300))
    labels, count = label(backend, image, connectivity=4)
    again, again_count = label(backend, labels, connectivity=4)
    assert again_count == count
    np.testing.assert_array_equal(labels, again)
    firsts = np.unique(labels, return_index=True)[1][1:]
    assert (np.diff(firsts) > 0).all()


def test_output(backend: Any) -> None:
    image = np.random.default_rng(0).integers(0, 3, (20, 70))
    expected = label(backend, image)[0]
    for dtype in (np.int32, np.uint16, np.uint32, np.int64):
        out = backend.put(np.full(image.shape, 77, dtype))
        assert pf.label(backend.put(image), out=out)[0] is out
        np.testing.assert_array_equal(backend.get(out), expected)
