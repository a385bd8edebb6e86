"""What `fuse_instances` refuses, and what it takes though it is odd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf


def given(**changes: Any) -> dict[str, Any]:
    """Two RoI masks over 5 x 8 pixels of logits."""
    return {
        "masks": np.ones((2, 3, 3), np.float32),
        "scores": np.array([0.9, 0.8], np.float32),
        "category_ids": np.array([1, 2]),
        "semantic": np.zeros((4, 2, 2), np.float32),
        "boxes": np.array([[0, 0, 2, 2], [4, 1, 8, 5]], np.float32),
        "size": (5, 8),
        "things": {1, 2},
    } | changes


FAULTS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"scores": np.array([0.9])}, ValueError, "scores: expected one for each of 2 masks, got 1"),
    ({"scores": np.zeros((2, 1))}, ValueError, r"scores: expected the shape \(N,\), got 2 axes"),
    ({"scores": np.array([0.9, np.nan])}, ValueError, "scores: expected numbers, got nan in row 1"),
    ({"scores": np.array(["a", "b"])}, TypeError, "scores: expected integers, floats or bool"),
    ({"category_ids": np.array([1])}, ValueError, "category_ids: expected one for each of 2"),
    ({"category_ids": np.array([1, 3])}, ValueError, "category_ids: expected categories of things"),
    ({"category_ids": np.array([1, -1])}, ValueError, r"category_ids: expected 0 to 2\*\*31 - 1"),
    ({"category_ids": np.array([1.0, 2.0])}, TypeError, "category_ids: expected integers or bool"),
    ({"masks": np.ones((2, 3), np.float32)}, ValueError, r"masks: expected the shape \(N, H, W\)"),
    ({"masks": np.ones((2, 0, 3), np.float32)}, ValueError, "masks: expected masks of at least"),
    ({"masks": np.ones((2, 3, 3))}, TypeError, "masks: expected .* got float64"),
    ({"masks": 7}, TypeError, "masks: expected an array"),
    ({"boxes": np.zeros((1, 4))}, ValueError, "boxes: expected one for each of 2 masks, got 1"),
    ({"boxes": np.zeros((2, 5))}, ValueError, r"boxes: expected the shape \(N, 4\), got \(N, 5\)"),
    ({"boxes": np.full((2, 4), np.nan)}, ValueError, "boxes: expected finite numbers, got nan"),
    ({"boxes": np.full((2, 4), 1e300)}, ValueError, "boxes: expected finite numbers"),
    ({"boxes": None}, ValueError, "masks: expected masks of the size of the image, 5 x 8, got 3 x"),
    ({"size": None}, ValueError, "size: expected the size of the result"),
    ({"size": (5,)}, TypeError, r"size: expected \(H, W\)"),
    ({"size": (-5, 8)}, ValueError, "size: expected lengths of 0 to"),
    ({"semantic": np.zeros((4, 9))}, TypeError, "semantic: expected .* got float64"),
    ({"semantic": np.zeros((4, 9), int)}, ValueError, r"semantic: .* size \(5, 8\), got \(4, 9\)"),
    ({"semantic": np.zeros((1, 5, 8), int)}, ValueError, r"semantic: expected labels of shape"),
    ({"semantic": np.zeros((5, 8), np.float32)}, ValueError, "semantic: expected logits of shape"),
    (
        {"semantic": np.zeros((0, 2, 2), np.float32)},
        ValueError,
        "semantic: .* at least one channel",
    ),
    ({"semantic": np.zeros((3, 0, 2), np.float32)}, ValueError, "semantic: .* at least one row"),
    ({"semantic": np.full((5, 8), -1)}, ValueError, r"semantic: expected category ids of 0 to"),
    (
        {"semantic": np.full((5, 8), 2**63, np.uint64)},
        ValueError,
        "semantic: expected category ids",
    ),
    ({"semantic_size": (4, 8)}, ValueError, "semantic: expected logits to cover the output"),
    (
        {"semantic_categories": {0: 5, 1: 6}},
        ValueError,
        "semantic: .* semantic_categories .* got 2",
    ),
    ({"semantic_categories": {0: -5}}, ValueError, "semantic_categories: expected category ids"),
    ({"things": {"a"}}, TypeError, "things"),
    ({"ignore": "a"}, TypeError, "ignore: expected an integer"),
    ({"instance_threshold": np.nan}, ValueError, "instance_threshold: expected a number"),
    ({"mask_threshold": 0.0}, ValueError, "mask_threshold: expected a number above 0 with boxes"),
    ({"overlap_threshold": -0.1}, ValueError, "overlap_threshold: expected a number"),
    ({"overlap_threshold": (1, 2, 3)}, ValueError, "overlap_threshold: expected a number or two"),
    ({"stuff_area": -1}, ValueError, "stuff_area: expected 0 or more"),
    ({"preset": "detectron"}, ValueError, "preset: expected None or one of 'detectron2'"),
    ({"preset": "knet"}, ValueError, "semantic: expected None with preset 'knet'"),
    ({"threads": 0}, ValueError, "threads: expected"),
    ({"workspace": 9}, TypeError, "workspace: expected an array"),
    ({"max_segments": -1}, ValueError, "max_segments: expected 0 or more"),
    ({"out": np.zeros((5, 8))}, TypeError, "out: expected"),
    ({"out": np.zeros((5, 8), np.int64)}, TypeError, "out: expected int32"),
    ({"out": np.zeros((8, 5), np.int32)}, ValueError, "out: expected the shape"),
    ({"out": np.zeros((5, 16), np.int32)[:, ::2]}, ValueError, "out: expected a contiguous"),
    (
        {"masks": [np.ones((2, 3, 3), bool)]},
        ValueError,
        "scores: expected one for each of 1 images",
    ),
]


@pytest.mark.parametrize(("changes", "error", "message"), FAULTS, ids=str)
def test_faults_are_named(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments = given(**changes)
    places = [arguments.pop(name) for name in ("masks", "scores", "category_ids", "semantic")]
    with pytest.raises(error, match=message):
        pf.fuse_instances(*places, **arguments)


def fuse(**changes: Any) -> pf.Panoptic:
    arguments = given(**changes)
    places = [arguments.pop(name) for name in ("masks", "scores", "category_ids", "semantic")]
    result: pf.Panoptic = pf.fuse_instances(*places, **arguments)
    return result


def test_boxes_may_lie_anywhere() -> None:
    boxes = np.array([[-9, -9, -1, -1], [4, 5, 2, 1]], np.float64)
    assert fuse(boxes=boxes).decisions.names() == ["empty", "empty"]
    boxes = np.array([[-1e30, -1e30, 1e30, 1e30], [-1e9, -1e9, 1e9, 1e9]])
    assert fuse(boxes=boxes).decisions.names() == ["kept", "overlap"]


def test_nothing_is_something() -> None:
    none = fuse(
        masks=np.zeros((0, 3, 3), bool),
        scores=np.zeros(0),
        category_ids=np.zeros(0, int),
        boxes=np.zeros((0, 4)),
        stuff_area=0,
    )
    assert len(none.decisions) == 0
    assert none.segments.category_id.tolist() == [0]
    for size in ((0, 8), (5, 0)):
        empty = fuse(size=size, semantic=np.zeros((3, 2, 2), np.float32))
        assert empty.ids.shape == size
        assert empty.decisions.names() == ["empty", "empty"]
    assert len(fuse(semantic=None).segments) == 2
    assert pf.fuse_instances([], [], [], [], things={1}) == []


def test_presets_without_a_semantic_map_say_what_they_need() -> None:
    full = {"masks": np.ones((2, 5, 8), np.float32), "boxes": None, "semantic": None}
    with pytest.raises(ValueError, match="category_ids: expected ids above 0 with this preset"):
        fuse(preset="panoptic_segformer", category_ids=np.array([0, 1]), **full)
    with pytest.raises(ValueError, match="masks: expected masks of the size of the image with"):
        fuse(preset="panoptic_segformer", semantic=None)
    full["masks"] = full["masks"] * np.float32(3)
    with pytest.raises(ValueError, match="masks: expected probabilities, got 3"):
        fuse(preset="panoptic_segformer", **full)
    with pytest.raises(ValueError, match="ignore: expected the void label"):
        fuse(preset="mmdet", semantic=np.zeros((5, 8), int))


def test_nan_probabilities_are_no_foreground() -> None:
    masks = np.ones((2, 5, 8), np.float32)
    masks[0, :, 2:] = np.nan
    masks[1] = np.nan
    result = fuse(masks=masks, boxes=None, semantic=None)
    assert result.decisions.names() == ["kept", "empty"]
    assert result.segments.bbox.tolist() == [[0, 0, 2, 5]]
