"""Memory is read until a call is over, and not held for longer."""

from __future__ import annotations

import array
import gc
import mmap
import sys
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.interop.calls import in_threads
from tests.interop.producers import Producer, alive
from tests.interop.tables import assert_counts, expected_columns, label_map, label_maps

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = (2000, 3000)


@pytest.fixture(scope="module")
def large() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Two maps that are counted for some milliseconds, and the answer."""
    gt, pred = label_map(1, LARGE, "int32", ids=50), label_map(2, LARGE, "int64", ids=60)
    return gt, pred, expected_columns(gt, pred)


def assert_columns(table: pf.Contingency, expected: dict[str, np.ndarray]) -> None:
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(table, name), values, err_msg=name)


class GivenAway(Producer):
    """Memory that its consumer alone keeps: it is unmapped when it is given back.

    Whoever reads it too late ends the process.
    """

    def __init__(self, values: np.ndarray, **options: Any) -> None:
        self._pages = mmap.mmap(-1, values.nbytes)
        memory = np.frombuffer(self._pages, values.dtype, values.size).reshape(values.shape)
        memory[...] = values
        super().__init__(memory, on_delete=self._unmap, **options)

    def __dlpack__(self, **arguments: Any) -> Any:
        capsule = super().__dlpack__(**arguments)
        del self._array
        return capsule

    def _unmap(self) -> None:
        self._count()
        self._pages.close()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("versioned", [True, False])
def test_memory_is_there_until_the_call_is_over(large: Any, versioned: bool, threads: int) -> None:
    gt, pred, expected = large
    lent = [GivenAway(x, versioned=versioned) for x in (gt, pred)]
    assert_columns(pf.contingency(*lent, threads=threads), expected)
    assert [producer.deleted for producer in lent] == [1, 1]


def test_memory_is_there_until_a_match_is_over() -> None:
    gt, pred = label_map(1, LARGE, ids=3000), label_map(2, LARGE, ids=3000)
    table = pf.contingency(gt, pred)
    lent = [GivenAway(getattr(table, name)) for name in pf.Contingency.__slots__]
    matches, expected = pf.match(pf.Contingency(*lent)), pf.match(table)
    for name in pf.Matches.__slots__:
        np.testing.assert_array_equal(getattr(matches, name), getattr(expected, name))
    assert {producer.deleted for producer in lent} == {1}


def test_memory_that_goes_many_times() -> None:
    gt, pred = label_maps()
    expected = expected_columns(gt, pred)
    before = alive()

    def call() -> None:
        for _ in range(200):
            lent = GivenAway(gt), GivenAway(pred, versioned=False)
            assert_columns(pf.contingency(*lent, threads=2), expected)
            assert [producer.deleted for producer in lent] == [1, 1]

    in_threads(call, call)
    assert alive() == before


@pytest.mark.parametrize("threads", [1, 3])
def test_the_last_reference_goes_during_the_call(large: Any, threads: int) -> None:
    """The call is then the only one that holds the maps, while another thread frees its own."""
    gt, pred, expected = large
    held = [gt.copy(), pred.copy()]
    ghosts = [weakref.ref(x) for x in held]
    arguments = list(held)

    def call() -> pf.Contingency:
        return pf.contingency(arguments.pop(0), arguments.pop(0), threads=threads)

    def let_go() -> None:
        while arguments:
            pass
        held.clear()
        for _ in range(20):
            np.full(gt.shape, 77, gt.dtype)

    assert_columns(in_threads(call, let_go)[0], expected)
    gc.collect()
    assert [ghost() for ghost in ghosts] == [None, None]


class Interrupting(Producer):
    """A producer that does something else when it is asked for its memory, in mid-call."""

    def __init__(self, values: np.ndarray, act: Callable[[], None]) -> None:
        super().__init__(values)
        self._act = act

    def __dlpack__(self, **arguments: Any) -> Any:
        self._act()
        return super().__dlpack__(**arguments)


@pytest.mark.parametrize("kind", [bytearray, partial(array.array, "B")], ids=["bytes", "array"])
def test_a_buffer_cannot_be_resized_during_the_call(kind: Any) -> None:
    gt, pred = (x.ravel() for x in label_maps(dtype="uint8"))
    buffer = kind(gt.tobytes())
    refused: list[str] = []

    def resize() -> None:
        try:
            buffer.append(0)
        except BufferError as error:
            refused.append(str(error))

    assert_counts(pf.contingency(buffer, Interrupting(pred, resize)), gt, pred)
    assert len(refused) == 1
    resize()
    assert len(refused) == 1
    assert len(buffer) == gt.size + 1


def test_a_numpy_array_cannot_be_resized_during_the_call() -> None:
    gt, pred = label_maps()
    own = gt.copy()

    def resize() -> None:
        with pytest.raises(ValueError, match="resize"):
            own.resize((1000, 1000))

    assert_counts(pf.contingency(own, Interrupting(pred, resize)), gt, pred)


def test_a_call_within_a_call() -> None:
    gt, pred = label_maps()

    def call() -> None:
        assert_counts(pf.contingency(pred, gt), pred, gt)

    assert_counts(pf.contingency(gt, Interrupting(pred, call)), gt, pred)


def references(make: Callable[[], Any], call: Callable[[Any], Any]) -> int:
    """How many references to an argument 50 calls leave behind."""
    argument = make()
    before = sys.getrefcount(argument)
    for _ in range(50):
        call(argument)
    return sys.getrefcount(argument) - before


def call_in_vain(argument: Any) -> None:
    with pytest.raises(ValueError, match="one shape"):
        pf.contingency(argument, np.zeros((3, 3, 3), dtype=np.uint8))


ARGUMENTS: dict[str, Callable[[], Any]] = {
    "NumPy": lambda: label_map(1),
    "buffer": lambda: bytearray(b"abcabc"),
    "DLPack": lambda: Producer(label_map(1)),
    "torch": lambda: pytest.importorskip("torch").from_numpy(label_map(1)),
    "JAX": lambda: pytest.importorskip("jax.numpy").asarray(label_map(1)),
}


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_no_references_are_left_behind(kind: str) -> None:
    make = ARGUMENTS[kind]
    assert references(make, lambda x: pf.match(pf.contingency(x, x))) == 0
    assert references(make, call_in_vain) == 0
    assert references(make, lambda x: pf.contingency(x, x, ignore=[1, 2], batched=True)) == 0


def test_results_own_their_memory() -> None:
    table = pf.contingency(*label_maps())
    for result in (table, pf.match(table)):
        for name in type(result).__slots__:
            assert getattr(result, name).flags.owndata
            assert getattr(result, name).flags.writeable
