"""`read` equals the reference on every kind of file, on every instruction set."""

from __future__ import annotations

import io
import mmap
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from panfuse import _cpu
from tests.reference import png as reference
from tests.reference.png import GRAY, GRAY_ALPHA, KINDS, PALETTE, RGB, RGBA, Kind, Writer

if TYPE_CHECKING:
    from pathlib import Path


def most_id(kind: Kind) -> int:
    return 2 ** (24 if kind.color in (RGB, RGBA) else kind.depth) - 1


def label_map(rng: np.random.Generator, shape: tuple[int, int], most: int) -> np.ndarray:
    """Blocks of few ids, the largest among them, with some noise."""
    height, width = shape
    step = int(rng.integers(1, 9))
    ids = rng.integers(0, most + 1, 1 + int(rng.integers(1, 7)))
    ids[0] = most
    blocks = rng.integers(0, len(ids), (height // step + 1, width // step + 1))
    result = ids[np.kron(blocks, np.ones((step, step), int))[:height, :width]]
    noisy = rng.random(shape) < rng.choice([0, 0.02, 1])
    return np.where(noisy, rng.integers(0, most + 1, shape), result).astype(np.uint32)


def assert_decoded(data: bytes, expected: np.ndarray) -> None:
    """The public function, and the rows with their changes."""
    ids = pf.png.read(data)
    assert ids.dtype == np.uint32
    np.testing.assert_array_equal(ids, expected)
    rows, words = _cpu.png.decode_rows(data)
    np.testing.assert_array_equal(rows, expected)
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little").astype(bool)
    width = expected.shape[1]
    changes = np.ones_like(expected, bool)
    changes[:, 1:] = expected[:, 1:] != expected[:, :-1]
    np.testing.assert_array_equal(bits[:, :width], changes)
    assert not bits[:, width:].any()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_filter_and_small_size(isa: str, kind: Kind) -> None:
    rng = np.random.default_rng(kind.color * 100 + kind.depth)
    for width in (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 70):
        height = int(rng.integers(1, 12))
        ids = label_map(rng, (height, width), most_id(kind))
        data = Writer(kind, [int(f) for f in rng.permutation(5)], [0, 255, 7]).write(ids)
        assert_decoded(data, ids)
    np.testing.assert_array_equal(reference.read(data), ids)


@pytest.mark.parametrize("filter_type", range(5))
def test_rgb_rows_of_every_width(isa: str, filter_type: int) -> None:
    """Vectors, words of 64 pixels, and blocks of 2048 begin and end everywhere."""
    rng = np.random.default_rng(filter_type)
    for width in (*range(1, 131), 191, 192, 193, 640, 2047, 2048, 2049, 2050, 2111, 2113, 4099):
        ids = label_map(rng, (4, width), 2**24 - 1)
        assert_decoded(fast_write(ids, filter_type), ids)


def fast_write(ids: np.ndarray, filter_type: int) -> bytes:
    """An RGB file by NumPy, for images that are too large for the reference writer."""
    height, width = ids.shape
    rgb = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], -1).astype(np.uint8)
    rows = rgb.reshape(height, -1)
    up = np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    left, corner = np.zeros_like(rows), np.zeros_like(rows)
    left[:, 3:], corner[:, 3:] = rows[:, :-3], up[:, :-3]
    a, b, c = (side.astype(np.int16) for side in (left, up, corner))
    pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    paeth = np.where((pa <= pb) & (pa <= pc), a, np.where(pb <= pc, b, c))
    guess = (0 * a, a, b, (a + b) // 2, paeth)[filter_type]
    lines = np.empty((height, 1 + 3 * width), np.uint8)
    lines[:, 0] = filter_type
    lines[:, 1:] = (rows - guess).astype(np.uint8)
    kind = Kind(RGB, 8)
    chunks = [
        (b"IHDR", reference.header(kind, width, height)),
        (b"IDAT", Writer(kind, level=1).compress(lines.tobytes())),
        (b"IEND", b""),
    ]
    return reference.join(chunks)


@settings(max_examples=150)
@given(st.data())
def test_any_file(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    shape = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 70)))
    filters = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    ids = label_map(rng, shape, most_id(kind))
    level = data.draw(st.sampled_from([0, 1, 6, 9]))
    strategy = data.draw(st.integers(0, 4))
    written = Writer(kind, filters, [0, 9, 255], level, strategy).write(ids)
    before = _cpu.isa_current()
    try:
        for isa in _cpu.isa_available():
            _cpu.isa_use(isa)
            assert_decoded(written, ids)
    finally:
        _cpu.isa_use(before)


