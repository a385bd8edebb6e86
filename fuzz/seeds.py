"""Seeds for the harnesses: ``python -m fuzz.seeds FOLDER``, from the root of the checkout.

``FOLDER/png_reader``: every kind of file with every filter, by the tests' reference writer; crops
of real label maps, by panfuse; and real files that are small enough, as they are.
``FOLDER/inflate``: the image data of those, packed again at several levels and strategies.
``FOLDER/rle_string``: COCO strings of small masks, behind a width. ``FOLDER/polygon``: polygons in
and out of small images, as doubles and as small numbers.
``FOLDER/coco_json``: COCO panoptic JSON, real files cut to a few images and segments.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from pathlib import Path

import numpy as np

import panfuse as pf
from panfuse import rle
from tests.reference import rle_shapes
from tests.reference.png import KINDS, RGB, RGBA, Writer, join, read_chunks

MOST_BYTES = 4096


def generated() -> dict[str, bytes]:
    """Small files of every kind."""
    rng = np.random.default_rng(0)
    seeds = {}
    for kind in KINDS:
        most = 2 ** (24 if kind.color in (RGB, RGBA) else kind.depth)
        for height, width in ((1, 1), (5, 9), (12, 67)):
            blocks = rng.integers(0, most, (height // 4 + 1, width // 4 + 1))
            ids = np.kron(blocks, np.ones((4, 4), int))[:height, :width]
            level = int(rng.choice([0, 1, 6, 9]))
            writer = Writer(kind, [int(f) for f in rng.permutation(5)], [0, 255], level)
            name = f"{kind.color}-{kind.depth}-{int(kind.interlaced)}-{height}x{width}"
            chunks = writer.chunks(ids)
            if width == 67:
                chunks.insert(1, (b"gAMA", bytes(4)))
                chunks.insert(2, (b"tEXt", b"Comment\0seed"))
            seeds[name] = join(chunks)
    return seeds


def real(data: Path) -> dict[str, bytes]:
    """Crops of COCO maps, and small files of dsb2018."""
    seeds = {}
    for path in sorted((data / "coco_panoptic_sample" / "panoptic_examples").glob("*.png")):
        ids = pf.png.read(path)
        for y, x in ((100, 100), (200, 300), (37, 411)):
            seeds[f"coco-{path.stem}-{y}-{x}"] = pf.png.write(ids[y : y + 40, x : x + 131])
    for folder in ("labels", "panoptic/gt", "pred_otsu_labels"):
        paths = sorted((data / "dsb2018" / folder).glob("*.png"))
        for path in paths[::40]:
            if path.stat().st_size <= MOST_BYTES:
                seeds[f"dsb-{folder.replace('/', '-')}-{path.stem}"] = path.read_bytes()
    return seeds


def streams(files: dict[str, bytes]) -> dict[str, bytes]:
    """Pack their image data as the length of the output, in two bytes, and a raw stream."""
    seeds = {}
    for index, (name, file) in enumerate(files.items()):
        packed = b"".join(body for kind, body in read_chunks(file) if kind == b"IDAT")
        lines = zlib.decompress(packed)[: 2**16 - 1]
        level, strategy = (0, 1, 6, 9)[index % 4], index % 5
        squeeze = zlib.compressobj(level, zlib.DEFLATED, -15, 1 + index % 9, strategy)
        stream = squeeze.compress(lines[::2]) + squeeze.flush(zlib.Z_FULL_FLUSH)
        stream += squeeze.compress(lines[1::2]) + squeeze.flush()
        seeds[name] = len(lines).to_bytes(2, "big") + stream
    return seeds


def documents(data: Path | None) -> dict[str, bytes]:
    """Small ones of every field, and cuts of the real files."""
    segment = {"id": 7, "category_id": 1, "iscrowd": 0, "area": 12.5, "score": 0.5, "bbox": [1, 2]}
    category = {"id": 1, "name": "cat", "isthing": 1, "supercategory": "\u00e9", "color": [1, 2, 3]}
    image = {"image_id": 139, "file_name": "139.png", "segments_info": [segment]}
    few = {"annotations": [{"image_id": "b", "file_name": "b.png", "segments_info": []}]}
    seeds = {
        "every-field": json.dumps({"annotations": [image], "categories": [category]}).encode(),
        "few-fields": json.dumps(few).encode(),
    }
    names = ("coco_panoptic_sample/panoptic_examples.json", "dsb2018/panoptic/gt.json")
    for name in (*names, "dsb2018/panoptic/pred.json") if data is not None else ():
        path = data / name
        content = json.loads(path.read_bytes())
        images = [
            image | {"segments_info": image["segments_info"][-3:]}
            for image in content["annotations"][:2]
        ]
        fields = {"images": content.get("images", [])[:2], "annotations": images}
        if "categories" in content:
            fields["categories"] = content["categories"][-2:]
        seeds[f"{path.parent.name}-{path.stem}"] = json.dumps(fields).encode()
    return seeds


def strings() -> dict[str, bytes]:
    """Noise, blocks and lines, as a byte for the width and COCO's string."""
    rng = np.random.default_rng(1)
    seeds = {}
    for height, width in ((1, 1), (1, 40), (40, 1), (13, 17), (60, 80), (200, 250)):
        for density in (0.02, 0.5, 0.98):
            blocks = rng.random((height // 5 + 1, width // 5 + 1)) < density
            noise = rng.random((height, width)) < density
            blocky = np.kron(blocks, np.ones((5, 5), bool))[:height, :width]
            for kind, mask in (("noise", noise), ("blocks", blocky)):
                counts = {"size": mask.shape, "counts": rle_shapes.counts_of(mask)}
                content = bytes([width]) + rle.canonical(counts)["counts"]
                seeds[f"{kind}-{height}x{width}-{density}"] = content
    seeds["large"] = (
        b"\x01" + rle.canonical({"size": [2**30, 1], "counts": [1, 2**30 - 1]})["counts"]
    )
    return seeds


def polygons() -> dict[str, bytes]:
    """Height, width, how coordinates are written, and coordinates."""
    rng = np.random.default_rng(2)
    seeds = {}
    for spread in (0.5, 20, 300, 1e6, 1e12):
        for points in (1, 3, 5, 40):
            xy = rng.normal(10, spread, 2 * points)
            seeds[f"doubles-{spread:g}-{points}"] = bytes([30, 40, 0]) + xy.astype("<f8").tobytes()
            for kind, scale in ((1, 5), (2, 64), (3, 300)):
                small = np.clip(xy * scale, -32768, 32767).astype(">i2")
                seeds[f"small-{kind}-{spread:g}-{points}"] = bytes([50, 7, kind]) + small.tobytes()
    odd = np.array([0, 0, np.nan, 4, np.inf, 3, 429496729.4, 1, -429496729.7, 2], "<f8")
    seeds["odd"] = bytes([9, 9, 4]) + odd.tobytes()
    return seeds


def write(seeds: dict[str, bytes], folder: Path) -> None:
    """Write those of at most MOST_BYTES."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: content for name, content in seeds.items() if len(content) <= MOST_BYTES}
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    print(f"{len(kept)} seeds in {folder}")


def data_folder() -> Path | None:
    """Find the real data beside the checkout, or where PANFUSE_DATA says."""
    folders = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    if "PANFUSE_DATA" in os.environ:
        folders = [Path(os.environ["PANFUSE_DATA"])]
    return next((folder for folder in folders if folder.is_dir()), None)


def main() -> None:
    """Write them all; real ones where there are any."""
    folder, data = Path(sys.argv[1]), data_folder()
    files = generated() | (real(data) if data is not None else {})
    write(files, folder / "png_reader")
    write(streams(files), folder / "inflate")
    write(strings(), folder / "rle_string")
    write(polygons(), folder / "polygon")
    write(documents(data), folder / "coco_json")


if __name__ == "__main__":
    main()
