"""Calls from many threads do not disturb each other, nor the interpreter."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from tests.interop.calls import in_threads
from tests.interop.producers import Producer
from tests.interop.tables import COLUMNS, MATCH_COLUMNS, label_map

CALLERS = 8


def read(result: Any, names: tuple[str, ...]) -> list[list[Any]]:
    return [np.asarray(getattr(result, name)).tolist() for name in names]


def hammer(pairs: list[tuple[Any, Any]], threads: int, rounds: int) -> None:
    """Let each caller count its maps again and again; all answers are those of a quiet run."""
    quiet = []
    for gt, pred in pairs:
        table = pf.contingency(gt, pred, threads=1)
        quiet.append((read(table, COLUMNS), read(pf.match(table), MATCH_COLUMNS)))

    def caller(index: int) -> Any:
        def call() -> None:
            for _ in range(rounds):
                table = pf.contingency(*pairs[index], threads=threads)
                matches = pf.match(table)
                assert (read(table, COLUMNS), read(matches, MATCH_COLUMNS)) == quiet[index]

        return call

    in_threads(*(caller(index) for index in range(len(pairs))))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_different_maps(dtype: str, threads: int) -> None:
    pairs = [
        (label_map(i, (60, 700 + i), dtype, 20), label_map(90 + i, (60, 700 + i), dtype, 30))
        for i in range(CALLERS)
    ]
    hammer(pairs, threads, rounds=15)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_one_and_the_same_read_only_map(dtype: str, threads: int) -> None:
    gt, pred = label_map(1, (60, 700), dtype, 20), label_map(2, (60, 700), dtype, 30)
    gt.flags.writeable = pred.flags.writeable = False
    hammer([(gt, pred)] * CALLERS, threads, rounds=15)


def test_one_and_the_same_producer() -> None:
    gt, pred = Producer(label_map(1)), Producer(label_map(2))
    hammer([(gt, pred)] * CALLERS, threads=2, rounds=30)


def test_one_and_the_same_tensor() -> None:
    torch = pytest.importorskip("torch")
    gt, pred = (torch.from_numpy(label_map(i, (60, 700))) for i in (1, 2))
    hammer([(gt, pred)] * CALLERS, threads=2, rounds=15)


def test_one_and_the_same_jax_array() -> None:
    """The switch for wide integers is each thread's own."""
    jnp = pytest.importorskip("jax.numpy")
    gt, pred = (jnp.asarray(label_map(i, (60, 700))) for i in (1, 2))
    hammer([(gt, pred)] * CALLERS, threads=2, rounds=10)


def test_errors_in_many_threads() -> None:
    ids, floats = label_map(1), np.zeros((7, 40))

    def call() -> None:
        for _ in range(200):
            with pytest.raises(TypeError, match="pred: expected integers or bool, got float64"):
                pf.contingency(ids, floats)

    in_threads(*[call] * CALLERS)


def long_call(threads: int) -> tuple[float, float]:
    """Count 64 Mpx of noise, by a row that is repeated; return begin and end."""
    rng = np.random.default_rng(0)
    shape = (16384, 4096)
    gt, pred = (np.broadcast_to(rng.integers(0, 200, 4096, dtype=dtype), shape) for dtype in "hl")
    begin = time.perf_counter()
    table = pf.contingency(gt, pred, threads=threads)
    end = time.perf_counter()
    assert table.counts.sum() == 16384 * 4096
    return begin, end


@pytest.mark.parametrize("threads", [1, 3])
def test_other_threads_go_on_meanwhile(threads: int) -> None:
    """If the call kept the GIL, no other thread would get a word in before its end."""
    ticks: list[float] = []
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.001):
            ticks.append(time.perf_counter())

    other = threading.Thread(target=tick)
    other.start()
    try:
        begin, end = long_call(threads)
    finally:
        over.set()
        other.join()
    quarter = (end - begin) / 4
    assert end - begin > 0.02, "too short a call to tell"
    assert any(begin + quarter < at < end - quarter for at in ticks)
