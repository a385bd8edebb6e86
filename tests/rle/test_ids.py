"""Maps of ids to runs and back, by definition."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import panfuse as pf
from tests.reference import rle as reference
from tests.rle.masks import encoded, maps, stacks

SETTINGS = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(maps(), st.sampled_from([0, None, 3, -4]), st.sampled_from([1, 3]))
def test_encode_ids(isa: str, ids: np.ndarray, background: int | None, threads: int) -> None:
    rles = pf.rle.encode_ids(ids, background=background, threads=threads)
    want = reference.segments(ids.astype(np.int64), background)
    assert list(rles) == want == rles.to_list() == [rles[i] for i in range(len(rles))]
    assert rles.ids.tolist() == [segment["id"] for segment in want]
    assert rles.areas.tolist() == [segment["area"] for segment in want]
    assert rles.bboxes.tolist() == [segment["bbox"] for segment in want]
    painted, report = pf.rle.decode_ids(rles, size=ids.shape)
    np.testing.assert_array_equal(painted, np.where(ids == background, 0, ids.astype(np.int64)))
    assert (report.pixels, report.pairs.pixels.tolist()) == (0, [])


def test_batch() -> None:
    ids = np.random.default_rng(0).integers(0, 5, (7, 20, 30))
    for threads in (1, 4):
        batch = pf.rle.encode_ids(ids, batched=True, threads=threads)
        assert batch == [pf.rle.encode_ids(one) for one in ids]
    assert pf.rle.encode_ids(ids[:0], batched=True) == []


def test_many_threads_on_a_large_map() -> None:
    ids = np.arange(700)[:, None] // 9 * 100 + np.arange(900) // 7
    want = pf.rle.encode_ids(ids, threads=1)
    for threads in (2, 5, 16):
        assert pf.rle.encode_ids(ids, threads=threads) == want
        assert pf.rle.encode_ids(np.asfortranarray(ids), threads=threads) == want


def test_bools_of_any_byte() -> None:
    ids = np.array([[0, 1], [2, 255]], np.uint8).view(bool)
    assert pf.rle.encode_ids(ids).to_list() == reference.segments(np.array([[0, 1], [1, 1]]), 0)


def test_ids_of_others() -> None:
    torch = pytest.importorskip("torch")
    ids = np.array([[1, 1, 2], [0, 2, 2]], np.int32)
    assert pf.rle.encode_ids(torch.from_numpy(ids)) == pf.rle.encode_ids(ids)
    assert pf.rle.encode(torch.from_numpy(ids)) == pf.rle.encode(ids)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (np.array([[1, 2**31]]), r"ids: expected ids that fit int32, got 2147483648 at \(0, 1\)"),
        (np.array([[1], [-(2**31) - 1]]), r"got -2147483649 at \(1, 0\)"),
        (np.array([[2**64 - 1]], np.uint64), "got 18446744073709551615"),
        (np.array([[2**32 - 1]], np.uint32), "got 4294967295"),
        (np.zeros(3, int), "ids: expected 2 axes, got 1"),
        (np.zeros((2, 3, 4), int), "ids: expected 2 axes, got 3"),
        (np.broadcast_to(np.uint8(0), (2**16, 2**16)), "fewer than 2"),
    ],
)
def test_bad_maps(ids: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        pf.rle.encode_ids(ids)


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="ids"):
        pf.rle.encode_ids(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="background"):
        pf.rle.encode_ids(np.zeros((2, 2), int), background=2**31)
    rles = pf.rle.encode_ids(np.array([[1, 2]]))
    for change, words in (
        ({"ids": [1]}, "ids: expected an id for each of 2 masks, got 1"),
        ({"ids": [1, 2**31]}, "ids: expected ids that fit int32"),
        ({"order": [0, 0]}, "order: expected each of 0 to 1 once"),
        ({"order": [0, 2]}, "order: expected each of 0 to 1 once"),
        ({"order": [0]}, "order: expected each of 0 to 1 once"),
        ({"size": (2, 2)}, "rles: expected the size 2 x 2, got 1 x 2"),
    ):
        with pytest.raises(ValueError, match=words):
            pf.rle.decode_ids(rles, **change)
    with pytest.raises(TypeError, match="order: expected integers"):
        pf.rle.decode_ids(rles, order=[0.0, 1.0])
    with pytest.raises(ValueError, match="size: expected one"):
        pf.rle.decode_ids([])


@SETTINGS
@given(stacks(0, 5), st.randoms())
def test_decode_ids(stack: np.ndarray, random: Any) -> None:
    rles, size = encoded(stack), stack.shape[1:]
    order = random.sample(range(len(stack)), len(stack))
    ids = [random.randrange(-9, 2**31) for _ in stack]
    painted, report = pf.rle.decode_ids(rles, ids, size=size, order=order)
    want = np.zeros(size, np.int64)
    for i in order:
        want[stack[i] != 0] = ids[i]
    np.testing.assert_array_equal(painted, want)
    assert (painted.dtype, painted.flags.c_contiguous) == (np.int32, True)
    assert report.pixels == np.count_nonzero(stack.sum(0) > 1)
    if len(stack):
        shared = np.triu(reference.shared(list(stack), list(stack)), 1)
        np.testing.assert_array_equal(np.nonzero(shared), (report.pairs.a, report.pairs.b))
        np.testing.assert_array_equal(shared[np.nonzero(shared)], report.pairs.pixels)
        default = pf.rle.decode_ids(rles)[0]
        named = [{"id": i + 1, **rle} for i, rle in enumerate(rles)]
        np.testing.assert_array_equal(pf.rle.decode_ids(named)[0], default)


def test_list() -> None:
    ids = np.arange(30).reshape(5, 6) // 4
    rles = pf.rle.encode_ids(ids, text=True)
    assert json.loads(json.dumps(rles.to_list())) == list(rles)
    assert list(rles[2:6:2]) == list(rles)[2:6:2]
    assert rles[::-1][::-1] == rles != rles[1:]
    assert len(rles[7:]) == 0
    assert rles[-1] == list(rles)[-1]
    assert rles.__eq__(3) is NotImplemented
    again = pickle.loads(pickle.dumps(rles))
    assert again == rles
    assert list(again) == list(rles)
    with pytest.raises(IndexError):
        rles[7]
    with pytest.raises(ValueError, match="read-only"):
        rles.areas[0] = 1
    np.testing.assert_array_equal(pf.rle.area(rles), rles.areas)
    np.testing.assert_array_equal(pf.rle.toBbox(rles), rles.bboxes)
    np.testing.assert_array_equal(pf.rle.iou(rles, rles), np.eye(7))


def test_panoptic() -> None:
    ids = np.array([[4, 4, 0], [9, 4, 9]], np.int32)
    panoptic = pf.Panoptic(ids, pf.Segments([4, 9], [1, 2], [True, False]))
    rles = panoptic.rles()
    assert rles == pf.rle.encode_ids(ids)
    assert pf.Panoptic.from_rles(rles, panoptic.segments) == panoptic
    assert pf.Panoptic.from_rles(rles.to_list(), panoptic.segments) == panoptic
    full = pf.rle.encode(np.ones((2, 3)))
    over = pf.Panoptic.from_rles([full, rles[1]], panoptic.segments, order=[1, 0])
    assert over.segments.area.tolist() == [6, 0]
    with pytest.raises(ValueError, match="pixel id 9 has no segment"):
        pf.Panoptic(ids, panoptic.segments[:1]).rles()
    with pytest.raises(ValueError, match="for each of 1 segments, got 2"):
        pf.Panoptic.from_rles(rles, panoptic.segments[:1])
    with pytest.raises(ValueError, match=r"rles\[0\]: expected the id 4 of its segment, got 9"):
        pf.Panoptic.from_rles(rles[::-1], panoptic.segments)
    with pytest.raises(TypeError, match="segments"):
        pf.Panoptic.from_rles(rles, None)
