"""What the CUDA kernels promise besides their answer; on the emulator, which counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.matching.test_contingency import assert_table, packed
from tests.matching.test_match import assert_matches, crowded_maps
from tests.reference import matching as reference

if TYPE_CHECKING:
    from collections.abc import Callable

emulated = pytest.importorskip(
    "panfuse._cuda_emulated", reason="panfuse was built without PANFUSE_EMULATED=ON"
)


@pytest.fixture(autouse=True)
def _use_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", "emulated")


def cost(call: Callable[[], Any]) -> tuple[int, int]:
    """Launches and waits of one call."""
    launches, waits = emulated.launch_count(), emulated.synchronize_count()
    call()
    return emulated.launch_count() - launches, emulated.synchronize_count() - waits


def natural_maps(items: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    gt = np.repeat(rng.integers(0, 9, (items, 20, 4)), 25, axis=2).astype(np.int32)
    return gt, np.where(rng.random(gt.shape) < 0.02, 3, gt)


def test_a_batch_costs_the_launches_of_one_map() -> None:
    gt, pred = natural_maps(50)
    one = cost(lambda: pf.contingency(gt[0], pred[0]))
    # Sizes come back for the whole batch; only the columns of an item are written item by item.
    counting = cost(lambda: pf.contingency(gt[:1], pred[:1], batched=True))
    batch = cost(lambda: pf.contingency(gt, pred, batched=True))
    assert one == counting
    assert one[1] == batch[1] == 1
    writes = one[0] - (batch[0] - one[0]) // 49
    assert batch[0] - one[0] == 49 * (one[0] - writes)


def test_matching_waits_once() -> None:
    gt, pred = natural_maps(1)
    table = pf.contingency(gt, pred)
    assert cost(lambda: pf.match(table))[1] == 1


def test_the_order_of_threads_does_not_show() -> None:
    rng = np.random.default_rng(1)
    cases = [natural_maps(3), *(crowded_maps(seed) for seed in range(5))]
    cases.append(tuple(rng.integers(0, 2**40, (2, 60, 70))))
    try:
        for seed in range(1, 6):
            emulated.set_seed(seed)
            for gt, pred in cases:
                table = pf.contingency(gt, pred)
                assert_table(table, packed(gt, pred))
                matches = pf.match(table, iou_threshold=0.1)
                assert_matches(matches, reference.match(packed(gt, pred), 0.1))
    finally:
        emulated.set_seed(0)
