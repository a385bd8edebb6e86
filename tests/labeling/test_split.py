"""`split_instances` beside the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf
from tests.reference import labeling as reference


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint16"])
@pytest.mark.parametrize("connectivity", [None, 4])
@pytest.mark.parametrize("min_area", [None, 3])
def test_random_maps(backend: Any, dtype: str, connectivity: Any, min_area: Any) -> None:
    rng = np.random.default_rng(1)
    semantic = np.repeat(rng.choice([0, 1, 2, 17, 200], (20, 30)), 2, 1).astype(dtype)
    for ignore in (None, 0, [0, 17], -5):
        ignored = () if ignore is None else tuple(np.atleast_1d(ignore).tolist())
        expected, categories = reference.split_instances(
            semantic, {1, 17}, ignored, min_area, connectivity
        )
        for threads in (1, 3):
            panoptic = pf.split_instances(
                backend.put(semantic),
                things={1, 17},
                ignore=ignore,
                min_area=min_area,
                connectivity=connectivity,
                threads=threads,
            )
            assert panoptic.ids.dtype == np.int32
            np.testing.assert_array_equal(backend.get(panoptic.ids), expected)
            np.testing.assert_array_equal(panoptic.segments.category_id, categories)
            np.testing.assert_array_equal(panoptic.segments.is_thing, np.isin(categories, [1, 17]))
            if backend.name != "cuda":  # it has no kernels
                panoptic.check()


def test_ranks(backend: Any) -> None:
    for shape in ((40,), (4, 5, 6)):
        semantic = np.random.default_rng(0).integers(0, 3, shape)
        panoptic = pf.split_instances(backend.put(semantic), things={1})
        expected = reference.split_instances(semantic, {1})[0]
        np.testing.assert_array_equal(backend.get(panoptic.ids), expected)
        if backend.name != "cuda":
            panoptic.check()


def test_categories() -> None:
    categories = pf.Categories([3, 8], ["road", "car"], [False, True])
    semantic = np.array([[3, 8, 3, 8]])
    panoptic = pf.split_instances(semantic, things=categories)
    assert panoptic.categories is categories
    assert panoptic.ids.tolist() == [[1, 2, 1, 3]]
    with pytest.raises(ValueError, match="got 4"):
        pf.split_instances(semantic + 1, things=categories)


@pytest.mark.parametrize("shape", [(0,), (0, 5), (3, 0, 4)])
def test_empty(backend: Any, shape: tuple[int, ...]) -> None:
    panoptic = pf.split_instances(backend.put(np.zeros(shape, np.uint8)), things={1})
    assert panoptic.ids.shape == shape
    assert len(panoptic.segments.id) == 0


def test_nothing_is_left(backend: Any) -> None:
    semantic = np.random.default_rng(0).integers(0, 3, (20, 30))
    panoptic = pf.split_instances(backend.put(semantic), things={0, 1, 2}, min_area=1000)
    assert not backend.get(panoptic.ids).any()
    assert len(panoptic.segments.id) == 0


def test_bad_categories(backend: Any) -> None:
    for semantic, text in (
        (np.array([[1, 1, -1]]), "flat index 2"),
        (np.array([[1, 1, 1, 1, -7, 2, -1]] * 3), "flat index 4"),
        (np.array([2**31, 1], np.uint32), "flat index 0"),
    ):
        with pytest.raises(ValueError, match=text):
            pf.split_instances(backend.put(semantic), things={1})


def test_bad_input() -> None:
    with pytest.raises(TypeError, match="semantic"):
        pf.split_instances(np.zeros((2, 2)), things={1})
    with pytest.raises(ValueError, match="axes"):
        pf.split_instances(np.zeros((2, 2, 2, 2), int), things={1})
    with pytest.raises(ValueError, match="min_area"):
        pf.split_instances(np.zeros((2, 2), int), things={1}, min_area=-1)
