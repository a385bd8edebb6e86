"""Contingency tables and matches, compared with what NumPy says of the same maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import panfuse as pf

if TYPE_CHECKING:
    from collections.abc import Callable

DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
COLUMNS = tuple(pf.Contingency.__slots__)
MATCH_COLUMNS = tuple(pf.Matches.__slots__)


def label_map(
    seed: int, shape: tuple[int, ...] = (7, 40), dtype: str = "int32", ids: int = 5
) -> np.ndarray:
    """A map of runs over a few ids; bool has two."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.random(int(np.prod(shape))) < 0.2)
    return (steps * 7 % (2 if dtype == "bool" else ids)).reshape(shape).astype(dtype)


def label_maps(shape: tuple[int, ...] = (7, 40), dtype: str = "int32") -> list[np.ndarray]:
    """Two different ones."""
    return [label_map(seed, shape, dtype) for seed in (1, 2)]


def expected_columns(gt: np.ndarray, pred: np.ndarray) -> dict[str, np.ndarray]:
    """Count pairs by np.unique."""
    gt_labels, g, gt_areas = np.unique(gt, return_inverse=True, return_counts=True)
    pred_labels, p, pred_areas = np.unique(pred, return_inverse=True, return_counts=True)
    keys = g.ravel() * max(len(pred_labels), 1) + p.ravel()
    pairs, counts = np.unique(keys.astype(np.int64), return_counts=True)
    return {
        "gt_ids": gt_labels[pairs // max(len(pred_labels), 1)],
        "pred_ids": pred_labels[pairs % max(len(pred_labels), 1)],
        "counts": counts.astype(np.int64),
        "gt_labels": gt_labels,
        "gt_areas": gt_areas.astype(np.int64),
        "pred_labels": pred_labels,
        "pred_areas": pred_areas.astype(np.int64),
    }


def assert_counts(
    table: pf.Contingency,
    gt: np.ndarray,
    pred: np.ndarray,
    get: Callable[[Any], np.ndarray] = np.asarray,
) -> None:
    """Check a table, read column by column with `get`, against the maps."""
    for name, values in expected_columns(gt, pred).items():
        column = get(getattr(table, name))
        assert column.dtype == values.dtype, name
        np.testing.assert_array_equal(column, values, err_msg=name)


def assert_matches(
    matches: pf.Matches,
    gt: np.ndarray,
    pred: np.ndarray,
    get: Callable[[Any], np.ndarray] = np.asarray,
) -> None:
    """Check matches against those of the same maps as NumPy arrays."""
    expected = pf.match(pf.contingency(gt, pred))
    for name in MATCH_COLUMNS:
        values, column = getattr(expected, name), get(getattr(matches, name))
        assert column.dtype == values.dtype, name
        np.testing.assert_array_equal(column, values, err_msg=name)
