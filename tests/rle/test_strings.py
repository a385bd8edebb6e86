"""Strings are read the same with every instruction set, whatever they hold, sound or damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import _cpu
from tests.reference import rle as reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def outcomes() -> Iterator[Callable[[Any], list[Any]]]:
    """Return what each instruction set makes of RLEs: the strings of their counts, or an error."""
    before = _cpu.isa_current()

    def read(rles: Any) -> list[Any]:
        results: list[Any] = []
        for isa in _cpu.isa_available():
            _cpu.isa_use(isa)
            try:
                results.append(_cpu.rle.rewrite(rles, "rles", False))
            except ValueError as error:
                results.append(str(error))
        return results

    yield read
    _cpu.isa_use(before)


def groups(number: int, padding: int) -> bytes:
    """Write a number with up to so many groups more than it needs, but no more than 7."""
    least = max(1, (number.bit_length() if number >= 0 else (~number).bit_length()) // 5 + 1)
    length = min(7, least + padding)
    values = [number >> 5 * i & 31 for i in range(length)]
    return bytes([48 + 32 + value for value in values[:-1]] + [48 + values[-1]])


def written(counts: list[int], padding: np.ndarray) -> bytes:
    differences = [n - (counts[i - 2] if i > 2 else 0) for i, n in enumerate(counts)]
    return b"".join(groups(n, int(p)) for n, p in zip(differences, padding, strict=True))


def random_counts(rng: np.random.Generator, n: int, kind: str) -> list[int]:
    most = {"small": 12, "mixed": 500, "long": 40_000, "longer": 20_000_000}[kind]
    counts = rng.integers(0, most, n)
    counts[rng.random(n) < 0.1] = 0
    return [int(count) for count in counts]


KINDS = ["small", "mixed", "long", "longer"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("padded", [0.0, 0.3])
def test_sound_strings(outcomes: Callable[[Any], list[Any]], kind: str, padded: float) -> None:
    rng = np.random.default_rng(KINDS.index(kind))
    rles, expected = [], []
    for n in [*range(1, 70), 95, 96, 97, 100]:
        counts = random_counts(rng, n, kind)
        padding = (rng.random(n) < padded) * rng.integers(1, 4, n)
        size = [sum(counts), 1]
        rles.append({"size": size, "counts": written(counts, padding)})
        expected.append({"size": size, "counts": reference.string(counts)})
    rles.append({"size": [0, 5], "counts": b""})
    expected.append({"size": [0, 5], "counts": b""})
    for result in outcomes(rles):
        assert result == expected
    text = [rle | {"counts": rle["counts"].decode()} for rle in rles]
    for result in outcomes(text):
        assert result == expected
    areas = [sum(read_counts(rle["counts"])[1::2]) for rle in rles]
    assert pf.rle.area(rles).tolist() == areas


def read_counts(text: bytes) -> list[int]:
    counts: list[int] = []
    value = length = 0
    for character in text:
        group = character - 48
        value |= (group & 31) << 5 * length
        length += 1
        if group & 32:
            continue
        if group & 16:
            value -= 1 << 5 * length
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = length = 0
    return counts


@pytest.mark.parametrize(
    "counts",
    [
        [2**32 - 1],
        [0, 2**32 - 1],
        [2**31 - 1, 2**31],
        [2**31, 2**31 - 1],
        [5, 7, 2**31 - 12, 0, 0, 2**31 - 1],
        [1, 2**30, 1, 2**29, 2, 2**31 - 2**29 - 2**30 - 4 + 2**31 - 1],
    ],
)
def test_counts_that_need_all_bits(outcomes: Callable[[Any], list[Any]], counts: list[int]) -> None:
    total = sum(counts)
    size = [65535, 65537] if total == 2**32 - 1 else [2, total // 2]
    rle = {"size": size, "counts": reference.string(counts)}
    for result in outcomes([rle]):
        assert result == [rle]


def test_damage(outcomes: Callable[[Any], list[Any]]) -> None:
    """Of every kind and at every place of a lane: the error says the same everywhere."""
    rng = np.random.default_rng(1)
    seen = set()
    for n in range(120):
        counts = random_counts(rng, 1 + n % 50, KINDS[n % 3])
        text = bytearray(written(counts, (rng.random(len(counts)) < 0.1) * 1))
        size = [sum(counts), 1]
        for _ in range(8):
            at = int(rng.integers(len(text)))
            damaged = text.copy()
            kind = int(rng.integers(5))
            if kind == 0:
                damaged[at] = int(rng.choice([0, 47, 112, 127, 128, 176, 255]))
            elif kind == 1:
                damaged[at] = 48 + int(rng.integers(64))
            elif kind == 2:
                del damaged[at:]
            elif kind == 3:
                damaged[at:at] = b"o" * int(rng.integers(1, 40))
            else:
                damaged[-1] |= 32
                damaged[-1] += 16 * (damaged[-1] < 80)
            results = outcomes([{"size": size, "counts": bytes(damaged)}])
            assert results == [results[-1]] * len(results)
            if isinstance(results[-1], str):
                assert results[-1].startswith("rles[0]: counts: ")
                seen.add(results[-1].split("got")[0][:30].rstrip("0123456789"))
            faults = pf.rle.check({"size": size, "counts": bytes(damaged)})
            assert bool(faults) == isinstance(results[-1], str)
    assert len(seen) >= 4


def test_strings_of_a_data_set(outcomes: Callable[[Any], list[Any]], data: Path) -> None:
    rles = []
    for path in sorted((data / "sam2_sav").rglob("*.json")):
        rles += list(found(json.loads(path.read_text(encoding="utf-8"))))
    assert rles
    rles = rles[:400]
    expected = [rle | {"counts": reference.string(read_counts(rle["counts"]))} for rle in rles]
    for result in outcomes(rles):
        assert result == expected


def found(item: Any) -> Iterator[dict[str, Any]]:
    """All RLEs within a document."""
    if isinstance(item, dict) and isinstance(item.get("counts"), str):
        yield {"size": item["size"], "counts": item["counts"].encode()}
    elif isinstance(item, dict | list):
        for part in item.values() if isinstance(item, dict) else item:
            yield from found(part)


def test_unusual_dicts() -> None:
    """What is not taken the quick way is taken all the same, or named."""
    plain = {"size": [2, 3], "counts": b"132"}

    class Mapping(dict[str, Any]):
        pass

    others = [
        plain | {"size": (2, 3)},
        plain | {"size": np.array([2, 3])},
        plain | {"size": [np.int64(2), 3]},
        plain | {"counts": "132"},
        plain | {"counts": [1, 3, 2]},
        plain | {"counts": np.array([1, 3, 2], np.uint32)},
        {"".join(["si", "ze"]): [2, 3], "".join(["cou", "nts"]): b"132"},
        Mapping(plain),
    ]
    assert pf.rle.area(others).tolist() == [3] * len(others)
    assert pf.rle.to_bbox(tuple(others)).tolist() == [[0, 0, 2, 2]] * len(others)
    assert [pf.rle.area(other) for other in others] == [3] * len(others)
    with pytest.raises(TypeError, match=r"^rles\[1\]: expected a dict"):
        pf.rle.area([plain, None])
    with pytest.raises(ValueError, match=r'^rles\[1\]: expected the item "counts"'):
        pf.rle.area([plain, {"size": [2, 3]}])
    with pytest.raises(ValueError, match=r"^rles\[1\]: size: expected sides of 0 to"):
        pf.rle.area([plain, plain | {"size": [-1, 3]}])
    with pytest.raises(ValueError, match=r"^rles\[1\]: counts: expected a sum of 6"):
        pf.rle.to_bbox([plain, plain | {"counts": b"131"}])
    with pytest.raises(ValueError, match=r"^rles: counts: expected a sum of 6"):
        pf.rle.to_bbox(plain | {"counts": b"131"})
