"""Ids that stay with their objects from map to map."""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import panfuse as pf
from tests.reference import fusion_stitch as reference

if TYPE_CHECKING:
    from tests.conftest import Kernels


def panoptic(ids: np.ndarray, seed: int = 0, stuff: bool = True) -> pf.Panoptic:
    """Segments of a few categories: 1 and 2 of things, 3 of stuff, and crowds of 2."""
    rng = np.random.default_rng(seed)
    found = [id_ for id_ in np.unique(ids).tolist() if id_]
    categories = rng.integers(1, 4 if stuff else 3, len(found))
    is_thing = categories < 3
    crowd = (categories == 2) & (rng.random(len(found)) < 0.3) & stuff
    return pf.Panoptic(
        np.asarray(ids), pf.Segments(found, categories, is_thing, is_crowd=crowd), decisions="kept"
    )


def counted(one: pf.Panoptic) -> dict[int, int]:
    rows = one.segments
    return {
        int(rows.id[k]): int(rows.category_id[k])
        for k in range(len(rows))
        if rows.is_thing[k] and not rows.is_crowd[k]
    }


def name_of(result: pf.Panoptic, current: pf.Panoptic) -> dict[int, int]:
    """The new id of each old one; checks that pixels and rows agree, and that nothing is lost."""
    pairs = set(zip(current.ids.ravel().tolist(), result.ids.ravel().tolist(), strict=True))
    names = dict(pairs)
    assert len(names) == len(pairs) == len(set(names.values()))
    assert names.get(0, 0) == 0
    result.check()
    for old, new in names.items():
        if old:
            a, b = (
                one.segments[one.segments.id == id_] for one, id_ in ((current, old), (result, new))
            )
            assert a.replace(id=[1]) == b.replace(id=[1])
    return {old: new for old, new in names.items() if old}


maps = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 6, (2, 4, 7)).astype(np.int32)
)


@settings(max_examples=150)
@given(ids=maps, seed=st.integers(0, 99), last=st.booleans(), least=st.sampled_from([0, 0.2, 0.5]))
def test_as_defined(ids: np.ndarray, seed: int, last: bool, least: float) -> None:
    previous, current = panoptic(ids[0], seed), panoptic(ids[1] * 3, seed + 1)
    result = pf.stitch(previous, current, min_iou=least, preset="vip_deeplab" if last else None)
    names = name_of(result, current)
    found = reference.ious(ids[0], ids[1] * 3, (counted(previous), counted(current)))
    partners = reference.mutual_best({p: i for p, i in found.items() if i >= least}, last=last)
    things = {old: new for old, new in names.items() if old in counted(current)}
    known = set(previous.segments.id.tolist())
    assert {old: new for old, new in things.items() if new in known} == partners
    fresh = [names[old] for old in sorted(names) if names[old] not in known]
    start = max(known, default=0) + 1
    assert fresh == list(range(start, start + len(fresh)))


@settings(max_examples=60)
@given(ids=maps)
def test_the_greatest_sum(ids: np.ndarray) -> None:
    pytest.importorskip("scipy", reason="SciPy is not installed")
    previous, current = (panoptic(one, stuff=False) for one in ids)
    names = name_of(pf.stitch(previous, current, mode="hungarian"), current)
    found = reference.ious(*ids, (counted(previous), counted(current)))
    total = sum(found.get((new, old), 0.0) for old, new in names.items())
    assert total == pytest.approx(reference.best_sum(found))


def test_stuff_and_crowds_keep_the_id_of_their_category() -> None:
    rows = pf.Segments(
        [5, 6, 8, 9], [3, 2, 3, 2], [False, True, False, True], is_crowd=[False, True, False, False]
    )
    previous = pf.Panoptic(np.array([[5, 6, 8, 9]]), rows)
    rows = pf.Segments(
        [1, 2, 3, 4],
        [2, 3, 3, 1],
        [True, False, False, False],
        is_crowd=[True, False, False, False],
    )
    current = pf.Panoptic(np.array([[4, 3, 2, 1]]), rows)
    # The second stuff of category 3 is another segment; category 1 is new.
    assert name_of(pf.stitch(previous, current), current) == {1: 6, 2: 5, 3: 10, 4: 11}
    assert name_of(pf.stitch(previous, current, next_id=50), current)[4] == 51