@pytest.mark.parametrize("width", [1, 3, 64, 77])
def test_extreme_residuals(isa: str, width: int) -> None:
    """Bytes of 0 and 255 side by side: every sum wraps, every tie of Paeth occurs."""
    rng = np.random.default_rng(1)
    values = np.array([0, 1, 127, 128, 254, 255])
    planes = rng.choice(values, (3, 20, width)).astype(np.uint32)
    ids = planes[0] + 256 * planes[1] + 65536 * planes[2]
    for filter_type in range(5):
        assert_decoded(fast_write(ids, filter_type), ids)


def test_unused_bits_do_not_count() -> None:
    for kind, first, last in ((Kind(GRAY, 1), 1, 0x7F), (Kind(GRAY, 2), 3, 0x3F)):
        lines = bytes([0, first << (8 - kind.depth) | last])
        stream = Writer(kind).compress(lines)
        chunks = [(b"IHDR", reference.header(kind, 1, 1)), (b"IDAT", stream), (b"IEND", b"")]
        assert pf.png.read(reference.join(chunks)).tolist() == [[first]]


MAP = label_map(np.random.default_rng(5), (9, 33), 2**24 - 1)
RGB_WRITER = Writer(Kind(RGB, 8), [0, 1, 2, 3, 4])


@pytest.mark.parametrize("color", [RGB, RGBA, PALETTE, GRAY])
def test_other_chunks_change_nothing(color: int) -> None:
    kind = Kind(color, 8)
    ids = MAP % (most_id(kind) + 1)
    start, *rest = Writer(kind).chunks(ids)
    transparent = {RGB: bytes(6), GRAY: bytes(2), PALETTE: b"\0", RGBA: b""}[color]
    others = [
        (b"gAMA", b"\0\0\xb1\x8f"),
        (b"cHRM", bytes(32)),
        (b"sRGB", b"\0"),
        (b"iCCP", b"not a profile"),
        (b"tRNS", transparent),
        (b"sBIT", b"\3\3\3"),
        (b"tEXt", b"Comment\0id = 7"),
        (b"pHYs", bytes(9)),
        (b"prVt", b"private"),
    ]
    expected = ids
    np.testing.assert_array_equal(pf.png.read(reference.join([start, *others, *rest])), expected)
    *rest, end = rest
    for other in (b"tEXt", b"tIME", b"gAMA"):  # gAMA out of place: still nothing but gamma
        data = reference.join([start, *rest, (other, b"x"), end])
        np.testing.assert_array_equal(pf.png.read(data), expected)


def test_colors_of_a_palette_do_not_count() -> None:
    kind = Kind(PALETTE, 4)
    ids = MAP % 16
    start, (_, _), *rest = Writer(kind).chunks(ids)
    for colors in (1, 7, 16):  # also fewer than the indices need
        data = reference.join([start, (b"PLTE", bytes(range(3 * colors))), *rest])
        np.testing.assert_array_equal(pf.png.read(data), ids)
    rgb_start, *rgb_rest = RGB_WRITER.chunks(MAP)  # a suggested palette
    data = reference.join([rgb_start, (b"PLTE", bytes(768)), *rgb_rest])
    np.testing.assert_array_equal(pf.png.read(data), MAP)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_split_image_data(size: int) -> None:
    start, (_, stream), end = RGB_WRITER.chunks(MAP)
    parts = [(b"IDAT", stream[i : i + size]) for i in range(0, len(stream), size)]
    parts.insert(1, (b"IDAT", b""))  # an empty chunk in between is legal (11.2.3)
    data = reference.join([start, (b"IDAT", b""), *parts, (b"IDAT", b""), end])
    np.testing.assert_array_equal(pf.png.read(data), MAP)


