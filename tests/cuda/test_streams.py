"""On a GPU: work is ordered by the caller's current stream, and memory is the caller's library's.

The streams here are non-blocking, and one is kept busy for far longer than a call takes, so that
work on a wrong stream either runs ahead of its inputs or comes after its results are read.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.cuda.libraries import LIBRARIES, OnlyAnAddress
from tests.matching.test_contingency import assert_table, packed
from tests.matching.test_match import assert_matches
from tests.reference import matching as reference

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = pf.backends()["cuda"]
pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not STATE.available, reason=STATE.detail)]

BATCH = 3


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Iterator[Any]:
    one = LIBRARIES[request.param]()
    yield one
    one.synchronize()


def host_maps(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Void appears in neither, so that maps that are not filled yet give another table."""
    rng = np.random.default_rng(seed)
    gt = np.repeat(rng.integers(1, 9, (BATCH, 60, 8)), 20, axis=2).astype(np.int32)
    return gt, np.where(rng.random(gt.shape) < 0.05, 3, gt)


def call_and_read(library: Any, gt: Any, pred: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Count and match, and read the results, all in the current stream."""
    results = []
    tables = pf.contingency(gt, pred, batched=True)
    for table in [*tables, pf.contingency(gt[0], pred[0])]:
        matches = pf.match(table)
        results.append(
            tuple(
                {name: library.get(getattr(record, name)) for name in type(record).__slots__}
                for record in (table, matches)
            )
        )
    return results


def warm_up(library: Any, maps: tuple[Any, Any]) -> None:
    """Load what is loaded at first use, and fill the current stream's pool: both make streams wait.

    The maps are equal, and stay what they are.
    """
    library.fill(*maps)
    call_and_read(library, *maps)


def assert_results(results: list[Any], gt: np.ndarray, pred: np.ndarray) -> None:
    assert len(results) == len(gt) + 1
    for (table, matches), one_gt, one_pred in zip(
        results, [*gt, gt[0]], [*pred, pred[0]], strict=True
    ):
        expected = packed(one_gt, one_pred)
        assert_table(pf.Contingency(**table), expected)
        assert_matches(pf.Matches(**matches), reference.match(expected))


def test_work_comes_after_what_the_stream_holds(library: Any) -> None:
    gt, pred = host_maps()
    sources = library.put(gt), library.put(pred)
    maps = library.put(np.zeros_like(gt)), library.put(np.zeros_like(pred))
    side = library.stream()
    library.synchronize()
    with library.using(side):
        warm_up(library, maps)
        library.delay()
        for target, source in zip(maps, sources, strict=True):
            library.fill(target, source)
        filled = library.mark()
        assert not library.reached(filled)
        results = call_and_read(library, *maps)
    assert_results(results, gt, pred)


def test_another_stream_runs_ahead(library: Any) -> None:
    """What the test above would see if the kernels ran in the default stream."""
    gt, pred = host_maps()
    sources = library.put(gt), library.put(pred)
    maps = library.put(np.zeros_like(gt)), library.put(np.zeros_like(pred))
    side = library.stream()
    warm_up(library, maps)
    library.synchronize()
    with library.using(side):
        library.delay()
        for target, source in zip(maps, sources, strict=True):
            library.fill(target, source)
        filled = library.mark()
    results = call_and_read(library, *maps)
    assert not library.reached(filled)
    assert_results(results, np.zeros_like(gt), np.zeros_like(pred))


def test_nothing_waits_for_the_default_stream(library: Any) -> None:
    """If the columns were written there, they would be read before that."""
    gt, pred = host_maps()
    side = library.stream()
    maps = library.put(gt), library.put(pred)
    library.synchronize()
    with library.using(side):
        assert_results(call_and_read(library, *maps), gt, pred)
    library.delay()
    held = library.mark()
    with library.using(side):
        results = call_and_read(library, *maps)
    assert not library.reached(held)
    assert_results(results, gt, pred)


def test_the_default_stream(library: Any) -> None:
    gt, pred = host_maps(1)
    sources = library.put(gt), library.put(pred)
    maps = library.put(np.zeros_like(gt)), library.put(np.zeros_like(pred))
    library.delay()
    for target, source in zip(maps, sources, strict=True):
        library.fill(target, source)
    assert_results(call_and_read(library, *maps), gt, pred)


def test_scratch_is_reused_in_order(library: Any) -> None:
    """Calls follow each other without a wait, each in memory that the last one gave back."""
    side = library.stream()
    library.synchronize()
    with library.using(side):
        for seed in range(20):
            gt, pred = host_maps(seed)
            tables = pf.contingency(library.put(gt), library.put(pred), batched=True)
            matches = [pf.match(table) for table in tables]
            for one, one_gt, one_pred in zip(matches, gt, pred, strict=True):
                expected = reference.match(packed(one_gt, one_pred))
                assert_matches(one, expected, library.get)


def test_results_are_the_librarys_own_arrays(library: Any) -> None:
    maps = [library.put(array) for array in host_maps()]
    (table, *_), single = pf.contingency(*maps, batched=True), pf.contingency(*maps)
    for record in (table, single, pf.match(single)):
        for name in type(record).__slots__:
            column = getattr(record, name)
            assert library.owns(column)
            assert library.device_of(column) == library.device_of(maps[0])


def test_memory_is_cupys_pools() -> None:
    library = LIBRARIES["cupy"]()
    cupy = library.module
    maps = [library.put(array) for array in host_maps()]
    pool = cupy.cuda.MemoryPool()
    with cupy.cuda.using_allocator(pool.malloc):
        table = pf.contingency(*maps)
        matches = pf.match(table)
    columns = [getattr(record, n) for record in (table, matches) for n in type(record).__slots__]
    assert 0 < sum(column.nbytes for column in columns) <= pool.used_bytes()
    assert pool.total_bytes() > pool.used_bytes()  # where the scratch was
    library.synchronize()
    del table, matches, columns
    assert pool.used_bytes() == 0


def test_memory_is_torchs_pools() -> None:
    if os.environ.get("PYTORCH_NO_CUDA_MEMORY_CACHING"):
        pytest.skip("torch does not count uncached memory")
    library = LIBRARIES["torch"]()
    cuda = library.module.cuda
    maps = [library.put(array) for array in host_maps()]
    before, requests = cuda.memory_allocated(), cuda.memory_stats()["allocation.all.allocated"]
    table = pf.contingency(*maps)
    matches = pf.match(table)
    columns = [getattr(record, n) for record in (table, matches) for n in type(record).__slots__]
    used = sum(column.nbytes for column in columns)
    assert used <= cuda.memory_allocated() - before <= used + 512 * len(columns)
    # Beside the columns, one piece for counting and one for matching.
    filled = sum(column.nbytes > 0 for column in columns)
    assert cuda.memory_stats()["allocation.all.allocated"] - requests == filled + 2
    library.synchronize()
    del table, matches, columns
    assert cuda.memory_allocated() == before


def test_the_current_device_stays(library: Any) -> None:
    gt, pred = host_maps()
    before = library.current_device()
    for index in range(library.device_count()):
        with library.on_device(index):
            maps = library.put(gt), library.put(pred)
        assert library.current_device() == before
        results = pf.contingency(*maps, batched=True)
        assert library.current_device() == before
        assert library.device_of(results[0].counts) == index
        assert_table(results[0], packed(gt[0], pred[0]), library.get)
        pf.match(results[0])
        assert library.current_device() == before


@pytest.mark.parametrize("named", ["side", "default"])
def test_memory_with_only_an_address(
    library: Any, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream in CUDA's array interface is waited for, whatever the caller's own."""
    if library.name == "torch":
        monkeypatch.setitem(sys.modules, "cupy", None)
    gt, pred = (array[0] for array in host_maps())
    sources = library.put(gt), library.put(pred)
    maps = library.put(np.zeros_like(gt)), library.put(np.zeros_like(pred))
    fills, calls = library.stream(), library.stream()
    legacy_default = 1
    stream = library.handle(fills) if named == "side" else legacy_default

    def lent() -> list[OnlyAnAddress]:
        return [
            OnlyAnAddress(x, library.address(x), x_host.dtype.str, stream)
            for x, x_host in zip(maps, (gt, pred), strict=True)
        ]

    def fill() -> Any:
        library.delay()
        for target, source in zip(maps, sources, strict=True):
            library.fill(target, source)
        return library.mark()

    with library.using(calls):
        library.fill(*maps)
        pf.contingency(*lent())
    library.synchronize()
    if named == "side":
        with library.using(fills):
            filled = fill()
    else:
        filled = fill()
    assert not library.reached(filled)
    with library.using(calls):
        table = pf.contingency(*lent())
        assert library.idle(calls)  # since the memory's owner knows of nothing
        assert library.owns(table.counts)
        assert_table(table, packed(gt, pred), library.get)


def test_a_table_of_addresses_is_complete_on_return(library: Any) -> None:
    """`match` reads its columns to the end, so their memory may not be reused before."""
    if library.name == "torch":
        pytest.skip("torch's own path is the same")
    gt, pred = (array[0] for array in host_maps())
    table = pf.contingency(library.put(gt), library.put(pred))
    columns = {name: getattr(table, name) for name in pf.Contingency.__slots__}
    side = library.stream()
    library.synchronize()
    with library.using(side):
        matches = pf.match(
            pf.Contingency(
                **{
                    name: OnlyAnAddress(x, library.address(x), x.dtype.str, None)
                    for name, x in columns.items()
                }
            )
        )
        assert library.idle(side)
        assert_matches(matches, reference.match(packed(gt, pred)), library.get)
