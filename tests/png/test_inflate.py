"""Inflate agrees with Python's zlib on every stream, sound or not, on every instruction set."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse import _cpu
from tests.reference import png as reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Inflate = Callable[[bytes, int], tuple[bytes, int] | None]


@pytest.fixture
def inflate(isa: str) -> Inflate:
    """On every instruction set."""
    function: Inflate = _cpu.png.inflate
    return function


def inflated(stream: bytes, size: int) -> set[tuple[bytes, int] | None]:
    """What becomes of a stream on the instruction sets; one thing, if all is well."""
    before = _cpu.isa_current()
    made = set()
    for isa in _cpu.isa_available():
        _cpu.isa_use(isa)
        made.add(_cpu.png.inflate(stream, size))
    _cpu.isa_use(before)
    return made


def raw_deflate(data: bytes, level: int = 6, strategy: int = 0, memory: int = 8) -> bytes:
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -15, memory, strategy)
    return squeeze.compress(data) + squeeze.flush()


def by_zlib(stream: bytes, size: int) -> tuple[bytes, int] | None:
    """The output and how many bytes were used; None unless it is whole and of that size."""
    expand = zlib.decompressobj(-15)
    try:
        out = expand.decompress(stream, size + 1)
    except zlib.error:
        return None
    if not expand.eof or len(out) != size:
        return None
    return out, len(stream) - len(expand.unused_data)


def payloads() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(4)
    yield "nothing", b""
    yield "one byte", b"x"
    yield "zeros", bytes(100_000)
    for period in range(1, 70):  # matches that run into themselves
        yield f"period {period}", (rng.bytes(period) * (3000 // period + 2))[:3000]
    yield "noise", rng.bytes(70_000)
    yield (
        "few letters",
        bytes(rng.choice([0, 1, 2, 3, 255], 50_000, p=[0.9, 0.04, 0.03, 0.02, 0.01])),
    )
    weights = 0.5 ** np.arange(1, 31)  # Huffman codes as long as they get, in the second level
    yield "long codes", bytes(rng.choice(30, 200_000, p=weights / weights.sum()).astype(np.uint8))
    steps = np.cumsum(rng.geometric(0.003, 300))
    sparse = np.zeros(steps[-1] + 1, np.uint8)
    sparse[steps] = rng.integers(0, 256, 300)
    yield "sparse", sparse.tobytes()
    far = rng.bytes(32_768)
    yield "as far back as can be", far + bytes(10) + far + far[5:300]


PAYLOADS = dict(payloads())


@pytest.mark.parametrize("strategy", range(5))
@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_what_zlib_writes(inflate: Inflate, level: int, strategy: int) -> None:
    for name, data in PAYLOADS.items():
        stream = raw_deflate(data, level, strategy)
        assert inflate(stream, len(data)) == (data, len(stream)), name
        assert inflate(stream + b"rest", len(data)) == (data, len(stream)), name
        assert inflate(stream, len(data) + 1) is None, name
        if data:
            assert inflate(stream, len(data) - 1) is None, name
        assert inflate(stream[:-1], len(data)) is None, name


def test_many_blocks(inflate: Inflate) -> None:
    rng = np.random.default_rng(6)
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -15, 1)  # small blocks, flushed in every way
    parts = [rng.integers(0, 4, n, dtype=np.uint8).tobytes() for n in (0, 1, 5, 700, 40_000, 3)]
    flushes = (zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK, zlib.Z_PARTIAL_FLUSH)
    stream = b""
    for i, part in enumerate(parts * 4):
        stream += squeeze.compress(part) + squeeze.flush(flushes[i % 4])
    stream += squeeze.flush()
    data = b"".join(parts * 4)
    assert inflate(stream, len(data)) == (data, len(stream))


def test_every_prefix(inflate: Inflate) -> None:
    data = PAYLOADS["few letters"][:2000]
    for level in (0, 1, 9):
        stream = raw_deflate(data, level)
        for length in range(len(stream)):
            assert inflate(stream[:length], len(data)) is None


class Bits:
    """A stream by hand, as RFC 1951 packs it."""

    def __init__(self) -> None:
        self.text = ""

    def number(self, value: int, bits: int) -> Bits:
        self.text += f"{value:0{bits}b}"[::-1] if bits else ""
        return self

    def code(self, code: str) -> Bits:
        self.text += code
        return self

    def bytes(self) -> bytes:
        text = self.text + "0" * (-len(self.text) % 8)
        return bytes(int(text[i : i + 8][::-1], 2) for i in range(0, len(text), 8))


ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)


def dynamic(lengths: list[int], literals: int, distances: int) -> Bits:
    """The head of a last block whose code lengths are written as 4-bit codes, one by one."""
    bits = Bits().number(1, 1).number(2, 2)
    bits.number(literals - 257, 5).number(distances - 1, 5).number(19 - 4, 4)
    for symbol in ORDER:
        bits.number(4 if symbol < 16 else 0, 3)
    for length in lengths:
        bits.code(f"{length:04b}")
    return bits


@pytest.mark.parametrize(
    ("literals", "distances", "tail", "size", "expected"),
    [
        ({65: 1, 256: 1}, [0], "001", 2, b"AA"),
        ({65: 1, 256: 1}, [1], "001", 2, b"AA"),
        ({256: 1}, [0], "0", 0, b""),  # a single code of one bit
        ({256: 1}, [0], "1", 0, None),  # and the code that it leaves out
        ({65: 2, 256: 2}, [0], "0001", 1, None),  # incomplete
        ({65: 1, 66: 1, 256: 1}, [0], "0", 1, None),  # over-subscribed
        ({65: 1}, [0], "0", 1, None),  # no end of block
        ({}, [0], "", 0, None),
        ({65: 1, 256: 2, 257: 2}, [1], "011010", 4, b"AAAA"),  # one distance of one bit
        ({65: 1, 256: 2, 257: 2}, [1], "011110", 4, None),
        ({65: 1, 256: 2, 257: 2}, [0], "011010", 4, None),  # a match without distances
        ({65: 1, 256: 2, 257: 2}, [0, 1], "011010", 4, None),  # too far back
        ({65: 1, 256: 2, 257: 2}, [2, 2, 2], "0110010", 4, None),  # incomplete distances
        ({65: 1, 256: 2, 285: 2}, [1], "011010", 259, b"A" * 259),
    ],
)
def test_codes_by_hand(
    inflate: Inflate,
    literals: dict[int, int],
    distances: list[int],
    tail: str,
    size: int,
    expected: bytes | None,
) -> None:
    count = max([256, *literals]) + 1
    lengths = [literals.get(symbol, 0) for symbol in range(count)] + distances
    stream = dynamic(lengths, count, len(distances)).code(tail).bytes()
    want = None if expected is None else (expected, len(stream))
    assert by_zlib(stream, size) == want
    assert inflate(stream, size) == want


def test_heads_that_are_none(inflate: Inflate) -> None:
    too_many_literals = Bits().number(1, 1).number(2, 2).number(30, 5).number(0, 5).number(0, 4)
    too_many_distances = Bits().number(1, 1).number(2, 2).number(0, 5).number(30, 5).number(0, 4)
    repeat_nothing = Bits().number(1, 1).number(2, 2).number(0, 5).number(0, 5).number(0, 4)
    repeat_nothing.number(1, 3).number(0, 3).number(0, 3).number(1, 3).code("1").number(0, 2)
    stored = Bits().number(1, 1).number(0, 2).number(0, 5).number(5, 16).number(5, 16)
    reserved = Bits().number(1, 1).number(3, 2)
    invalid_length = Bits().number(1, 1).number(1, 2).code("11000110")  # 286 of the fixed code
    invalid_distance = Bits().number(1, 1).number(1, 2).code("00110000000000111110")
    for bits in (
        too_many_literals,
        too_many_distances,
        repeat_nothing,
        stored,
        reserved,
        invalid_length,
        invalid_distance,
    ):
        stream = bits.bytes() + bytes(400)
        for size in (0, 1, 300):
            assert by_zlib(stream, size) is None
            assert inflate(stream, size) is None


@settings(max_examples=300)
@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    """Whatever zlib makes of a damaged stream, inflate makes the same of it."""
    payload = PAYLOADS[data.draw(st.sampled_from(sorted(PAYLOADS)))][:4000]
    level, strategy = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 4))
    stream = bytearray(raw_deflate(payload, level, strategy))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(stream) - 1))
        stream[place] = data.draw(st.integers(0, 255))
    damaged = bytes(stream)
    assert inflated(damaged, len(payload)) == {by_zlib(damaged, len(payload))}


@settings(max_examples=200)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes(stream: bytes, size: int) -> None:
    assert inflated(stream, size) == {by_zlib(stream, size)}


@pytest.mark.parametrize(
    "folder", ["coco_panoptic_sample/panoptic_examples", "dsb2018/panoptic/gt", "dsb2018/labels"]
)
def test_real_streams(data: Path, inflate: Inflate, folder: str) -> None:
    for path in sorted((data / folder).glob("*.png")):
        chunks = reference.read_chunks(path.read_bytes())
        stream = b"".join(body for name, body in chunks if name == b"IDAT")[2:-4]
        expected = zlib.decompress(stream, -15)
        assert inflate(stream, len(expected)) == (expected, len(stream)), path.name


@given(st.binary(max_size=300), st.integers(0, 70), st.integers(0, 255))
def test_checksums(tail: bytes, repeats: int, byte: int) -> None:
    data = bytes([byte]) * (repeats * 331) + tail
    before = _cpu.isa_current()
    for isa in _cpu.isa_available():
        _cpu.isa_use(isa)
        assert _cpu.png.crc32(data) == zlib.crc32(data)
        assert _cpu.png.adler32(data) == zlib.adler32(data)
    _cpu.isa_use(before)


def test_checksums_of_every_length(isa: str) -> None:
    data = bytes(range(256)) * 40
    for n in [*range(300), *range(4090, 4170), 8191, 8192, 8193, 10_240]:
        assert _cpu.png.crc32(data[-n:]) == zlib.crc32(data[-n:]), n
        assert _cpu.png.adler32(b"\xff" * n) == zlib.adler32(b"\xff" * n), n
