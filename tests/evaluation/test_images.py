"""Every listed segment is judged as the definition says, from arrays."""

from __future__ import annotations

import numpy as np
import pytest

import panfuse as pf
from panfuse import evaluation
from tests.evaluation.scenes import CATEGORIES, Scene, columns, notes_of, rows_of, scene
from tests.reference import panoptic_quality as reference


def compare(scenes: list[Scene], protocol: str) -> evaluation.Outcomes:
    return evaluation.compare_images(
        [pf.contingency(one.gt, one.pred) for one in scenes],
        columns([one.gt_segments for one in scenes]),
        columns([one.pred_segments for one in scenes]),
        category_ids=CATEGORIES,
        protocol=protocol,
        names=[f"image {i}" for i in range(len(scenes))],
    )


@pytest.mark.parametrize("protocol", ["coco", "panopticapi"])
@pytest.mark.parametrize("faults", [0.0, 0.03, 0.1])
def test_random_images(protocol: str, faults: float) -> None:
    rng = np.random.default_rng(3)
    seen = {"judged": 0, "refused": 0, "notes": 0, "true positives": 0}
    for _ in range(700):
        one = scene(rng, faults)
        if one.gt.shape != one.pred.shape:
            continue
        try:
            expected = reference.image(*one, CATEGORIES, protocol)
        except reference.Refused:
            with pytest.raises(pf.FormatError, match=r"^image 0: (gt|pred): segment \d+ "):
                compare([one], protocol)
            seen["refused"] += 1
            continue
        outcomes = compare([one], protocol)
        assert rows_of(outcomes) == expected.rows
        assert notes_of(outcomes) == expected.notes
        seen["judged"] += 1
        seen["notes"] += len(expected.notes)
        seen["true positives"] += sum(kind == 0 for kind, _, _ in expected.rows)
    assert seen["judged"] > 100
    assert seen["true positives"] > 100
    assert seen["notes"] > 10
    assert (seen["refused"] > 10) == (faults > 0.0)


def test_images_are_independent() -> None:
    rng = np.random.default_rng(4)
    scenes = [scene(rng) for _ in range(20)]
    together = compare(scenes, "coco")
    assert together.images == 20
    assert np.all(np.diff(together.image) >= 0)
    for i, one in enumerate(scenes):
        alone = compare([one], "coco")
        assert rows_of(together, i) == rows_of(alone)
        assert notes_of(together, i) == notes_of(alone)


def test_no_images() -> None:
    outcomes = compare([], "coco")
    assert outcomes.images == 0
    assert len(outcomes.kind) == len(outcomes.notes.kind) == 0


def one_pixel(**changes: object) -> dict[str, object]:
    listed = columns([[{"id": 1, "category_id": 7}]])
    table = pf.contingency(np.array([[1]]), np.array([[1]]))
    given = {"tables": [table], "gt": listed, "pred": listed}
    return given | {"category_ids": [7], "names": ["image 1"]} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "cityscapes"}, "protocol: expected 'coco' or 'panopticapi'"),
        ({"names": []}, "gt: expected an offset more than images"),
        ({"tables": []}, "as many tables as names"),
        ({"gt": columns([])}, "gt: expected an offset more than images"),
    ],
)
def test_arguments_that_do_not_fit(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluation.compare_images(**one_pixel(**changes))


@pytest.mark.parametrize("offsets", [[0, 2], [1, 1], [0, -1], [1, 0]])
def test_offsets_that_do_not_fit(offsets: list[int]) -> None:
    sound = columns([[{"id": 1, "category_id": 7}]])
    broken = evaluation.SegmentColumns(
        np.array(offsets), sound.ids, sound.category_ids, sound.is_crowd, sound.areas
    )
    for side in ("gt", "pred"):
        with pytest.raises(ValueError, match=f"{side}: expected offsets"):
            evaluation.compare_images(**one_pixel(**{side: broken}))


def test_columns_of_different_lengths() -> None:
    sound = columns([[{"id": 1, "category_id": 7}]])
    broken = evaluation.SegmentColumns(
        sound.offsets, sound.ids, sound.category_ids[:0], sound.is_crowd, sound.areas
    )
    with pytest.raises(ValueError, match="pred: expected columns of one length"):
        evaluation.compare_images(**one_pixel(pred=broken))


@pytest.mark.parametrize(
    ("column", "values"),
    [("counts", [0]), ("counts", [-1]), ("counts", [2**62]), ("gt_ids", [1, 1])],
)
def test_tables_that_are_none(column: str, values: list[int]) -> None:
    table = one_pixel()["tables"][0]
    fields = {name: getattr(table, name) for name in table.__slots__} | {column: np.array(values)}
    with pytest.raises(ValueError, match="expected"):
        evaluation.compare_images(**one_pixel(tables=[pf.Contingency(**fields)]))
