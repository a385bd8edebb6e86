"""Overlays and the PNG writer."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panfuse.categories import Categories
from panfuse.panoptic import Panoptic
from panfuse.report import overlay, write_png
from panfuse.scenes import street
from panfuse.segments import Segments

if TYPE_CHECKING:
    from pathlib import Path

CITYSCAPES = Categories.cityscapes()


def read_png(path: Path) -> np.ndarray:
    """An RGB PNG by the letter of the specification, checksums included."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(kind + body)
        chunks.append((kind, body))
        at += 12 + length
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    assert rest == [8, 2, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[1][1]), np.uint8).reshape(height, -1)
    assert lines.shape[1] == 1 + 3 * width
    pixels = np.zeros((height + 1, 3 * width + 3), np.int64)
    for y in range(height):
        for k in range(3 * width):
            a, b, c = int(pixels[y + 1, k]), int(pixels[y, k + 3]), int(pixels[y, k])
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            predicted = {0: 0, 1: a, 2: b, 4: paeth}[int(lines[y, 0])]
            pixels[y + 1, k + 3] = (int(lines[y, k + 1]) + predicted) % 256
    return pixels[1:, 3:].reshape(height, width, 3).astype(np.uint8)


def panoptic_of(ids: list[list[int]], category_ids: list[int]) -> Panoptic:
    segments = Segments(
        list(range(1, len(category_ids) + 1)),
        category_ids,
        [category in CITYSCAPES.thing_ids for category in category_ids],
    )
    return Panoptic(np.array(ids, np.int32), segments, categories=CITYSCAPES)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_png_round_trip(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, seed: int, step: int
) -> None:
    """Noise, and pictures smooth enough for each filter to win."""
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256 if step == 0 else 2, (height, width, 3))
    if step & 1:
        rgb = rgb.cumsum(0)
    if step & 2:
        rgb = rgb.cumsum(1) * 3
    rgb = (rgb % 256).astype(np.uint8)
    path = tmp_path_factory.mktemp("png") / "picture.png"
    write_png(path, rgb)
    np.testing.assert_array_equal(read_png(path), rgb)