def frames(count: int, seed: int = 0) -> list[pf.Panoptic]:
    """Three squares that move, numbered anew in each frame, over stuff that comes and goes."""
    rng = np.random.default_rng(seed)
    result = []
    for t in range(count):
        ids = np.zeros((20, 40), np.int32)
        order = rng.permutation(3) + 1
        for k in range(3):
            if not (k == 1 and t == 2):
                ids[2 + t : 8 + t, 12 * k + t : 12 * k + t + 8] = order[k]
        if t != 1:
            ids[18:] = 4
        found = [id_ for id_ in (1, 2, 3, 4) if (ids == id_).any()]
        result.append(
            pf.Panoptic(
                ids,
                pf.Segments(found, [3 if i == 4 else 1 for i in found], [i != 4 for i in found]),
            )
        )
    return result


def test_a_video() -> None:
    stitcher = pf.Stitcher(min_iou=0.1)
    video = [stitcher.update(frame) for frame in frames(5)]
    first = video[0].ids
    for t, frame in enumerate(video[1:], 1):
        for k in (0, 2):
            assert frame.ids[2 + t, 12 * k + t] == first[2, 12 * k]
    assert video[1].ids[3, 13] == first[2, 12]
    assert video[3].ids[5, 15] == video[4].ids[6, 16] == 5  # it was gone, and is another now
    assert all((frame.ids[18:] == 4).all() for t, frame in enumerate(video) if t != 1)
    assert stitcher.next_id == 6
    again = pickle.loads(pickle.dumps(stitcher))
    assert again.next_id == 6
    stitcher.reset()
    assert stitcher.update(frames(1)[0]) == frames(1)[0]


def test_what_was_seen_ahead_is_compared() -> None:
    current = frames(1)[0]
    ahead = np.where(current.ids == 4, 4, np.roll(current.ids, 15, axis=1))
    far = pf.Panoptic(
        ahead, current.segments.replace(area=np.full(4, -1), bbox=np.full((4, 4), -1))
    )
    moved = pf.Panoptic(ahead * 2, pf.Segments([2, 4, 6, 8], [1, 1, 1, 3], [True] * 3 + [False]))
    stitcher = pf.Stitcher()
    stitcher.update(current, far)
    np.testing.assert_array_equal(stitcher.update(moved).ids, ahead)
    wrong = pf.Panoptic(ahead, pf.Segments([1, 2, 3, 4], [1, 2, 1, 3], [True] * 3 + [False]))
    with pytest.raises(ValueError, match="ahead: expected segment 2 to be of category 1"):
        stitcher.update(current, wrong)
    with pytest.raises(ValueError, match="ahead: expected the size"):
        stitcher.update(current, pf.Panoptic(ahead[:3], wrong.segments))


def test_on_every_backend(backend: Kernels) -> None:
    previous, current = frames(2)
    expected = pf.stitch(previous, current)
    there = [pf.Panoptic(backend.put(one.ids), one.segments) for one in (previous, current)]
    result = pf.stitch(*there)
    np.testing.assert_array_equal(backend.get(result.ids), expected.ids)
    assert result.segments == expected.segments


def test_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    previous, current = frames(2)
    for arguments, named in (
        ({"mode": "best"}, "mode"),
        ({"min_iou": 1.5}, "min_iou"),
        ({"preset": "other"}, "preset"),
        ({"next_id": 4}, "next_id"),
    ):
        with pytest.raises(ValueError, match=named):
            pf.stitch(previous, current, **arguments)
    with pytest.raises(TypeError, match="current: expected a Panoptic"):
        pf.stitch(previous, current.ids)
    with pytest.raises(ValueError, match="previous: expected the size"):
        pf.stitch(frames(1)[0], pf.Panoptic(current.ids[:5], current.segments))
    stray = pf.Panoptic(current.ids, current.segments[:2])
    with pytest.raises(ValueError, match="current: pixel id 3 has no segment"):
        pf.stitch(previous, stray)
    with pytest.raises(ValueError, match="previous: pixel id 3 has no segment"):
        pf.stitch(stray, previous)
    with pytest.raises(OverflowError, match="next_id"):
        pf.stitch(
            pf.Panoptic(previous.ids * 0, pf.Segments([], [], [])), current, next_id=2**31 - 2
        )
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match="SciPy"):
        pf.stitch(previous, current, mode="hungarian")