def test_sources(tmp_path: Path) -> None:
    data = RGB_WRITER.write(MAP)
    path = tmp_path / "ids ü.png"
    path.write_bytes(data)
    odd = np.frombuffer(b"x" + data, np.uint8)[1:]
    sources: list[Any] = [path, str(path), data, bytearray(data), memoryview(data), odd]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        np.testing.assert_array_equal(pf.png.read(mapped), MAP)
    for source in sources:
        ids = pf.png.read(source)
        np.testing.assert_array_equal(ids, MAP)
        assert ids.flags.owndata
        assert ids.flags.writeable
        assert ids.flags.c_contiguous


def test_pipe(tmp_path: Path) -> None:
    """A file whose size the system does not tell, and which nobody fills while the GIL is held."""
    rng = np.random.default_rng(2)
    ids = rng.integers(0, 2**24, (300, 300), dtype=np.uint32)  # more than the pipe's first room
    data = fast_write(ids, 0)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,))
    writer.start()
    np.testing.assert_array_equal(pf.png.read(path), ids)
    writer.join()


def test_config_says_what_compresses(capsys: pytest.CaptureFixture[str]) -> None:
    pf.show_config()
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert ["PNG", "compression", _cpu.png.codec] in lines


def test_threads() -> None:
    data = [RGB_WRITER.write(MAP ^ np.uint32(k)) for k in range(4)]
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(50):
            if not np.array_equal(pf.png.read(data[k]), MAP ^ np.uint32(k)):
                wrong.append(k)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def pillow_ids(source: Any) -> np.ndarray:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with image.open(source) as opened:
        pixels = np.asarray(opened)
    if pixels.ndim == 3:
        rgb = pixels[..., :3].astype(np.uint32)
        return rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
    return pixels.astype(np.uint32)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "I;16"])
def test_what_pillow_writes(isa: str, mode: str) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    rng = np.random.default_rng(3)
    for width in (1, 5, 64, 129):
        most = {"I;16": 2**16, "1": 2}.get(mode, 256)
        planes = {"RGB": (3,), "RGBA": (4,)}.get(mode, ())
        blocks = rng.integers(0, most, (5, width, *planes))
        pixels = np.repeat(blocks, 3, axis=0)
        if mode == "1":
            picture = image.fromarray(pixels.astype(bool))
        elif mode == "P":
            picture = image.fromarray(pixels.astype(np.uint8))
            picture.putpalette(bytes(768))
        else:
            picture = image.fromarray(pixels.astype(np.uint16 if mode == "I;16" else np.uint8))
        assert picture.mode == mode
        file = io.BytesIO()
        picture.save(file, "PNG", optimize=width == 5)
        expected = pillow_ids(file)
        assert_decoded(file.getvalue(), expected)


@pytest.mark.parametrize(
    "folder",
    [
        "coco_panoptic_sample/panoptic_examples",
        "coco_panoptic_sample/panoptic_examples_2ch_format",
        "dsb2018/panoptic/gt",
        "dsb2018/panoptic/pred",
        "dsb2018/labels",
        "dsb2018/pred_otsu_labels",
    ],
)
def test_real_files(data: Path, folder: str) -> None:
    paths = sorted((data / folder).glob("*.png"))
    assert paths
    if len(paths) > 100:  # Pillow takes most of the time
        paths = paths[::4]
    before = _cpu.isa_current()
    for path in paths:
        expected = pillow_ids(path)
        for isa in _cpu.isa_available():
            _cpu.isa_use(isa)
            np.testing.assert_array_equal(pf.png.read(path), expected, err_msg=path.name)
    _cpu.isa_use(before)


def test_gray_alpha_is_no_label_map() -> None:
    for kind in (Kind(GRAY_ALPHA, 8), Kind(GRAY_ALPHA, 16), Kind(RGB, 16), Kind(RGBA, 16)):
        chunks = [(b"IHDR", reference.header(kind, 1, 1)), (b"IDAT", b"x"), (b"IEND", b"")]
        with pytest.raises(pf.FormatError, match=r"<bytes>: .* holds no ids"):
            pf.png.read(reference.join(chunks))
