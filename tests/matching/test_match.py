"""`match` equals taking candidate pairs one by one, the best first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from tests.reference import matching as reference

COLUMNS = tuple(pf.Matches.__slots__)


def assert_matches(matches: pf.Matches, expected: dict[str, np.ndarray], get: Any = None) -> None:
    for name in COLUMNS:
        column = getattr(matches, name)
        column = column if get is None else get(column)
        assert column.dtype == expected[name].dtype, name
        np.testing.assert_array_equal(column, expected[name], err_msg=name)


def crowded_maps(seed: int, dtype: str = "int32") -> tuple[np.ndarray, np.ndarray]:
    """Few pixels and many ids, so that IoUs tie and segments compete."""
    rng = np.random.default_rng(seed)
    n, ids = int(rng.integers(1, 120)), int(rng.integers(1, 12))
    gt = np.sort(rng.integers(0, ids, n)).astype(dtype)
    pred = np.where(rng.random(n) < 0.3, rng.integers(0, ids, n), gt).astype(dtype)
    return gt, pred


@settings(max_examples=200)
@given(
    seed=st.integers(0, 2**32),
    threshold=st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 0.6, 0.75, 0.99]),
    ignore_void=st.booleans(),
)
def test_any_threshold(seed: int, threshold: float, ignore_void: bool) -> None:
    gt, pred = crowded_maps(seed)
    matches = pf.match(pf.contingency(gt, pred), iou_threshold=threshold, ignore_void=ignore_void)
    expected = reference.match(reference.contingency(gt, pred), threshold, ignore_void)
    assert_matches(matches, expected)


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5])
def test_kernels(backend: Any, threshold: float) -> None:
    for seed in range(12):
        gt, pred = crowded_maps(seed, ["uint8", "int16", "uint64"][seed % 3])
        table = pf.contingency(backend.put(gt), backend.put(pred))
        for ignore_void in (True, False):
            matches = pf.match(table, iou_threshold=threshold, ignore_void=ignore_void)
            expected = reference.match(reference.contingency(gt, pred), threshold, ignore_void)
            assert_matches(matches, expected, backend.get)


def test_exactly_half_is_no_match(backend: Any) -> None:
    gt = np.array([1, 1, 0, 0, 2, 2, 2])
    pred = np.array([5, 0, 0, 0, 6, 6, 0])
    table = pf.contingency(backend.put(gt), backend.put(pred))
    matches = pf.match(table)
    assert matches.pairs == [(2, 6)]
    assert backend.get(matches.unmatched_gt).tolist() == [1]
    assert backend.get(matches.unmatched_pred).tolist() == [5]
    assert backend.get(matches.iou).tolist() == [2 / 3]


def test_void_of_gt_counts_for_no_union(backend: Any) -> None:
    gt = np.array([1, 1, 0, 0, 0, 0])
    pred = np.array([3, 3, 3, 3, 3, 3])
    table = pf.contingency(backend.put(gt), backend.put(pred))
    assert backend.get(pf.match(table).iou).tolist() == [1.0]
    assert pf.match(table, ignore_void=False).pairs == []


def test_ties_go_to_the_smaller_ids(backend: Any) -> None:
    gt = np.array([1, 1, 2, 2])
    pred = np.array([9, 8, 9, 8])
    table = pf.contingency(backend.put(gt), backend.put(pred))
    assert pf.match(table, iou_threshold=0.2).pairs == [(1, 8), (2, 9)]


def test_a_chain_of_better_neighbours(backend: Any) -> None:
    """Each pair loses to the next: only one can be decided at a time."""
    n = 40
    gt = np.repeat(np.arange(1, n + 1), 2 * n)
    pred = np.concatenate([np.repeat([i, i + 1], [n - i, n + i]) for i in range(1, n + 1)])
    table = pf.contingency(backend.put(gt), backend.put(pred))
    matches = pf.match(table, iou_threshold=0.0)
    assert_matches(matches, reference.match(reference.contingency(gt, pred), 0.0), backend.get)


@pytest.mark.parametrize("shape", [(0,), (3,)])
def test_nothing_to_match(backend: Any, shape: tuple[int, ...]) -> None:
    void = np.zeros(shape, dtype=np.uint8)
    matches = pf.match(pf.contingency(backend.put(void), backend.put(void)))
    assert len(matches) == 0
    assert matches.pairs == []
    assert backend.get(matches.unmatched_gt).shape == (0,)


def test_real_nuclei(backend: Any, data: Any) -> None:
    from tests.matching.test_contingency import packed, read_png_ids

    for path in sorted((data / "dsb2018" / "panoptic" / "gt").glob("*.png"))[:12]:
        gt, pred = read_png_ids(path), read_png_ids(path.parents[1] / "pred" / path.name)
        table = pf.contingency(backend.put(gt), backend.put(pred))
        expected = reference.match(packed(gt, pred))
        assert_matches(pf.match(table), expected, backend.get)


@pytest.mark.parametrize("threshold", [-0.1, 1.0, 2, float("nan"), float("inf")])
def test_threshold_out_of_range(threshold: float) -> None:
    table = pf.contingency(np.ones(3, int), np.ones(3, int))
    with pytest.raises(ValueError, match="iou_threshold"):
        pf.match(table, iou_threshold=threshold)


def test_threshold_of_a_wrong_type() -> None:
    table = pf.contingency(np.ones(3, int), np.ones(3, int))
    with pytest.raises(TypeError, match="iou_threshold"):
        pf.match(table, iou_threshold="half")  # type: ignore[arg-type]


def test_not_a_contingency() -> None:
    with pytest.raises(TypeError, match="contingency"):
        pf.match((1, 2))  # type: ignore[arg-type]


def doctored(**columns: Any) -> pf.Contingency:
    """A sound table with some columns exchanged."""
    table = pf.contingency(np.array([1, 1, 2]), np.array([3, 3, 4]))
    values = {name: getattr(table, name) for name in pf.Contingency.__slots__}
    return pf.Contingency(**{**values, **columns})


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"gt_ids": np.array([1])}, ValueError, "pred_ids"),
        ({"counts": np.array([2])}, ValueError, "counts"),
        ({"counts": np.array([2, 1], np.int32)}, TypeError, "counts"),
        ({"counts": np.array([2.0, 1.0])}, TypeError, "counts"),
        ({"counts": np.array([[2, 1]])}, ValueError, "counts"),
        ({"gt_areas": np.array([2])}, ValueError, "gt_areas"),
        ({"gt_labels": np.array([1, 2], np.int16)}, TypeError, "gt_labels"),
        ({"gt_labels": np.array([2, 1])}, ValueError, "gt_labels"),
        ({"gt_labels": np.array([1, 7])}, ValueError, "gt_labels"),
        ({"pred_labels": np.array([3, 3])}, ValueError, "pred_labels"),
        ({"pred_labels": [3, 4]}, TypeError, "pred_labels"),
        ({"gt_ids": np.array([2, 1])}, ValueError, "gt_ids.*out of order"),
        ({"counts": np.array([2, 0])}, ValueError, "counts"),
        ({"counts": np.array([9, 1])}, ValueError, "counts"),
        (
            {"gt_areas": np.full(2, 2**63 - 1), "pred_areas": np.full(2, 2**63 - 1)},
            ValueError,
            "counts",
        ),
        ({"counts": np.array([2, -1])}, ValueError, "counts"),
    ],
)
def test_tables_that_no_map_gives(
    backend: Any, columns: dict[str, Any], error: type, message: str
) -> None:
    if backend.name == "cuda":
        pytest.skip("made of NumPy arrays")
    with pytest.raises(error, match=message):
        pf.match(doctored(**columns))


def test_repr() -> None:
    table = pf.contingency(np.array([1, 1, 2]), np.array([3, 3, 4]))
    assert repr(table) == "Contingency(2 pairs of 2 gt ids and 2 pred ids)"
    assert repr(pf.match(table)) == "Matches(2 pairs, 0 gt and 0 pred segments unmatched)"
