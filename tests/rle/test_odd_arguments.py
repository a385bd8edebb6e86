"""Arguments that nobody should give: each is refused by name, and what `check` says is so."""

from __future__ import annotations

import array
from collections import UserDict
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import rle
from tests.interop.devices import DeviceLibrary

SIZE = [2, 3]
ONE = {"size": SIZE, "counts": b"132"}
BOX = [[0, 0, 2, 2]]
NUMBERS = [1, 3, 2]
SEGMENTS = pf.Segments([1], [1], [True])

COUNTS = [
    *(np.array(NUMBERS, code) for code in "bBhHiIlLqQefdg"),
    *(np.array(x) for x in ([True] * 6, [NUMBERS], 6, "132", b"132", [-1, 5, 2], [2**40, 1])),
    np.array(NUMBERS, object),
    np.array([2**64 - 1, 7], np.uint64),
    np.array([2, 0, 3, 0, 1])[::-2],
    array.array("i", NUMBERS),
    memoryview(b"132"),
    bytearray(b"132"),
    set(NUMBERS),
    dict.fromkeys(NUMBERS),
    range(4),
    [True, 3, 2],
    [np.True_, 3, 2],
    [NUMBERS],
    ["1", "3", "2"],
    [2**70, -(2**70)],
    np.str_("132"),
    np.bytes_(b"132"),
    "13\ud8002",
    b"132\n",
]
SIZES = [
    *((2, 3), np.array(SIZE), np.array(SIZE, float), np.array(6), [np.int8(2), np.uint64(3)]),
    *("23", b"\2\3", bytearray(b"\2\3"), {2, 3}, {2: 0, 3: 0}, range(2, 4), [True, 6], [6.0, 1]),
    *([2**63, 0], [-(2**63), 0], [0, 2**31], [2, 3, 1], [], None, [None, 6], [[2, 3]]),
]


@pytest.mark.parametrize(
    "given",
    [{"size": SIZE, "counts": counts} for counts in COUNTS]
    + [{"size": size, "counts": b"132"} for size in SIZES]
    + [UserDict(ONE), [ONE], {b"size": SIZE, b"counts": b"132"}],
)
def test_check_and_readers_agree(given: Any) -> None:
    faults = rle.check([given])
    if faults:
        with pytest.raises((TypeError, ValueError), match="rles"):
            rle.area([given])
    else:
        rle.area([given])


def test_arrays_on_a_gpu() -> None:
    library = DeviceLibrary()
    masks = library.put(np.eye(3, dtype=np.uint8))
    counts = library.put(np.array(NUMBERS))
    boxes = library.put(np.array(BOX, float))
    on_gpu = {"size": SIZE, "counts": counts}
    for name, call in (
        ("masks", lambda: rle.encode(masks)),
        ("rles", lambda: rle.decode(on_gpu)),
        ("rles", lambda: rle.decode([on_gpu])),
        ("rles", lambda: rle.area(masks)),
        ("rles", lambda: rle.invert(on_gpu)),
        ("size", lambda: rle.area({"size": counts, "counts": NUMBERS})),
        ("dt", lambda: rle.iou([boxes], BOX)),
        ("gt", lambda: rle.iou(BOX, [boxes])),
        ("dt", lambda: rle.iou(boxes, BOX)),
        ("iscrowd", lambda: rle.iou(BOX, BOX, counts)),
        ("a: ", lambda: rle.intersection(masks, [ONE])),
        ("b: ", lambda: rle.overlaps([ONE], masks)),
        ("pyobj", lambda: rle.frPyObjects(boxes, 2, 3)),
        ("polygons", lambda: rle.from_polygons([boxes], (2, 3))),
        ("size", lambda: rle.from_polygons([], counts)),
        ("ids", lambda: rle.decode_ids([ONE], counts)),
        ("order", lambda: rle.decode_ids([ONE], order=counts)),
        ("runs", lambda: rle.from_huggingface(counts, (2, 3))),
        ("masks", lambda: rle.from_cvat(counts, (2, 3))),
        ("streams", lambda: rle.from_label_studio(counts, (2, 3))),
    ):
        with pytest.raises((TypeError, ValueError), match=name):
            call()
    assert [(fault.index, fault.code) for fault in rle.check([ONE, on_gpu])] == [(1, "counts")]
    assert library.events.count("lend") == library.events.count("return")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: rle.iou([[np.nan, 0, 1, 1]], BOX), ValueError, r"dt\[0\]: expected finite"),
        (lambda: rle.iou(BOX, [*BOX, [0, 0, np.inf, 1]]), ValueError, r"gt\[1\]: expected finite"),
        (lambda: rle.iou([[None] * 4], BOX), TypeError, "dt: expected boxes of four numbers"),
        (lambda: rle.iou(np.array([["0"] * 4]), BOX), TypeError, "dt: expected boxes of four"),
        (lambda: rle.iou([ONE], [ONE], ["no"]), TypeError, "iscrowd: expected bools"),
        (lambda: rle.iou([ONE], [ONE], [None]), TypeError, "iscrowd: expected bools"),
        (lambda: rle.iou([ONE], [ONE], [0.5]), TypeError, "iscrowd: expected bools"),
        (lambda: rle.iou([ONE], [ONE], [[0], [0, 1]]), TypeError, "iscrowd: expected bools"),
        (lambda: rle.iou([ONE], [ONE], 1), ValueError, "iscrowd: expected 1 values"),
        (lambda: rle.iou(ONE, [ONE]), TypeError, "dt: expected a list, got dict"),
        (lambda: rle.iou([ONE], None), TypeError, "gt: expected a list, got NoneType"),
        (lambda: rle.decode_ids(None), TypeError, "rles: expected a list, got NoneType"),
        (lambda: rle.decode_ids([5]), TypeError, r"rles\[0\]: expected a dict"),
        (lambda: pf.Panoptic.from_rles([5], SEGMENTS), TypeError, r"rles\[0\]: expected a dict"),
        (lambda: pf.Panoptic.from_rles(None, SEGMENTS), TypeError, "rles: expected a list"),
        (lambda: rle.frPyObjects([], -1, 3), ValueError, "h: expected a number from 0"),
        (lambda: rle.frPyObjects(ONE, 2, 3.0), TypeError, "w: expected an integer"),
        (lambda: rle.from_polygons({}, (2, 3)), TypeError, "polygons: expected a sequence"),
        (lambda: rle.from_polygons([{1, 2}], (2, 3)), TypeError, r"polygons\[0\]: expected"),
        (
            lambda: rle.from_huggingface([[2, [3]]], (2, 3)),
            TypeError,
            r"runs\[0\]: expected a list",
        ),
        (lambda: rle.from_huggingface([[[]]], (2, 3)), TypeError, r"runs\[0\]: expected a list"),
    ],
)
def test_refused_by_name(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("size", [[1, 2**31 - 1], [2**31 - 1, 1]])
def test_long_sides(size: list[int]) -> None:
    """What goes column by column, or row by row, takes memory for each."""
    long = {"size": size, "counts": [2**31 - 11, 10]}
    assert rle.area(rle.merge([long, long])) == 10
    assert rle.to_uncompressed(long)["counts"] == [2**31 - 11, 10]
    for call in (rle.invert, rle.boundary, rle.to_polygons, rle.components, rle.to_cvat):
        with pytest.raises(ValueError, match="size: expected sides of up to 16777216"):
            call(long)
