"""RLEs in other programs' words: what the originals wrote, round trips, and damage."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse import rle
from tests.reference import rle_shapes as reference
from tests.rle.shapes import counts, loose, masks

# What the named programs wrote; run outside of this repository.
ORIGINALS = json.loads((Path(__file__).parent / "exchange.json").read_text())["masks"]


@pytest.mark.parametrize("index", range(len(ORIGINALS)))
def test_equals_the_originals(index: int) -> None:
    original = ORIGINALS[index]
    mask = original["rle"]
    size = tuple(mask["size"])
    assert rle.to_kaggle(mask) == original["kaggle"]
    assert rle.to_huggingface(mask) == original["huggingface"]
    assert rle.to_cvat(mask) == original["cvat"]
    assert rle.to_label_studio(mask) == original["label_studio"]
    assert rle.from_kaggle(original["kaggle"], size, text=True) == mask
    assert rle.from_huggingface(original["huggingface"], size, text=True) == mask
    assert rle.from_cvat(original["cvat"], size, text=True) == mask
    assert rle.from_label_studio(original["label_studio"], size, text=True) == mask
    assert rle.from_open_images(original["open_images"], size, text=True) == mask
    # Another zlib may deflate otherwise.
    packed = base64.b64decode(rle.to_open_images(mask))
    assert zlib.decompress(packed) == mask["counts"].encode()


@settings(max_examples=150)
@given(masks(), st.integers(0, 2**32))
def test_round_trips(mask: np.ndarray, seed: int) -> None:
    given_rle = loose(mask, np.random.default_rng(seed))
    size, expected = mask.shape, rle.canonical(given_rle)
    assert rle.to_uncompressed(given_rle) == counts(mask)
    assert rle.from_uncompressed(given_rle) == expected
    for order, base in (("F", 0), ("F", 1), ("C", 0), ("C", 1)):
        text = rle.to_kaggle(given_rle, order=order, base=base)
        flat = np.zeros(mask.size, int)
        for start, length in np.array(text.split(), int).reshape(-1, 2):
            flat[start - base : start - base + length] += 1
        np.testing.assert_array_equal(flat.reshape(size, order=order), mask)
        assert rle.from_kaggle(text, size, order=order, base=base) == expected
    runs = rle.to_huggingface(given_rle)
    assert " ".join(map(str, runs)) == rle.to_kaggle(given_rle, order="C")
    assert rle.from_huggingface(runs, size) == expected
    assert rle.from_label_studio(rle.to_label_studio(given_rle), size) == expected
    assert rle.from_label_studio(bytes(rle.to_label_studio(given_rle)), size) == expected
    assert rle.from_open_images(rle.to_open_images(given_rle), size) == expected
    if not mask.any():
        with pytest.raises(ValueError, match="rles: an empty mask"):
            rle.to_cvat(given_rle)
        return
    *found, left, top, right, bottom = rle.to_cvat(given_rle)
    box = mask[top : bottom + 1, left : right + 1]
    assert box.sum() == mask.sum()
    assert all(edge.any() for edge in (box[0], box[-1], box[:, 0], box[:, -1]))
    assert found == reference.counts_of(box.T)
    assert rle.from_cvat([*found, left, top, right, bottom], size) == expected


def pack(values: list[int], literal: bool, sizes: tuple[int, ...], bits: int = 8) -> bytes:
    """A stream of rle-pack as a browser may write it: literals, other sizes of lengths."""
    text = f"{len(values):032b}{bits - 1:05b}" + "".join(f"{size - 1:04b}" for size in sizes)
    at = 0
    while at < len(values):
        stop = at + 1
        while stop < len(values) and values[stop] == values[at] and not literal:
            stop += 1
        stop = min(stop, at + 2 ** sizes[3], len(values))
        if literal:
            stop = min(at + 3, len(values))
        text += f"{int(not literal)}11{stop - at - 1:0{sizes[3]}b}"
        text += "".join(f"{value:0{bits}b}" for value in values[at : stop if literal else at + 1])
        at = stop
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


@settings(max_examples=50)
@given(masks(most=8), st.booleans(), st.sampled_from([(3, 4, 8, 16), (1, 1, 1, 2)]))
def test_streams_of_a_browser(mask: np.ndarray, literal: bool, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 2, (*mask.shape, 4)) * 77  # the mask is in the alpha channel alone
    colors[..., 3] = mask * rng.integers(1, 256, mask.shape)
    for bits in (8, 16):
        stream = pack(colors.ravel().tolist(), literal, sizes, bits)
        found = rle.from_label_studio(stream, mask.shape)
        assert rle.to_uncompressed(found) == counts(mask)


def test_batches() -> None:
    given_masks = [np.eye(3, dtype=np.uint8), np.ones((2, 5), np.uint8)]
    rles = [rle.from_uncompressed(counts(mask)) for mask in given_masks]
    sizes = [mask.shape for mask in given_masks]
    pairs = [
        (rle.to_kaggle, rle.from_kaggle),
        (rle.to_huggingface, rle.from_huggingface),
        (rle.to_cvat, rle.from_cvat),
        (rle.to_label_studio, rle.from_label_studio),
        (rle.to_open_images, rle.from_open_images),
    ]
    for write, read in pairs:
        written = write(rles)
        assert written == [write(item) for item in rles]
        assert read(written, sizes) == rles
        assert read(written[:1], sizes[0]) == rles[:1]
        assert write([]) == []
        for bad in ([(3, 3)], [(3, 3)] * 3, []):
            if len(bad) != 1:
                with pytest.raises(ValueError, match="size: expected one"):
                    read(written, bad)
        with pytest.raises(ValueError, match=r"size"):
            read(written, (0, 3))
        with pytest.raises(ValueError, match=r"\[1\]"):  # the second is not of that size
            read(written, (3, 3))


HUGE = 10**30
DAMAGED: list[tuple[Any, Any, type[Exception], str]] = [
    (rle.from_kaggle, "1 2 3", ValueError, "texts: expected pairs, got 3 numbers"),
    (rle.from_kaggle, "1 two", ValueError, "texts: number 1 is 'two'"),
    (rle.from_kaggle, "0 1", ValueError, r"texts: pair 0 \(0, 1\)"),
    (rle.from_kaggle, "1 0", ValueError, r"texts: pair 0 \(1, 0\)"),
    (rle.from_kaggle, "5 2 1 2", ValueError, r"texts: pair 1 \(1, 2\)"),
    (rle.from_kaggle, "5 2 6 2", ValueError, r"texts: pair 1 \(6, 2\)"),
    (rle.from_kaggle, "12 2", ValueError, r"texts: pair 0 \(12, 2\)"),
    (rle.from_kaggle, "9223372036854775807 2", ValueError, "texts: number 0"),
    (rle.from_kaggle, "-1 2", ValueError, "texts: number 0 is '-1'"),
    (rle.from_kaggle, ["1 1", "1"], ValueError, r"texts\[1\]"),
    (rle.from_kaggle, ["1 1", None], TypeError, r"texts\[1\]: expected str, got NoneType"),
    (rle.from_kaggle, b"1 1", TypeError, "texts: expected a sequence, got bytes"),
    (rle.from_huggingface, [1, 2, 3], ValueError, "runs: expected pairs"),
    (rle.from_huggingface, [[1, 2], [1]], ValueError, r"runs\[1\]: expected pairs"),
    (rle.from_huggingface, [1.5, 2.0], TypeError, "runs: expected a list of integers"),
    (rle.from_huggingface, [1, HUGE], TypeError, "runs"),
    (rle.from_huggingface, [1, 2**40], ValueError, "runs: 1099511627776 is too large"),
    (rle.from_huggingface, 3, TypeError, "runs"),
    (rle.from_cvat, [1, 2, 3], ValueError, "masks: expected counts and a box, got 3 numbers"),
    (rle.from_cvat, [0, 4, 2, 2, 4, 3], ValueError, r"masks: the box \(2, 2, 4, 3\)"),
    (rle.from_cvat, [0, 4, 2, 1, 1, 2], ValueError, "masks: the box"),
    (rle.from_cvat, [0, 4, -1, 0, 0, 1], ValueError, "masks: the box"),
    (rle.from_cvat, [0, 5, 0, 0, 1, 1], ValueError, "masks: the counts sum to 5"),
    (rle.from_cvat, [5, -1, 0, 0, 1, 1], ValueError, "masks: count 1 is -1"),
    (rle.from_label_studio, b"", ValueError, "the stream ends at bit 0"),
    (rle.from_label_studio, bytes(9), ValueError, "holds 0 values"),
    (rle.from_label_studio, bytes([0, 0, 0, 48]), ValueError, "ends at bit 32"),
    (rle.from_label_studio, pack([255] * 48, False, (3, 4, 8, 16))[:-2], ValueError, "ends at bit"),
    (rle.from_label_studio, [0, 0, 256], TypeError, "streams: expected bytes"),
    (rle.from_label_studio, [[0], ["a"]], TypeError, r"streams\[1\]"),
    (rle.from_open_images, "!", ValueError, "texts"),
    (rle.from_open_images, "AAAA", ValueError, "texts"),
    (rle.from_open_images, 7, TypeError, "texts"),
    (rle.from_open_images, [7], TypeError, r"texts\[0\]: expected str or bytes"),
    (
        rle.from_open_images,
        base64.b64encode(zlib.compress(b"0" * 10**6)).decode(),
        ValueError,
        "texts: the deflated counts do not end",
    ),
    (rle.from_open_images, base64.b64encode(zlib.compress(b"1")), ValueError, "sum of 12"),
]


@pytest.mark.parametrize(("read", "written", "error", "text"), DAMAGED)
def test_damage(read: Any, written: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        read(written, (3, 4))


def test_a_run_beyond_the_image() -> None:
    stream = bytearray(pack([255] * 48, False, (3, 4, 8, 16)))
    stream[6] = stream[7] = 255
    with pytest.raises(ValueError, match="goes on to value"):
        rle.from_label_studio(bytes(stream), (3, 4))


def test_bad_options() -> None:
    one = counts(np.ones((2, 2)))
    with pytest.raises(ValueError, match="order"):
        rle.to_kaggle(one, order="A")
    with pytest.raises(ValueError, match="base"):
        rle.from_kaggle("1 1", (2, 2), base=2)
    with pytest.raises(ValueError, match=r"rles\[1\]: an empty mask"):
        rle.to_cvat([one, counts(np.zeros((2, 2)))])
    with pytest.raises(ValueError, match=r"rles\[0\]: the mask has 2\^30"):
        rle.to_label_studio({"size": [2**15, 2**15], "counts": [2**30]})
