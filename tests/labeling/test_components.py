"""`components` describes and filters as the reference does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from panfuse import _cpu
from tests.labeling.images import CONNECTIVITIES, images
from tests.labeling.kernels import kernel_names, using
from tests.reference import labeling as reference

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = ("value", "area", "start", "stop", "bbox", "centroid", "first", "touches_border")


def assert_components(
    found: Any, expected: dict[str, np.ndarray], get: Callable[[Any], np.ndarray] = np.asarray
) -> None:
    assert found.count == len(expected["area"])
    np.testing.assert_array_equal(get(found.labels), expected["labels"])
    for name in COLUMNS:
        column = get(getattr(found, name))
        assert column.dtype == expected[name].dtype, name
        np.testing.assert_array_equal(column, expected[name], err_msg=name)


SMALL = st.none() | st.integers(0, 6)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "min_area": SMALL,
        "max_area": st.none() | st.integers(3, 60),
        "keep_largest": st.none() | st.integers(0, 4),
        "per_value": st.booleans(),
        "clear_border": st.booleans(),
        "fill_holes": SMALL,
        "reassign": st.sampled_from(["background", "neighbor"]),
    },
)


@settings(max_examples=300)
@given(st.data())
def test_any_image(data: st.DataObject) -> None:
    image = data.draw(images())
    given_ = {
        "connectivity": data.draw(st.sampled_from(CONNECTIVITIES[image.ndim])),
        "background": data.draw(st.sampled_from([0, None, 1])),
        "binary": data.draw(st.booleans()),
        **data.draw(FILTERS),
    }
    expected = reference.components(image, **given_)
    threads = data.draw(st.integers(2, 8))
    assert_components(pf.components(image, threads=threads, **given_), expected)
    for name in {_cpu.isa_current(), *kernel_names()[-1:]}:
        with using(name):
            assert_components(pf.components(image, threads=1, **given_), expected)


def pictures() -> dict[str, np.ndarray]:
    """Rings in rings, islands in holes, holes between two values."""
    rings = np.zeros((24, 70), np.uint8)
    for n in range(0, 10, 2):
        rings[1 + n : 23 - n, 1 + n : 69 - n] = 1 + n // 2
        rings[2 + n : 22 - n, 2 + n : 68 - n] = 0
    rings[11, 30] = 9
    shared = np.full((9, 12), 3, np.uint8)
    shared[:, 6:] = 4
    shared[3:5, 5:7] = 0
    shared[6, 2] = shared[6, 9] = shared[0, 1] = 0
    dust = np.kron(np.arange(12).reshape(3, 4) + 1, np.ones((5, 6), int)).astype(np.int32)
    dust[2, 3] = dust[7, 5:8] = dust[5, 12] = 77
    volume = np.ones((5, 6, 7), np.uint8)
    volume[2, 2:4, 3] = volume[1, 1, 1] = volume[0, 3, 3] = 0
    return {"rings": rings, "shared": shared, "dust": dust, "volume": volume}


@pytest.mark.parametrize("name", list(pictures()))
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"fill_holes": 4},
        {"fill_holes": 10_000},
        {"fill_holes": 10_000, "min_area": 20},
        {"min_area": 5, "reassign": "neighbor"},
        {"max_area": 29, "reassign": "neighbor", "fill_holes": 3},
        {"keep_largest": 2},
        {"keep_largest": 1, "per_value": True},
        {"keep_largest": 3, "clear_border": True},
        {"keep_largest": 0, "reassign": "neighbor"},
    ],
    ids=str,
)
def test_filters(backend: Any, name: str, filters: dict[str, Any]) -> None:
    image = pictures()[name]
    for connectivity in range(1, image.ndim + 1):
        for binary in (False, True):
            given_ = {"connectivity": connectivity, "binary": binary, **filters}
            expected = reference.components(image, **given_)
            for threads in (1, 3):
                found = pf.components(backend.put(image), threads=threads, **given_)
                assert_components(found, expected, backend.get)


def test_batches(backend: Any) -> None:
    rng = np.random.default_rng(5)
    batch = rng.integers(0, 3, (5, 12, 66)).astype(np.float32)
    batch[2] = 0
    for threads in (1, 4):
        found = pf.components(
            backend.put(batch), batched=True, min_area=3, connectivity=4, threads=threads
        )
        assert len(found) == 5
        for image, one in zip(batch, found, strict=True):
            assert_components(one, reference.components(image, 4, min_area=3), backend.get)
    assert pf.components(backend.put(batch[:0]), batched=True) == []


def test_views() -> None:
    image = np.array([[5, 5, 0, 2], [0, 5, 0, 2], [0, 0, 0, 2]])
    found = pf.components(image)
    assert found.slices() == [(slice(0, 2), slice(0, 2)), (slice(0, 3), slice(3, 4))]
    np.testing.assert_array_equal(found.masks()[0], [[True, True], [False, True]])
    assert [mask.shape for mask in found.masks()] == [(2, 2), (3, 1)]
    record = found.to_dict()
    assert list(record) == list(COLUMNS)
    assert record["value"] == [5, 2]
    assert record["bbox"] == [[0, 0, 2, 2], [3, 0, 1, 3]]
    assert record["touches_border"] == [True, True]
    assert len(found) == 2
    assert repr(found) == "Components(2 in 3x4)"


def test_many_of_one_batch(backend: Any) -> None:
    """Largest by value and neighbours are looked for in each image by itself."""
    rng = np.random.default_rng(8)
    batch = np.repeat(rng.integers(-1, 3, (6, 11, 25)), 2, 2).astype(np.float64)
    batch[rng.random(batch.shape) < 0.1] = -0.0
    batch[1] = np.nan
    for given_ in (
        {"keep_largest": 2, "per_value": True},
        {"keep_largest": 3, "reassign": "neighbor", "fill_holes": 4},
        {"clear_border": True, "reassign": "neighbor"},
        {"min_area": 4, "max_area": 30, "reassign": "neighbor", "background": None},
    ):
        found = pf.components(backend.put(batch), batched=True, connectivity=4, **given_)
        for image, one in zip(batch, found, strict=True):
            assert_components(one, reference.components(image, 4, **given_), backend.get)


@pytest.mark.parametrize("shape", [(0,), (0, 5), (3, 0, 4)])
def test_empty(backend: Any, shape: tuple[int, ...]) -> None:
    found = pf.components(backend.put(np.zeros(shape, np.uint8)), min_area=2, fill_holes=3)
    assert found.count == 0
    assert found.labels.shape == shape
    assert found.start.shape == (0, len(shape))
    assert found.bbox.shape == (0, 2 * len(shape))
    assert found.masks() == []
