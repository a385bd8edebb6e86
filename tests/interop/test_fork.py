"""A process that was forked after or during calls, as DataLoader workers are, goes on working."""

from __future__ import annotations

import os

import pytest

from tests.interop.calls import run_program

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

# From Python 3.12 on, a fork warns where other threads run. One test here forks just then; before
# the other one forks, panfuse's threads are over, and NumPy's are kept from starting.
PROGRAM = """
import multiprocessing, signal, threading, warnings
import numpy as np
import panfuse as pf

signal.alarm(60)
rng = np.random.default_rng(0)
gt = np.repeat(rng.integers(0, 99, (600, 300), dtype=np.int32), 8, axis=1)
pred = np.roll(gt, 3, axis=1)


def answer(threads):
    table = pf.contingency(gt, pred, threads=threads)
    matches = pf.match(table)
    return [c.tolist() for c in (table.gt_ids, table.pred_ids, table.counts, matches.gt_ids)]


def work():
    signal.alarm(20)
    assert answer(2) == expected


def fork(workers):
    children = [context.Process(target=work) for _ in range(workers)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * workers


expected = answer(4)
context = multiprocessing.get_context("fork")
"""

AFTER = """
fork(3)
assert answer(4) == expected
fork(1)
"""

DURING = """
warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
over = threading.Event()


def hammer():
    while not over.is_set():
        assert answer(3) == expected


others = [threading.Thread(target=hammer) for _ in range(2)]
for other in others:
    other.start()
try:
    for _ in range(5):
        fork(2)
finally:
    over.set()
    for other in others:
        other.join()
"""


@pytest.mark.parametrize("moment", [AFTER, DURING], ids=["after", "during"])
def test_a_forked_process_counts_with_threads(moment: str) -> None:
    done = run_program(PROGRAM + moment, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


LOADER = """
import numpy as np, torch, panfuse as pf


class Maps(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        ids = torch.full((1500, 1500), index, dtype=torch.int32)
        return pf.contingency(ids, ids, threads=2).counts


if __name__ == "__main__":
    pf.contingency(*[np.zeros((1500, 1500), np.int32)] * 2, threads=4)
    loader = torch.utils.data.DataLoader(Maps(), num_workers=2, multiprocessing_context="fork")
    assert [int(counts) for counts in loader] == [1500 * 1500] * 6
"""


def test_a_data_loader() -> None:
    pytest.importorskip("torch")
    done = run_program(LOADER, options=("-W", "ignore:.*fork:DeprecationWarning"))
    assert done.returncode == 0, done.stderr
