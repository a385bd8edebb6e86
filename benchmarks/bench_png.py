"""`png.read` and `png.write` beside Pillow and OpenCV.

`pytest benchmarks` checks every answer and times each case; `python -m benchmarks.bench_png FOLDER`
prints the tables of benchmarks/results/png.md. FOLDER is a set that shared/tools' script
make_coco_panoptic.py has made; without it that case is left out.
"""

from __future__ import annotations

import importlib
import io
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

import panfuse as pf
from benchmarks.alternate import alternate, median, ratio
from benchmarks.maps import coco_pair, data_folder, street_pair
from panfuse import _cpu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Case(NamedTuple):
    """Files, by name of the set."""

    name: str
    files: list[bytes]


def rgb_of(ids: np.ndarray) -> np.ndarray:
    return np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], -1).astype(np.uint8)


def by_pillow(ids: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb_of(ids)).save(file, "PNG")
    return file.getvalue()


def cases(warped: Path | None = None) -> Iterator[Case]:
    """Yield sets of files, all of them written by others than panfuse."""
    if warped is not None:
        paths = sorted(warped.glob("*/*.png"))
        yield Case(f"{len(paths)} warped COCO maps, 640x480", [p.read_bytes() for p in paths[:40]])
    pair = coco_pair((480, 640), "uint32")
    if pair is not None:
        yield Case("COCO map and its warp, 480x640", [by_pillow(ids) for ids in pair])
    streets = street_pair((1024, 2048), "uint32")
    yield Case("street 1024x2048", [by_pillow(ids) for ids in streets])
    folder = data_folder()
    if folder is not None:
        for kind in ("panoptic/gt", "labels"):
            paths = sorted((folder / "dsb2018" / kind).glob("*.png"))[::16]
            yield Case(f"dsb2018 {kind}, {len(paths)} files", [p.read_bytes() for p in paths])


def pillow_ids(data: bytes) -> np.ndarray:
    """What a user of Pillow writes (panopticapi's rgb2id)."""
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(data)))
    if pixels.ndim == 2:
        return pixels.astype(np.uint32)
    color = pixels.astype(np.uint32)
    return color[..., 0] + 256 * color[..., 1] + 65536 * color[..., 2]


def pillow_pixels(data: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)))


def opencv_pixels(data: bytes) -> np.ndarray:
    cv2 = importlib.import_module("cv2")
    pixels: np.ndarray = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels


def opencv_is_there() -> bool:
    try:
        importlib.import_module("cv2").setNumThreads(1)
    except ImportError:
        return False
    return True


def assert_equal_answers(files: list[bytes]) -> None:
    for data in files:
        expected = pillow_ids(data)
        np.testing.assert_array_equal(pf.png.read(data), expected)
        np.testing.assert_array_equal(pf.png.read(pf.png.write(expected)), expected)
        if opencv_is_there():
            pixels = opencv_pixels(data).astype(np.uint32)
            if pixels.ndim == 3:  # blue comes first
                pixels = pixels[..., 2] + 256 * pixels[..., 1] + 65536 * pixels[..., 0]
            np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_read(benchmark: Any, case: Case) -> None:
    pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    assert_equal_answers(case.files)
    benchmark(lambda: [pf.png.read(data) for data in case.files])


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_write(benchmark: Any, case: Case) -> None:
    pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    maps = [pf.png.read(data) for data in case.files]
    written = benchmark(lambda: [pf.png.write(ids) for ids in maps])
    assert sum(map(len, written)) <= sum(len(by_pillow(ids)) for ids in maps)


def each(function: Callable[[Any], Any], items: list[Any]) -> Callable[[], None]:
    """Call the function on every item; results are dropped one by one, as an evaluator does."""

    def run() -> None:
        for item in items:
            function(item)

    return run


def main() -> None:
    """Print the tables."""
    warped = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    pillow = importlib.import_module("PIL").__version__
    peers = {"Pillow + rgb2id": pillow_ids, "Pillow": pillow_pixels}
    versions = f"Pillow {pillow}"
    if opencv_is_there():
        peers["OpenCV"] = opencv_pixels
        versions += f", OpenCV {importlib.import_module('cv2').__version__}"
    print(
        f"{platform.processor() or platform.machine()}, {_cpu.isa_current()}, "
        f"{_cpu.png.codec}, {versions}, one thread\n"
    )
    print("Reading to ids, per file; peers in brackets leave their pixels as they are.\n")
    print("| files | ours | Pillow + rgb2id | (Pillow) | (OpenCV) |")
    print("| --- | --- | --- | --- | --- |")
    found = list(cases(warped))
    for case in found:
        assert_equal_answers(case.files)
        functions = {"ours": each(pf.png.read, case.files)}
        functions |= {name: each(peer, case.files) for name, peer in peers.items()}
        times = alternate(functions, rounds=9)
        cells = [f"{1e3 * median(times['ours']) / len(case.files):.3f} ms"]
        cells += [
            f"{1e3 * median(times[name]) / len(case.files):.2f} ms, "
            f"{ratio(times, name, 'ours'):.1f}x"
            for name in peers
        ]
        print(f"| {case.name} | {' | '.join(cells)} |")
    print("\nWriting ids, per file.\n")
    print("| files | ours | Pillow, id2rgb included | size of ours / Pillow's |")
    print("| --- | --- | --- | --- |")
    for case in found:
        maps = [pf.png.read(data) for data in case.files[:8]]
        writers = {"ours": each(pf.png.write, maps), "Pillow": each(by_pillow, maps)}
        times = alternate(writers, rounds=5)
        sizes = [sum(len(write(ids)) for ids in maps) for write in (pf.png.write, by_pillow)]
        ours, theirs = (1e3 * median(times[name]) / len(maps) for name in ("ours", "Pillow"))
        print(
            f"| {case.name} | {ours:.2f} ms | {theirs:.2f} ms, "
            f"{ratio(times, 'Pillow', 'ours'):.1f}x | {sizes[0] / sizes[1]:.3f} |"
        )


if __name__ == "__main__":
    main()
