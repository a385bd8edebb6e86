"""A file that is not sound raises FormatError, which names the file and the fault."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.reference import png as reference
from tests.reference.png import GRAY, PALETTE, RGB, RGBA, Kind, Writer

if TYPE_CHECKING:
    from pathlib import Path

Chunks = list[tuple[bytes, bytes]]

IDS = np.array([[0, 1, 1, 70_000], [0, 2**24 - 1, 1, 5], [9, 9, 1, 5]], np.uint32)
RGB_KIND, PALETTE_KIND, ADAM7_KIND = Kind(RGB, 8), Kind(PALETTE, 8), Kind(RGB, 8, True)


def sound_chunks(kind: Kind = RGB_KIND) -> tuple[Chunks, np.ndarray]:
    """The chunks of a small file of that kind, with text, and its ids."""
    ids = IDS if kind.color in (RGB, RGBA) else IDS % (1 << kind.depth)
    start, *rest = Writer(kind, [0, 1, 2]).chunks(ids)
    return [start, (b"tEXt", b"Comment\0small"), *rest], ids


SMALL_KINDS = [Kind(RGB, 8), ADAM7_KIND, Kind(RGBA, 8), Kind(GRAY, 16), Kind(GRAY, 1), PALETTE_KIND]


def assert_refused(data: bytes, fault: str, **limits: int) -> None:
    with pytest.raises(pf.FormatError, match=f"^<bytes>: .*{fault}"):
        pf.png.read(data, **limits)


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_every_prefix(kind: Kind) -> None:
    chunks, ids = sound_chunks(kind)
    data = reference.join(chunks)
    np.testing.assert_array_equal(pf.png.read(data), ids)
    for length in range(len(data)):
        assert_refused(data[:length], "")


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_every_byte_changed(kind: Kind) -> None:
    """The signature, the lengths and the checksums leave no change unseen."""
    data = reference.join(sound_chunks(kind)[0])
    for at in range(len(data)):
        for change in (*(1 << bit for bit in range(8)), 0xFF, 0x7F):
            damaged = data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]
            assert_refused(damaged, "")


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_every_chunk_cut_short(kind: Kind) -> None:
    """With a length and a checksum that fit what is left."""
    chunks, ids = sound_chunks(kind)
    for index, (name, body) in enumerate(chunks):
        for length in range(len(body)):
            data = reference.join([*chunks[:index], (name, body[:length]), *chunks[index + 1 :]])
            if name == b"tEXt":
                np.testing.assert_array_equal(pf.png.read(data), ids)
            else:
                assert_refused(data, "")


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_every_byte_of_the_image_data_changed(kind: Kind) -> None:
    """With a CRC that fits: the zlib stream's own check is left."""
    chunks, ids = sound_chunks(kind)
    index = next(i for i, (name, _) in enumerate(chunks) if name == b"IDAT")
    stream = chunks[index][1]
    for at in range(len(stream)):
        for change in (*(1 << bit for bit in range(8)), 0xFF):
            damaged = stream[:at] + bytes([stream[at] ^ change]) + stream[at + 1 :]
            data = reference.join([*chunks[:index], (b"IDAT", damaged), *chunks[index + 1 :]])
            try:
                result = pf.png.read(data)
            except pf.FormatError:
                continue
            np.testing.assert_array_equal(result, ids)  # unused bits of the stream's last byte


@pytest.mark.parametrize("kind", SMALL_KINDS, ids=str)
def test_every_chunk_missing_doubled_or_moved(kind: Kind) -> None:
    chunks, ids = sound_chunks(kind)
    for index, moved in enumerate(chunks):
        others = [*chunks[:index], *chunks[index + 1 :]]
        if moved[0] == b"tEXt":
            np.testing.assert_array_equal(pf.png.read(reference.join(others)), ids)
            continue
        assert_refused(reference.join(others), "")
        assert_refused(reference.join([*chunks[: index + 1], moved, *chunks[index + 1 :]]), "")
        for place in range(len(others) + 1):
            arranged = [*others[:place], moved, *others[place:]]
            names = [name for name, _ in arranged if name != b"tEXt"]
            if (
                names == [name for name, _ in chunks if name != b"tEXt"]
                and arranged[0] == chunks[0]
            ):
                np.testing.assert_array_equal(pf.png.read(reference.join(arranged)), ids)
            else:
                assert_refused(reference.join(arranged), "")


