"""Seeds for fuzz_png_reader: ``python -m fuzz.png_seeds FOLDER``, from the root of the checkout.

Every kind of file with every filter, by the tests' reference writer; crops of real label maps, by
panfuse; and real files that are small enough, as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import panfuse as pf
from tests.reference.png import KINDS, RGB, RGBA, Writer, join

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


def main() -> None:
    """Write them; real ones where shared/data lies beside the checkout."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    seeds = generated()
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "data").is_dir():
            seeds |= real(parent / "shared" / "data")
            break
    for name, content in seeds.items():
        (folder / f"{name}.png").write_bytes(content)
    print(f"{len(seeds)} seeds in {folder}")


if __name__ == "__main__":
    main()
