"""Where the time of `pf.evaluate` goes, by running parts of the work alone, with one thread.

Decoding parts are measured through entry points that hand their output to Python; the time of
copying as much is taken off. What is not measured by itself is what is left of the part around it.
"""

from __future__ import annotations

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

    whole: dict[str, Callable[[], Any]] = {
        "all": evaluate,
        "compare": lambda: compare_files(gt_paths, pred_paths, *columns, **options),
        "JSON": read_json,
        "read": lambda: [path.read_bytes() for path in paths],
    }
    times = {name: median(t) for name, t in alternate(whole, rounds=rounds, seconds=0).items()}
    decoding = [decode_times(path.read_bytes()) for path in paths]
    inflate, unfilter = (sum(column) for column in zip(*decoding, strict=True))
    rest = times["compare"] - times["read"] - inflate - unfilter
    seconds = {
        "read": times["read"],
        "inflate": inflate,
        "unfilter": unfilter,
        "match": rest,
        "JSON": times["JSON"],
        "Python": times["all"] - times["compare"] - times["JSON"],
        "all": times["all"],
    }
    return {name: value / len(names) for name, value in seconds.items()}


def decode_times(png: bytes) -> tuple[float, float]:
    """Seconds for inflating a file, Adler-32 included, and for the rest of decoding it, CRC too."""
    stream, (raw, decoded) = stream_of(png), sizes_of(png)
    source = bytes(decoded)
    times = alternate(
        {
            "inflate": lambda: _cpu.png.inflate(stream, raw),
            "copy of inflated": lambda: bytes(bytearray(raw)),
            "decode": lambda: _cpu.png.decode_rows(png),
            "copy of decoded": lambda: bytearray(source),
        },
        rounds=3,
        seconds=0,
    )
    inflate = median(times["inflate"]) - median(times["copy of inflated"])
    return inflate, median(times["decode"]) - median(times["copy of decoded"]) - inflate


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