def test_png_against_pillow(tmp_path: Path) -> None:
    """More rows than are filtered at a time."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    rgb = street((600, 200)).image
    path = tmp_path / "scene.png"
    write_png(path, rgb)
    with image.open(path) as picture:
        picture.load()
        assert picture.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(picture), rgb)


def test_png_filters_pay(tmp_path: Path) -> None:
    scene = street((240, 320))
    path = tmp_path / "scene.png"
    write_png(path, scene.image)
    assert path.stat().st_size < 0.85 * len(zlib.compress(scene.image.tobytes(), 6))


def test_png_accepts_strided_pictures(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (9, 14, 3)).astype(np.uint8)
    write_png(tmp_path / "strided.png", rgb[::2, ::-1])
    np.testing.assert_array_equal(read_png(tmp_path / "strided.png"), rgb[::2, ::-1])


@pytest.mark.parametrize(
    ("rgb", "error", "message"),
    [
        (np.zeros((2, 2, 3)), TypeError, "rgb: expected dtype uint8, got float64"),
        (np.zeros((2, 2), np.uint8), ValueError, r"rgb: expected shape .* got \(2, 2\)"),
        (np.zeros((2, 2, 4), np.uint8), ValueError, r"rgb: expected shape .* got \(2, 2, 4\)"),
        (np.zeros((0, 2, 3), np.uint8), ValueError, r"rgb: expected shape .* got \(0, 2, 3\)"),
    ],
)
def test_png_bad_input(
    tmp_path: Path, rgb: np.ndarray, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        write_png(tmp_path / "bad.png", rgb)
    assert not list(tmp_path.iterdir())


def test_stuff_has_the_color_of_its_category() -> None:
    drawn = overlay(panoptic_of([[1, 1], [2, 2]], [0, 10]), boundaries=False)
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn[0], [CITYSCAPES[0].color] * 2)
    np.testing.assert_array_equal(drawn[1], [CITYSCAPES[10].color] * 2)


def test_things_of_one_category_differ_in_shade() -> None:
    ids = np.arange(1, 31, dtype=np.int32).reshape(5, 6)
    drawn = overlay(panoptic_of(ids.tolist(), [13] * 30), boundaries=False)
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) == 30
    assert (drawn[..., 2] >= drawn[..., 0]).all()


def test_void_is_hatched() -> None:
    drawn = overlay(panoptic_of([[0] * 20] * 20, []))
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) == 2
    assert drawn.max() < 80


def test_borders() -> None:
    ids = [[1, 1, 1, 1, 1, 1], [1, 3, 3, 3, 1, 2], [1, 3, 3, 3, 1, 2], [1, 3, 3, 3, 1, 2]]
    plain = overlay(panoptic_of(ids, [0, 1, 13]), boundaries=False).astype(int)
    drawn = overlay(panoptic_of(ids, [0, 1, 13])).astype(int)
    thing = np.array(ids) == 3
    inner = thing.copy()
    inner[:3, [1, 3]] = inner[1, :] = inner[3, [1, 3]] = False
    assert (drawn[thing & ~inner].min(axis=-1) >= 180).all()
    np.testing.assert_array_equal(drawn[inner], plain[inner])
    assert (drawn[2, 4:] < plain[2, 4:]).all()
    np.testing.assert_array_equal(drawn[0, 0], plain[0, 0])


def test_alpha_mixes_with_the_image() -> None:
    panoptic = panoptic_of([[1, 1]], [0])
    image = np.full((1, 2, 3), 10, np.uint8)
    color = np.array(CITYSCAPES[0].color)
    np.testing.assert_array_equal(overlay(panoptic, image, alpha=0)[0, 0], [10] * 3)
    np.testing.assert_array_equal(overlay(panoptic, image, alpha=1)[0, 0], color)
    half = overlay(panoptic, image, alpha=0.5)[0, 0].astype(int)
    assert np.abs(2 * half - color - 10).max() <= 1
    assert (image == 10).all()


def test_marked_segments_are_outlined_in_red() -> None:
    scene = street((120, 160), seed=1)
    segment = int(scene.panoptic.segments.id[-1])
    drawn = overlay(scene.panoptic, scene.image, mark=[segment])
    red = (drawn == (255, 32, 32)).all(-1)
    mask = scene.panoptic.ids == segment
    assert red.any()
    assert (mask[red]).all()
    plain = overlay(scene.panoptic, scene.image)
    np.testing.assert_array_equal(drawn[~mask], plain[~mask])


def test_sparse_ids_and_other_dtypes() -> None:
    ids = np.array([[0, 7, 7], [2**31 - 1, 7, 0]], np.int64)
    segments = Segments([7, 2**31 - 1], [0, 13], [False, True])
    dense = panoptic_of([[0, 1, 1], [2, 1, 0]], [0, 13])
    sparse = Panoptic(ids, segments, categories=CITYSCAPES)
    np.testing.assert_array_equal(overlay(sparse), overlay(dense))


def test_categories_argument() -> None:
    segments = Segments([1], [5], [False])
    panoptic = Panoptic(np.ones((2, 2), np.int32), segments)
    categories = Categories([5], ["grass"], [False], colors=[(1, 2, 3)])
    assert overlay(panoptic, categories=categories)[0, 0].tolist() == [1, 2, 3]


def test_bad_input() -> None:
    panoptic = panoptic_of([[1, 1]], [0])
    with pytest.raises(TypeError, match="panoptic: expected a Panoptic, got ndarray"):
        overlay(np.zeros((2, 2)))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"categories: expected a Categories, .* got list"):
        overlay(panoptic, categories=[])  # type: ignore[arg-type]
    bare = Panoptic(panoptic.ids, panoptic.segments)
    with pytest.raises(TypeError, match=r"categories: .* none there either"):
        overlay(bare)
    other = Categories([5], ["grass"], [False])
    with pytest.raises(ValueError, match=r"categories: .* got 0"):
        overlay(bare, categories=other)
    volume = Panoptic(np.ones((2, 2, 2), np.int32), Segments([1], [0], [False], bbox=[[-1] * 6]))
    with pytest.raises(ValueError, match=r"panoptic.ids: expected shape \(H, W\), got \(2, 2, 2\)"):
        overlay(volume, categories=CITYSCAPES)
    with pytest.raises(ValueError, match=r"image: expected shape \(1, 2, 3\), got \(2, 1, 3\)"):
        overlay(panoptic, np.zeros((2, 1, 3), np.uint8))
    with pytest.raises(TypeError, match="image: expected dtype uint8, got float32"):
        overlay(panoptic, np.zeros((1, 2, 3), np.float32))
    with pytest.raises(ValueError, match=r"alpha: expected a number from 0 to 1, got 1.5"):
        overlay(panoptic, alpha=1.5)
    with pytest.raises(ValueError, match="got 9"):
        overlay(panoptic, mark=[9])
    known = Segments([1], [0], [False], area=[2], bbox=[[0, 0, 2, 1]])
    unknown = Panoptic(np.full((1, 2), 3, np.int32), known)
    with pytest.raises(ValueError, match=r"panoptic.ids: expected ids of its 1 segments, got 3"):
        overlay(unknown, categories=CITYSCAPES)
