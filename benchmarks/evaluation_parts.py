"""Where the time of `pf.evaluate` goes, by running parts of the work alone, with one thread.

Decoding parts are measured through entry points that hand their output to Python; the time of
copying as much is taken off. Inflating includes Adler-32, and unfiltering CRC-32. Matching, and
Python's share, are what is left of the parts around them.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panfuse as pf
from benchmarks.alternate import alternate, median
from panfuse import _cpu
from panfuse.evaluation import compare_files
from panfuse.formats import coco

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.peer_worker import Files


def stream_of(png: bytes) -> bytes:
    """What a PNG file has compressed: its IDAT chunks, without zlib's header."""
    parts, at = [], 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IDAT":
            parts.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    return b"".join(parts)[2:]


def sizes_of(png: bytes) -> tuple[int, int]:
    """Bytes of the filtered rows of an RGB8 or RGBA8 file, and of its ids and boundaries."""
    width, height, depth, color = struct.unpack_from(">IIBB", png, 16)
    if depth != 8 or color not in (2, 6):
        raise ValueError(f"expected RGB8 or RGBA8, got depth {depth} and colour type {color}")
    row = 1 + width * (3 if color == 2 else 4)
    return height * row, height * (4 * width + (width + 63) // 64 * 8)


def parts(files: Files, rounds: int = 5) -> dict[str, float]:
    """Seconds per pair of files, by part; under "all" of the whole."""
    gt = coco.read_annotations(files.gt_json)
    pred = coco.read_annotations(files.pred_json, predictions=True)
    rows = {image.image_id: row for row, image in enumerate(pred.images)}
    order = [rows[image.image_id] for image in gt.images]
    names = [f"image {image.image_id}" for image in gt.images]
    gt_paths = [Path(files.gt_folder, image.file_name) for image in gt.images]
    pred_paths = [Path(files.pred_folder, pred.images[row].file_name) for row in order]
    paths = gt_paths + pred_paths
    assert gt.categories is not None
    options: dict[str, Any] = {
        "category_ids": gt.categories.ids.tolist(),
        "names": names,
        "protocol": "panopticapi",
        "threads": 1,
    }
    columns = gt.columns(), pred.columns(order)

    def read_json() -> None:
        coco.read_annotations(files.gt_json).columns()
        coco.read_annotations(files.pred_json, predictions=True).columns(order)

    def evaluate() -> None:
        pf.evaluate(
            files.gt_json,
            files.pred_json,
            gt_folder=files.gt_folder,
            pred_folder=files.pred_folder,
            protocol="panopticapi",
            threads=1,
        )

    sources = [path.read_bytes() for path in paths]
    streams = [(stream_of(source), *sizes_of(source)) for source in sources]
    blank = bytes(max(decoded for _, _, decoded in streams))
    functions: dict[str, Callable[[], Any]] = {
        "all": evaluate,
        "compare": lambda: compare_files(gt_paths, pred_paths, *columns, **options),
        "JSON": read_json,
        "read": lambda: [read(*file) for file in zip(paths, map(len, sources), strict=True)],
        "inflate": lambda: [_cpu.png.inflate(stream, raw) and None for stream, raw, _ in streams],
        "inflate: copy": lambda: [bytes(bytearray(raw)) and None for _, raw, _ in streams],
        "decode": lambda: [_cpu.png.decode_rows(source) and None for source in sources],
        "decode: copy": lambda: [bytearray(blank[:size]) and None for _, _, size in streams],
    }
    times = {name: median(t) for name, t in alternate(functions, rounds=rounds, seconds=0).items()}
    inflate = times["inflate"] - times["inflate: copy"]
    unfilter = times["decode"] - times["decode: copy"] - inflate
    seconds = {
        "read": times["read"],
        "inflate": inflate,
        "unfilter": unfilter,
        "match": times["compare"] - times["read"] - inflate - unfilter,
        "JSON": times["JSON"],
        "Python": times["all"] - times["compare"] - times["JSON"],
        "all": times["all"],
    }
    return {name: value / len(names) for name, value in seconds.items()}


def read(path: Path, size: int) -> None:
    """Read a file with as few system calls as it takes."""
    file = os.open(path, os.O_RDONLY)
    os.read(file, size)
    os.close(file)


def print_parts(name: str, files: Files) -> None:
    """Print a line of ms per pair and per cent."""
    seconds = parts(files)
    whole = seconds.pop("all")
    print(
        f"\n{name}, one thread, {1e3 * whole:.3f} ms per pair: "
        + ", ".join(
            f"{part} {1e3 * value:.3f} ({100 * value / whole:.0f} %)"
            for part, value in seconds.items()
        )
    )
