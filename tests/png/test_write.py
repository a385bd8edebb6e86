"""`write` stores every map that fits, small and sound, and refuses the others."""

from __future__ import annotations

import io
import os
import stat
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from panfuse import _cpu
from panfuse.scenes import street
from tests.reference import png as reference

if TYPE_CHECKING:
    from collections.abc import Iterable

DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def corner_ids(dtype: str) -> list[int]:
    most = 1 if dtype == "bool" else min(np.iinfo(dtype).max, 2**24 - 1)
    return sorted({i for i in (0, 1, 127, 255, 256, 65535, 65536, 2**23, 2**24 - 1) if i <= most})


@settings(max_examples=100)
@given(st.data())
def test_any_map_comes_back(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(st.tuples(st.integers(1, 70), st.integers(1, 70)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    change = data.draw(st.sampled_from([0.0, 0.02, 0.5, 1.0]))
    steps = np.cumsum(rng.random(shape[0] * shape[1]) < change)
    choice = corner_ids(dtype)
    ids = np.array(choice, dtype)[steps % len(choice)].reshape(shape)
    file = pf.png.write(ids)
    np.testing.assert_array_equal(pf.png.read(file), ids)
    if ids.size < 500:
        np.testing.assert_array_equal(reference.read(file), ids)


def test_the_file() -> None:
    """Three chunks, each of them plain."""
    ids = np.array([[1, 2**24 - 1]])
    (first, header), (second, stream), end = reference.read_chunks(pf.png.write(ids))
    assert (first, second, end) == (b"IHDR", b"IDAT", (b"IEND", b""))
    assert header == reference.header(reference.Kind(reference.RGB, 8), 2, 1)
    assert zlib.decompress(stream) == bytes([0, 1, 0, 0, 255, 255, 255])


def views() -> dict[str, np.ndarray]:
    a = np.repeat(np.random.default_rng(0).integers(0, 2**24, (20, 6, 4)), 5, axis=1)
    a = a[..., 0].astype(np.int32)
    unaligned = np.frombuffer(b"x" + a.tobytes(), np.int32, offset=1).reshape(a.shape)
    read_only = a.copy()
    read_only.flags.writeable = False
    return {
        "C": a,
        "Fortran": np.asfortranarray(a),
        "transposed": a.T,
        "reversed": a[::-1, ::-1],
        "every second": a[1::2, ::3],
        "crop": a[3:9, 5:20],
        "broadcast": np.broadcast_to(a[:1], (7, a.shape[1])),
        "broadcast pixel": np.broadcast_to(np.uint8(7), (3, 4)),
        "unaligned": unaligned,
        "read-only": read_only,
        "column": a[:, :1],
    }


@pytest.mark.parametrize("name", list(views()))
def test_any_layout(name: str) -> None:
    ids = views()[name]
    np.testing.assert_array_equal(pf.png.read(pf.png.write(ids)), ids)


def test_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ids = torch.arange(12, dtype=torch.int64).reshape(3, 4)
    np.testing.assert_array_equal(pf.png.read(pf.png.write(ids)), ids.numpy())
    assert pf.png.write(ids.T) == pf.png.write(ids.numpy().T)


def test_without_a_library() -> None:
    """Python's zlib stands in where neither libdeflate nor zlib was found."""
    ids = street((60, 80), seed=1).panoptic.ids
    file = _cpu.png.encode(ids, zlib.compress)
    np.testing.assert_array_equal(pf.png.read(file), ids)
    with pytest.raises(ZeroDivisionError):
        _cpu.png.encode(ids, lambda lines: 1 // 0)


def pillow_size(ids: np.ndarray) -> int:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    rgb = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], -1).astype(np.uint8)
    file = io.BytesIO()
    image.fromarray(rgb).save(file, "PNG")
    return file.getbuffer().nbytes


def assert_no_larger_than_pillows(maps: Iterable[np.ndarray], each: float = 1.0) -> None:
    """In all; and one by one, up to the factor `each`. zlib needs 3 % where libdeflate does not."""
    if "libdeflate" not in _cpu.png.codec:
        each = max(each, 1.03)
    sizes = np.array([(len(pf.png.write(ids)), pillow_size(ids)) for ids in maps])
    assert (sizes[:, 0] <= each * sizes[:, 1]).all()
    assert sizes[:, 0].sum() <= sizes[:, 1].sum()


@pytest.mark.parametrize("size", [(48, 64), (240, 320), (480, 640), (512, 1024)])
def test_streets_no_larger_than_pillows(size: tuple[int, int]) -> None:
    maps = []
    for seed in range(3):
        scene = street(size, seed=seed)
        for ids in (scene.panoptic.ids, scene.prediction(seed=seed).ids):
            colors = np.random.default_rng(seed).integers(1, 2**24, int(ids.max()) + 1)
            maps += [ids, np.where(ids == 0, 0, colors[ids])]
    assert_no_larger_than_pillows(maps)


def test_patterns_no_larger_than_pillows() -> None:
    rng = np.random.default_rng(9)
    y, x = np.mgrid[:200, :240]
    ids = rng.integers(0, 2**24, 4000)
    patterns = {
        "one segment": 0 * x,
        "rows": y,
        "columns": x,
        "checkerboard": (x // 8 + y // 8) % 2,
        "stripes": (x + y) // 9,
        "disks": ((x % 40 - 20) ** 2 + (y % 40 - 20) ** 2 < 150) * (1 + x // 40 + 6 * (y // 40)),
        "noise of few": rng.integers(0, 5, x.shape),
    }
    assert_no_larger_than_pillows([ids[labels] for labels in patterns.values()], 1.04)


@pytest.mark.parametrize(
    "folder", ["coco_panoptic_sample/panoptic_examples", "dsb2018/panoptic/gt"]
)
def test_real_maps_no_larger_than_pillows(data: Path, folder: str) -> None:
    maps = [pf.png.read(path) for path in sorted((data / folder).glob("*.png"))[:60]]
    for ids in maps:
        np.testing.assert_array_equal(pf.png.read(pf.png.write(ids)), ids)
    assert_no_larger_than_pillows(maps)


def test_ids_that_do_not_fit() -> None:
    for dtype, bad in (
        ("uint32", 2**24),
        ("uint32", 2**32 - 1),
        ("int32", -1),
        ("int8", -128),
        ("int16", -32768),
        ("int64", 2**40),
        ("int64", -(2**63)),
        ("uint64", 2**64 - 1),
    ):
        ids = np.zeros((3, 5), dtype)
        ids[1, 3] = ids[2, 0] = bad
        for view, place in ((ids, "1, 3"), (ids.T, "0, 2"), (ids[::-1], "0, 0")):
            with pytest.raises(
                ValueError, match=rf"ids: .* 0 to 16777215, got {bad} at \({place}\)"
            ):
                pf.png.write(view)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 3), (0, 4), (4, 0)])
def test_shapes_that_do_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ids: expected"):
        pf.png.write(np.zeros(shape, np.uint8))


def test_arrays_that_are_none() -> None:
    for wrong in (np.zeros((2, 2)), np.zeros((2, 2), ">i4"), np.array([["a"]]), [[1, 2]], None):
        with pytest.raises(TypeError, match="ids: "):
            pf.png.write(wrong)


def test_paths(tmp_path: Path) -> None:
    ids = np.arange(6).reshape(2, 3)
    for path in (tmp_path / "ids ü.png", str(tmp_path / "b.png")):
        pf.png.write(ids + 1, path)
        pf.png.write(ids, path)
        np.testing.assert_array_equal(pf.png.read(path), ids)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.png", "ids ü.png"]


def test_mode_of_the_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        pf.png.write(np.ones((1, 1), int), tmp_path / "a.png")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640


def test_links_and_pipes_stay(tmp_path: Path) -> None:
    ids = np.arange(6).reshape(2, 3)
    target, link = tmp_path / "target.png", tmp_path / "link.png"
    link.symlink_to(target.name)
    pf.png.write(ids, link)
    assert link.is_symlink()
    np.testing.assert_array_equal(pf.png.read(target), ids)
    pf.png.write(ids, "/dev/null")
    assert not Path("/dev/null").is_file()


def test_failures_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ids.png"
    pf.png.write(np.ones((2, 2), int), path)
    with pytest.raises(ValueError, match="ids"):
        pf.png.write(np.full((2, 2), -1), path)

    def full(self: Path, data: bytes) -> Any:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"No space left on device: .*/ids\.png'"):
        pf.png.write(np.zeros((2, 2), int), path)
    assert [p.name for p in tmp_path.iterdir()] == ["ids.png"]
    assert pf.png.read(path).tolist() == [[1, 1], [1, 1]]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    ids = np.ones((2, 2), int)
    missing = tmp_path / "missing" / "ids.png"
    with pytest.raises(FileNotFoundError) as caught:
        pf.png.write(ids, missing)
    assert caught.value.filename == str(missing)
    with pytest.raises(IsADirectoryError):
        pf.png.write(ids, tmp_path)
    assert list(tmp_path.iterdir()) == []
