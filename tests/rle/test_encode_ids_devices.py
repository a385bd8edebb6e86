"""`encode_ids` on every backend, against one mask for each id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import panfuse as pf

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Kernels

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "turned": lambda maps: np.ascontiguousarray(maps[:, ::-1, ::-1])[:, ::-1, ::-1],
    "spread": lambda maps: np.repeat(np.repeat(maps, 2, 1), 3, 2)[:, ::2, ::3],
    "repeated": lambda maps: np.broadcast_to(maps[:, :1], maps.shape),
}


def dicts(ids: np.ndarray, background: int | None) -> list[dict[str, Any]]:
    """The items of an `RleList`, from one mask at a time."""
    items = []
    for value in np.unique(ids).tolist():
        if value == background:
            continue
        mask = ids == value
        y, x = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        box = [x[0], y[0], x[-1] - x[0] + 1, y[-1] - y[0] + 1]
        steps = np.flatnonzero(np.diff(mask.ravel("F"), prepend=False))
        counts = np.diff([0, *steps, mask.size]).tolist()
        items.append(
            {
                "id": int(value),
                "size": list(ids.shape),
                "counts": pf.rle.merge([{"size": list(ids.shape), "counts": counts}])["counts"],
                "area": int(mask.sum()),
                "bbox": [int(side) for side in box],
            }
        )
    return items


@st.composite
def batches(draw: st.DrawFn) -> tuple[np.ndarray, int | None]:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.tuples(st.integers(0, 3), st.integers(0, 15), st.integers(0, 70)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    few = [0, 1] if dtype.kind == "b" else [0, 1, 2, 3, 100, 127]
    if dtype.kind == "i":
        few += [-1, -100]
    if dtype.itemsize >= 4:
        few += [2**31 - 1, 2**24 + 5] + ([-(2**31)] if dtype.kind == "i" else [])
    values = rng.choice(np.array(few, np.int64), draw(st.integers(1, 6)))
    maps = rng.choice(values, shape)
    length = draw(st.integers(1, 6))
    maps = np.repeat(maps, length, axis=draw(st.sampled_from([1, 2])))[:, : shape[1], : shape[2]]
    layout = LAYOUTS[draw(st.sampled_from(list(LAYOUTS)))]
    return layout(maps.astype(dtype)), draw(st.sampled_from([0, None, 2, -1, 300]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=batches())
def test_equal_to_one_mask_for_each_id(
    backend: Kernels, case: tuple[np.ndarray, int | None]
) -> None:
    maps, background = case
    found = pf.rle.encode_ids(backend.put(maps), background=background, batched=True)
    assert len(found) == len(maps)
    for one, ids in zip(found, maps, strict=True):
        assert one.to_list() == dicts(ids, background)
        assert (one.ids.dtype, one.areas.dtype) == (np.int32, np.int64)
        assert one.bboxes.dtype == np.int32


def test_unaligned_ids(backend: Kernels) -> None:
    ids = np.repeat(np.random.default_rng(0).integers(-2, 3, (9, 12)), 5, 1).astype(np.int32)
    memory = np.zeros(ids.nbytes + 1, np.uint8)
    memory[1:] = np.frombuffer(ids.tobytes(), np.uint8)
    unaligned = memory[1:].view(np.int32).reshape(ids.shape)
    given = backend.put(unaligned)
    assert pf.rle.encode_ids(given).to_list() == dicts(ids, 0)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("uint32", 2**31), ("int64", -(2**31) - 1), ("int64", 2**62), ("uint64", 2**64 - 1)],
)
def test_ids_beyond_int32(backend: Kernels, dtype: str, value: int) -> None:
    ids = np.ones((2, 40, 50), dtype)
    ids[1, 33, 7] = value
    ids[1, 2, 40] = value - 1 if value > 2**31 else value
    with pytest.raises(
        ValueError, match=rf"ids: expected ids that fit int32, got {value} at \(33, 7\)"
    ):
        pf.rle.encode_ids(backend.put(ids), batched=True)


def test_more_segments_than_are_expected(backend: Kernels) -> None:
    """Every pixel a segment: their rows come to the host in a second copy."""
    ids = np.random.default_rng(2).permutation(60 * 70).astype(np.int32).reshape(60, 70) - 100
    found = pf.rle.encode_ids(backend.put(ids), background=None)
    assert found.to_list() == pf.rle.encode_ids(ids, background=None).to_list()
    assert found.ids.tolist() == list(range(-100, 4100))
    y, x = (place[np.argsort(ids.ravel())] for place in np.divmod(np.arange(ids.size), 70))
    assert found.bboxes.tolist() == np.stack([x, y, x * 0 + 1, x * 0 + 1], 1).tolist()
    assert (found.areas == 1).all()


def test_wrong_axes(backend: Kernels) -> None:
    for shape, batched in (((3,), False), ((2, 3, 4), False), ((2, 3), True)):
        with pytest.raises(ValueError, match="ids: expected 2 axes"):
            pf.rle.encode_ids(backend.put(np.zeros(shape, np.int32)), batched=batched)