def replaced(name: bytes, body: bytes, kind: Kind = RGB_KIND) -> bytes:
    chunks, _ = sound_chunks(kind)
    return reference.join([(n, body if n == name else b) for n, b in chunks])


def with_header(**changed: int) -> bytes:
    fields = {"width": 4, "height": 3, "depth": 8, "color": 2, "method": 0, "filters": 0, "lace": 0}
    return replaced(b"IHDR", struct.pack(">IIBBBBB", *(fields | changed).values()))


def with_lines(lines: bytes) -> bytes:
    return replaced(b"IDAT", zlib.compress(lines))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"width": 0}, "IHDR: expected a width from 1 to 2147483647, got 0"),
        ({"height": 0}, "IHDR: expected a height from 1 to 2147483647, got 0"),
        ({"width": 2**31}, "IHDR: expected a width .* got 2147483648"),
        ({"height": 2**32 - 1}, "IHDR: expected a height .* got 4294967295"),
        ({"width": 2**31 - 1, "height": 2**31 - 1}, "pixels are more than max_pixels = 268435456"),
        ({"width": 2**14 + 1, "height": 2**14}, "16385 x 16384 pixels are more than max_pixels"),
        ({"width": 2**14, "height": 2**14}, "image data: too little, the image takes 805322752"),
        ({"height": 4}, "image data: too little, the image takes 52 bytes"),
        ({"height": 2}, "image data: too much, the image takes 26 bytes"),
        ({"width": 3}, "image data: too much"),
        ({"depth": 7}, "IHDR: expected a depth that PNG has for RGB, got 7"),
        ({"depth": 0}, "IHDR: expected a depth"),
        ({"depth": 4}, "IHDR: expected a depth"),
        ({"depth": 16}, "RGB of 16 bits holds no ids"),
        ({"color": 6, "depth": 16}, "RGBA of 16 bits holds no ids"),
        ({"color": 4}, "gray with alpha holds no ids"),
        ({"color": 4, "depth": 2}, "IHDR: expected a depth that PNG has for gray with alpha"),
        ({"color": 1}, "IHDR: expected a color type of 0, 2, 3, 4 or 6, got 1"),
        ({"color": 7}, "IHDR: expected a color type"),
        ({"color": 3}, "the palette .PLTE. is missing"),
        ({"color": 3, "depth": 16}, "IHDR: expected a depth that PNG has for a palette, got 16"),
        ({"method": 1}, "IHDR: compression method 1 is not in PNG"),
        ({"filters": 64}, "IHDR: filter method 64 is not in PNG"),
        ({"lace": 2}, "IHDR: interlace method 2 is not in PNG"),
        ({"lace": 1}, "image data: too little"),
    ],
)
def test_lying_headers(changed: dict[str, int], fault: str) -> None:
    assert_refused(with_header(**changed), fault)


def test_sizes_that_no_memory_holds() -> None:
    """Whatever the limit: nothing is allocated that the data cannot fill."""
    for width, height in ((2**31 - 1, 2**31 - 1), (1, 2**31 - 1), (2**31 - 1, 1), (2**20, 2**20)):
        assert_refused(with_header(width=width, height=height), "", max_pixels=2**80)


@pytest.mark.parametrize("filter_type", [5, 6, 128, 255])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_bad_filters(filter_type: int, row: int) -> None:
    lines = bytearray(Writer(Kind(RGB, 8)).lines(IDS))
    lines[13 * row] = filter_type
    fault = f"image data: row {row}: expected a filter type from 0 to 4, got {filter_type}"
    assert_refused(with_lines(bytes(lines)), fault)
    interlaced = bytearray(Writer(ADAM7_KIND).lines(IDS))
    interlaced[-13] = filter_type
    assert_refused(
        replaced(b"IDAT", zlib.compress(bytes(interlaced)), ADAM7_KIND), "expected a filter type"
    )


