"""`check` sees every fault where it is, and agrees with what the other functions take."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse import rle
from tests.rle.shapes import counts, loose, masks


def found(given_rle: Any, strict: bool = False) -> list[tuple[str, int]]:
    return [(fault.code, fault.position) for fault in rle.check(given_rle, strict=strict)]


SIZE = [2, 3]
FAULTS: list[tuple[Any, list[tuple[str, int]]]] = [
    (7, [("type", -1)]),
    ("132", [("type", -1)]),
    (None, [("type", -1)]),
    ({}, [("size", -1), ("counts", -1)]),
    ({"size": SIZE}, [("counts", -1)]),
    ({"size": SIZE, "counts": None}, [("counts", -1)]),
    ({"size": SIZE, "counts": {}}, [("counts", -1)]),
    ({"size": SIZE, "counts": 3.5}, [("counts", -1)]),
    ({"size": 6, "counts": b"132"}, [("size", -1)]),
    ({"size": [6], "counts": b"132"}, [("size", -1)]),
    ({"size": "23", "counts": b"132"}, [("size", -1)]),
    ({"size": [2, 3.0], "counts": b"132"}, [("size", -1)]),
    ({"size": [-2, -3], "counts": b"132"}, [("size", -1)]),
    ({"size": [2**31, 0], "counts": b"132"}, [("size", -1)]),
    ({"size": [2**16, 2**16], "counts": b"132"}, [("size", -1)]),
    ({"size": SIZE, "counts": b"132"}, []),
    ({"size": SIZE, "counts": "132"}, []),
    ({"size": SIZE, "counts": b"0131"}, []),
    ({"size": SIZE, "counts": b"131"}, [("sum", 3)]),
    ({"size": SIZE, "counts": b""}, [("sum", 0)]),
    ({"size": SIZE, "counts": b"1320"}, [("sum", 3)]),
    ({"size": SIZE, "counts": b"13~2!"}, [("character", 2), ("character", 4)]),
    ({"size": SIZE, "counts": "13é2\u4e00"}, [("character", 2), ("character", 4)]),
    ({"size": SIZE, "counts": b"13 2P"}, [("character", 2), ("truncated", 5)]),
    ({"size": SIZE, "counts": b"13P"}, [("truncated", 3)]),
    ({"size": SIZE, "counts": b"1PPPPPPP0"}, [("length", 1)]),
    ({"size": SIZE, "counts": b"1O2"}, [("negative", 1)]),
    ({"size": SIZE, "counts": b"PPPPPPO2"}, [("negative", 0)]),
    ({"size": SIZE, "counts": b"PPPPPP4"}, [("overflow", 0)]),
    ({"size": SIZE, "counts": [1, 3, 2]}, []),
    ({"size": SIZE, "counts": (1, 3, 3)}, [("sum", 2)]),
    ({"size": SIZE, "counts": [1, 3]}, [("sum", 2)]),
    ({"size": SIZE, "counts": [1, -3, 2]}, [("negative", 1)]),
    (
        {"size": SIZE, "counts": [1, 2**32, None, -1]},
        [("overflow", 1), ("counts", 2), ("negative", 3)],
    ),
    ({"size": SIZE, "counts": [1.0]}, [("counts", 0)]),
    ({"size": SIZE, "counts": np.array([1, 3, 2], np.uint32)}, []),
    ({"size": None, "counts": b"1~"}, [("size", -1), ("character", 1)]),
    ({"size": None, "counts": [1, 2**40]}, [("size", -1), ("overflow", 1)]),
]


@pytest.mark.parametrize(("given_rle", "faults"), FAULTS)
def test_every_fault(given_rle: Any, faults: list[tuple[str, int]]) -> None:
    assert found(given_rle) == faults
    for fault in rle.check([{"size": SIZE, "counts": b"132"}, given_rle]):
        assert fault.index == 1
        assert fault.message
    if faults:
        with pytest.raises((TypeError, ValueError)):
            rle.canonical(given_rle)
    else:
        rle.canonical(given_rle)


def test_strict() -> None:
    size = {"size": SIZE}
    assert found(size | {"counts": [1, 2, 0, 1, 2, 0]}, strict=True) == [("zero", 2), ("zero", 5)]
    assert found(size | {"counts": b"132"}, strict=True) == []
    assert found(size | {"counts": b"06"}, strict=True) == []
    assert found(size | {"counts": b"Q032"}, strict=True) == [("padding", 0)]
    assert found(size | {"counts": b"Q032"}) == []
    assert found(size | {"counts": b"1200O0"}, strict=True)[0] == ("zero", 2)
    assert rle.canonical(size | {"counts": b"Q032"})["counts"] == b"132"


@settings(max_examples=200)
@given(st.binary(max_size=12), st.sampled_from([(1, 1), (2, 3), (5, 5)]), st.booleans())
def test_agrees_with_the_reader(text: bytes, size: tuple[int, int], shape: bool) -> None:
    if shape:
        text = bytes(48 + byte % 64 for byte in text)
    given_rle = {"size": size, "counts": text}
    try:
        rle.canonical(given_rle)
    except ValueError:
        assert rle.check(given_rle)
    else:
        assert rle.check(given_rle) == []


@given(masks(), st.integers(0, 2**32))
def test_one_mask_one_digest(mask: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain = counts(mask)
    forms = [plain, loose(mask, rng), loose(mask, rng), rle.canonical(plain)]
    forms.append(rle.canonical(plain, text=True))
    assert rle.check(forms) == []
    assert rle.check(rle.canonical(forms), strict=True) == []
    assert len({item["counts"] for item in rle.canonical(forms)}) == 1
    layout = b"RLE1" + np.array(mask.shape, "<i8").tobytes()
    layout += np.array(plain["counts"], "<u4").tobytes()
    expected = hashlib.blake2b(layout, digest_size=16).hexdigest()
    assert rle.digest(forms) == [expected] * len(forms)
    assert rle.digest(plain) == expected


def test_other_masks_other_digests() -> None:
    flat = [counts(np.ones(shape)) for shape in ((2, 3), (3, 2), (1, 6))]
    flat += [counts(np.zeros((2, 3))), counts(np.eye(2))]
    assert len(set(rle.digest(flat))) == len(flat)
    assert rle.digest([]) == []


def test_long_strings_of_nonsense() -> None:
    text = b"PPPPPP?" * 300_000  # every count larger than the one before
    faults = rle.check({"size": [2, 2], "counts": text})
    assert {fault.code for fault in faults} == {"overflow"}
    assert len(faults) > 299_000
