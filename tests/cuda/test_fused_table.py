"""Tables of fused maps: what a device leaves in memory is what the host reads, when it is asked."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import _arrays, _fusion_result
from panfuse._fusion_table import Table
from tests.cuda.test_launches import cost, emulated

CAPACITY, DECIDED, RANK = 5, 3, 2


def filled(count: int, fault: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The bytes of a table as fusion::TableLayout lays it out, and its columns."""
    rng = np.random.default_rng(0)
    columns = {
        "area": rng.integers(1, 9, CAPACITY, np.int64),
        "original": rng.integers(1, 2**40, CAPACITY, np.int64),
        "category_id": rng.integers(0, 99, CAPACITY, np.int32),
        "source_index": np.arange(CAPACITY, dtype=np.int32),
        "score": rng.random(CAPACITY, np.float32),
        "bbox": rng.integers(0, 9, (CAPACITY, 2 * RANK), np.int32),
        "is_thing": rng.integers(0, 2, CAPACITY, np.uint8),
        "is_crowd": np.zeros(CAPACITY, np.uint8),
        "decisions": np.array([0, 2, 1], np.uint8),
    }
    head = np.array([fault], np.uint64).tobytes() + np.array([count], np.int64).tobytes()
    body = head + b"".join(column.tobytes() for column in columns.values())
    return np.frombuffer(body + bytes(-len(body) % 16), np.uint8).copy(), columns


def pending(memory: np.ndarray, **options: Any) -> pf.Panoptic:
    library, (ids,) = _arrays.take(ids=np.zeros((2, 3), np.int32))
    table = Table(emulated, library, (memory, CAPACITY, DECIDED, RANK))
    return _fusion_result.pending(library, ids, (2, 3), table, **options)


def test_rows_are_read_once_and_anew_after_a_replay() -> None:
    memory, columns = filled(2)
    panoptic = pending(memory)
    assert cost(lambda: (panoptic.table.count, panoptic.table.bbox)) == (0, 0)
    assert cost(lambda: panoptic.segments)[1] == 1
    assert cost(lambda: (panoptic.segments, panoptic.decisions))[1] == 0
    rows = panoptic.segments
    for name, column in columns.items():
        if name not in ("original", "decisions"):
            np.testing.assert_array_equal(getattr(rows, name), column[:2])
        np.testing.assert_array_equal(getattr(panoptic.table, name), column)
    assert panoptic.decisions.names() == ["kept", "empty", "score"]
    panoptic.table.count[0] = 3
    assert len(panoptic.segments) == 2
    panoptic.refresh()
    assert len(panoptic.segments) == 3
    assert pickle.loads(pickle.dumps(panoptic)) == panoptic


def test_a_map_of_the_project_waits_for_the_rows() -> None:
    memory, columns = filled(2)
    panoptic = pending(memory, original=(7, "int64"))
    panoptic.ids[0] = [0, 1, 2]
    expected = np.array([7, *columns["original"][:2]])
    np.testing.assert_array_equal(panoptic.to_original()[0], expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(panoptic)).to_original()[0], expected)
    late = pending(memory, original=lambda rows: (len(rows.area), "int32"))
    assert late.to_original().dtype == np.int32
    assert late.to_original()[0, 0] == 2


def test_faults_are_told_when_rows_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    word = (255 - 1) << 56 | (2**56 - 1 - 9)  # room for 9 was needed
    memory, _ = filled(0, word)
    panoptic = pending(memory)
    for read in (lambda: panoptic.segments, lambda: panoptic.decisions, panoptic.check):
        with pytest.raises(OverflowError, match="room for 9 segments, got 5"):
            read()
    monkeypatch.setenv("PANFUSE_SYNC", "1")
    with pytest.raises(OverflowError, match="max_segments"):
        pending(memory)


def test_bytes_that_are_no_table_are_refused() -> None:
    memory, _ = filled(2)
    for wrong in (memory[:-16], memory.view(np.int32), memory[::2]):
        with pytest.raises(ValueError, match="table"):
            emulated.read_table(wrong, CAPACITY, DECIDED, RANK, None)