def test_image_data_of_another_size() -> None:
    lines = Writer(Kind(RGB, 8)).lines(IDS)
    for missing in (1, 12, 13, len(lines)):
        assert_refused(with_lines(lines[:-missing]), "image data: too little, .* 39 bytes")
    for extra in (1, 13, 1000):
        assert_refused(with_lines(lines + bytes(extra)), "image data: too much, .* 39 bytes")


def test_streams_that_are_none() -> None:
    stream = zlib.compress(Writer(Kind(RGB, 8)).lines(IDS))
    adler = stream[:-1] + bytes([stream[-1] ^ 1])
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = squeeze.compress(b"x") + squeeze.flush()
    dictionary = zlib.compressobj(zdict=b"\0" * 10)
    primed = dictionary.compress(Writer(Kind(RGB, 8)).lines(IDS)) + dictionary.flush()
    for damaged, fault in (
        (adler, "image data: the Adler-32 is wrong"),
        (stream + b"\0", "image data: 1 bytes after the compressed stream"),
        (stream + stream, "bytes after the compressed stream"),
        (stream[:-1], "image data: "),
        (stream[:-5], "image data: the compressed stream is corrupt or cut off"),
        (b"", "image data: too little"),
        (stream[:2], "image data: 2 bytes are no zlib stream"),
        (raw + bytes(6), "image data: no zlib stream"),
        (b"\x88\x1c" + stream[2:], "image data: no zlib stream"),  # a window larger than 32 KiB
        (primed, "image data: no zlib stream"),
        (b"\x78\x9c\x07" + bytes(8), "corrupt or cut off"),  # a block of the reserved type
    ):
        assert_refused(replaced(b"IDAT", damaged), fault)


def test_chunk_faults() -> None:
    chunks, _ = sound_chunks()
    data = reference.join(chunks)
    header, text, (_, stream), end = chunks
    for arranged, fault in (
        ([header, text, (b"IDAT", stream)], r"the file ends after \d+ bytes, without a whole IEND"),
        ([text, header, (b"IDAT", stream), end], "tEXt at byte 8: expected IHDR first"),
        ([header, header, (b"IDAT", stream), end], "IHDR at byte 33: a second IHDR"),
        ([header, text, end], "IEND at byte 58: no IDAT before it"),
        ([header, (b"IDAT", b""), end], "image data: too little"),
        (
            [header, (b"IDAT", stream[:9]), text, (b"IDAT", stream[9:]), end],
            "IDAT at byte 79: stands apart from the IDAT before it",
        ),
        (
            [header, (b"IDAT", stream), (b"IEND", b"x")],
            r"IEND at byte \d+: expected 0 bytes, got 1",
        ),
        ([header, (b"JUNK", b""), (b"IDAT", stream), end], "JUNK at byte 33: an unknown chunk"),
        ([header, (b"CgBI", b""), (b"IDAT", stream), end], "CgBI at byte 33: an unknown chunk"),
        ([header, (b"ID\0T", stream), end], r"ID\\x00T at byte 33: no chunk has such a type"),
        ([header, (b"te t", b""), (b"IDAT", stream), end], r"te\\x20t at byte 33"),
    ):
        assert_refused(reference.join(arranged), fault)
    assert_refused(data + b"\n", "1 bytes after IEND, its end")
    assert_refused(data + data, f"{len(data)} bytes after IEND")
    assert_refused(data[:20] + b"\1" + data[21:], "IHDR at byte 8: the CRC is wrong")
    for length, fault in (
        (2**31, "claims 2147483648 bytes, more than PNG's"),
        (999, "the file has"),
    ):
        lying = data[:33] + struct.pack(">I", length) + data[37:]
        assert_refused(lying, f"tEXt at byte 33: .*{fault}")


