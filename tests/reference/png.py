"""PNG, literally from its specification (W3C, third edition), a byte at a time.

The oracle of tests/png: what a sound file holds, and a writer for every kind of file.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
# 8.2: the first column and row of each pass, and its steps.
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True)
class Kind:
    """What IHDR says beside the size."""

    color: int
    depth: int
    interlaced: bool = False

    @property
    def pixel_bits(self) -> int:
        return CHANNELS[self.color] * self.depth

    @property
    def step(self) -> int:
        """Bytes to the corresponding byte of the pixel on the left, at least 1."""
        return max(1, self.pixel_bits // 8)

    def row_bytes(self, width: int) -> int:
        return (width * self.pixel_bits + 7) // 8


KINDS = [
    Kind(color, depth, interlaced)
    for color, depths in {
        GRAY: (1, 2, 4, 8, 16),
        PALETTE: (1, 2, 4, 8),
        RGB: (8,),
        RGBA: (8,),
    }.items()
    for depth in depths
    for interlaced in (False, True)
]


def passes(kind: Kind, width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    for x0, y0, dx, dy in ADAM7 if kind.interlaced else ((0, 0, 1, 1),):
        if x0 < width and y0 < height:  # an empty pass has no rows, and no filter bytes
            yield x0, y0, dx, dy


def paeth(a: int, b: int, c: int) -> int:
    """9.4, with a on the left, b above, c above and on the left."""
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    if pa <= pb and pa <= pc:
        return a
    return b if pb <= pc else c


PREDICTORS: tuple[Callable[[int, int, int], int], ...] = (
    lambda a, b, c: 0,
    lambda a, b, c: a,
    lambda a, b, c: b,
    lambda a, b, c: (a + b) // 2,
    paeth,
)


def predicted(filter_type: int, row: bytearray, above: bytes, i: int, step: int) -> int:
    a = row[i - step] if i >= step else 0
    c = above[i - step] if i >= step else 0
    return PREDICTORS[filter_type](a, above[i], c)


def unfilter(filter_type: int, line: bytes, above: bytes, step: int) -> bytes:
    row = bytearray(line)
    for i in range(len(row)):
        row[i] = (row[i] + predicted(filter_type, row, above, i, step)) % 256
    return bytes(row)


def filtered(filter_type: int, row: bytes, above: bytes, step: int) -> bytes:
    known = bytearray(row)
    return bytes(
        (row[i] - predicted(filter_type, known, above, i, step)) % 256 for i in range(len(row))
    )


def samples(kind: Kind, row: bytes, width: int) -> list[list[int]]:
    """7.2: the samples of each pixel, most significant bits first."""
    bits = "".join(f"{byte:08b}" for byte in row)
    pixels = []
    for x in range(width):
        pixel = bits[x * kind.pixel_bits : (x + 1) * kind.pixel_bits]
        pixels.append([int(pixel[i : i + kind.depth], 2) for i in range(0, len(pixel), kind.depth)])
    return pixels


def pack(kind: Kind, pixels: list[list[int]]) -> bytes:
    bits = "".join(f"{sample:0{kind.depth}b}" for pixel in pixels for sample in pixel)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def to_id(kind: Kind, pixel: list[int]) -> int:
    if kind.color in (RGB, RGBA):
        return pixel[0] + 256 * pixel[1] + 65536 * pixel[2]
    return pixel[0]


def to_pixel(kind: Kind, value: int, alpha: int) -> list[int]:
    if kind.color in (RGB, RGBA):
        color = [value % 256, value // 256 % 256, value // 65536]
        return [*color, alpha] if kind.color == RGBA else color
    return [value]


def read_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    assert data[:8] == SIGNATURE
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(name + body)
        chunks.append((name, body))
        at += 12 + length
    return chunks


def read(data: bytes) -> np.ndarray:
    """Decode a sound file."""
    chunks = read_chunks(data)
    width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    kind = Kind(color, depth, interlace == 1)
    stream = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    ids = np.zeros((height, width), np.uint32)
    at = 0
    for x0, y0, dx, dy in passes(kind, width, height):
        columns = range(x0, width, dx)
        n = kind.row_bytes(len(columns))
        above = bytes(n)
        for y in range(y0, height, dy):
            above = unfilter(stream[at], stream[at + 1 : at + 1 + n], above, kind.step)
            at += 1 + n
            for x, pixel in zip(columns, samples(kind, above, len(columns)), strict=True):
                ids[y, x] = to_id(kind, pixel)
    assert at == len(stream)
    return ids


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(kind: Kind, width: int, height: int) -> bytes:
    fields = (width, height, kind.depth, kind.color, 0, 0, int(kind.interlaced))
    return struct.pack(">IIBBBBB", *fields)


@dataclass
class Writer:
    """A file of any kind. Filter types and alphas are taken in turn."""

    kind: Kind
    filters: list[int] = field(default_factory=lambda: [0])
    alphas: list[int] = field(default_factory=lambda: [255])
    level: int = 6
    strategy: int = zlib.Z_DEFAULT_STRATEGY

    def lines(self, ids: np.ndarray) -> bytes:
        """Every row of every pass, filtered."""
        kind, (height, width) = self.kind, ids.shape
        out, count, pixels = bytearray(), 0, 0
        for x0, y0, dx, dy in passes(kind, width, height):
            above = b""
            for y in range(y0, height, dy):
                row = []
                for x in range(x0, width, dx):
                    alpha = self.alphas[pixels % len(self.alphas)]
                    row.append(to_pixel(kind, int(ids[y, x]), alpha))
                    pixels += 1
                line = pack(kind, row)
                above = above or bytes(len(line))
                filter_type = self.filters[count % len(self.filters)]
                out.append(filter_type)
                out += filtered(filter_type, line, above, kind.step)
                above = line
                count += 1
        return bytes(out)

    def compress(self, lines: bytes) -> bytes:
        squeeze = zlib.compressobj(self.level, zlib.DEFLATED, 15, 8, self.strategy)
        return squeeze.compress(lines) + squeeze.flush()

    def chunks(self, ids: np.ndarray) -> list[tuple[bytes, bytes]]:
        height, width = ids.shape
        palette = [(b"PLTE", bytes(3))] if self.kind.color == PALETTE else []
        return [
            (b"IHDR", header(self.kind, width, height)),
            *palette,
            (b"IDAT", self.compress(self.lines(ids))),
            (b"IEND", b""),
        ]

    def write(self, ids: np.ndarray) -> bytes:
        return join(self.chunks(ids))


def join(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return SIGNATURE + b"".join(chunk(name, body) for name, body in chunks)