def test_palette_faults() -> None:
    (header, text, palette, image, end), _ = sound_chunks(PALETTE_KIND)
    for arranged, fault in (
        ([header, text, image, end], "the palette .PLTE. is missing"),
        ([header, image, palette, end], "the palette .PLTE. is missing"),
        ([header, palette, palette, image, end], "PLTE at byte 48: a second palette"),
        ([header, (b"PLTE", b""), image, end], "expected 1 to 256 colors of 3 bytes, got 0 bytes"),
        ([header, (b"PLTE", bytes(4)), image, end], "expected 1 to 256 colors"),
        ([header, (b"PLTE", bytes(771)), image, end], "expected 1 to 256 colors"),
    ):
        assert_refused(reference.join(arranged), fault)
    (header, _, image, end), _ = sound_chunks(Kind(GRAY, 8))
    assert_refused(reference.join([header, palette, image, end]), "a palette in a gray image")
    (header, _, image, end), _ = sound_chunks()
    assert_refused(reference.join([header, image, palette, end]), "the palette stands after IDAT")
    small = Kind(PALETTE, 1)
    (header, _, _, image, end), _ = sound_chunks(small)
    data = reference.join([header, (b"PLTE", bytes(9)), image, end])
    assert_refused(data, "expected 1 to 2 colors")


@pytest.mark.parametrize(
    "data", [b"GIF89a", b"\xff\xd8\xff\xe0", b"<svg>", b"\x89PNG\n\x1a\n", b"{}"]
)
def test_other_formats(data: bytes) -> None:
    assert_refused(data, "no PNG file: the signature is missing")


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    """A stream as small as DEFLATE makes it, of an honest size, beyond the limit."""
    kind = Kind(GRAY, 1)
    width = height = 40_000
    squeeze = zlib.compressobj(9)
    stream = b"".join(squeeze.compress(bytes(5001)) for _ in range(height)) + squeeze.flush()
    chunks = [(b"IHDR", reference.header(kind, width, height)), (b"IDAT", stream), (b"IEND", b"")]
    data = reference.join(chunks)
    assert len(data) < 250_000
    assert_refused(data, "40000 x 40000 pixels are more than max_pixels = 268435456")
    assert_refused(data, "max_pixels = 1599999999", max_pixels=40_000 * 40_000 - 1)


def test_limit() -> None:
    data = reference.join(sound_chunks()[0])
    assert pf.png.read(data, max_pixels=12).shape == (3, 4)
    assert_refused(data, "4 x 3 pixels are more than max_pixels = 11", max_pixels=11)
    for limit in (0, -1):
        with pytest.raises(ValueError, match="max_pixels: expected a positive number"):
            pf.png.read(data, max_pixels=limit)
    wrong: Any = 1.5
    with pytest.raises(TypeError, match="max_pixels: expected an integer, got float"):
        pf.png.read(data, max_pixels=wrong)


def test_files_are_named(tmp_path: Path) -> None:
    for name in ("damaged.png", "schön.png", b"not \xff text.png".decode(errors="surrogateescape")):
        path = tmp_path / name
        path.write_bytes(reference.join(sound_chunks()[0])[:-1])
        with pytest.raises(pf.FormatError) as caught:
            pf.png.read(path)
        assert str(caught.value).startswith(f"{path}: the file ends after ")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "missing.png"
    with pytest.raises(FileNotFoundError) as caught:
        pf.png.read(missing)
    assert caught.value.filename == str(missing)
    with pytest.raises(IsADirectoryError):
        pf.png.read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        pf.png.read(tmp_path / "file" / "x.png")
    with pytest.raises(ValueError, match="null byte"):
        pf.png.read("a\0b.png")
    with pytest.raises(pf.FormatError, match="ends after 0 bytes"):
        pf.png.read(tmp_path / "file")


def test_sources_that_are_none() -> None:
    nothing: Any
    for nothing in (None, 7, ["a.png"], object()):
        with pytest.raises(TypeError, match="source: expected a path or bytes, got"):
            pf.png.read(nothing)
    with pytest.raises(BufferError):
        pf.png.read(memoryview(bytes(20))[::2])
    with pytest.raises(pf.FormatError):
        pf.png.read(b"")
