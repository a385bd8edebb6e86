"""Polygons and set operations of `rle` beside pycocotools and OpenCV.

`pytest benchmarks` checks every answer and times each case; `python -m benchmarks.bench_rle_shapes`
prints the tables of benchmarks/results/rle_shapes.md.
"""

from __future__ import annotations

from functools import cache, partial
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pytest

from benchmarks.alternate import alternate, median, ratio
from panfuse import rle

cv2 = pytest.importorskip("cv2")
coco = pytest.importorskip("pycocotools.mask")

MASKS = 100


class Case(NamedTuple):
    """Star-shaped polygons of so many points."""

    name: str
    size: tuple[int, int]
    points: int
    radius: float


CASES = (
    Case("4 points", (480, 640), 4, 40),
    Case("20 points", (480, 640), 20, 60),
    Case("60 points, large", (480, 640), 60, 150),
    Case("200 points, large", (1024, 2048), 200, 400),
)


@cache
def polygons(case: Case) -> list[list[list[float]]]:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(MASKS):
        angles = np.sort(rng.random(case.points)) * 2 * np.pi
        radii = case.radius * (0.6 + 0.4 * rng.random(case.points))
        center = np.array(case.size[::-1]) / 2
        xy = center + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
        found.append([np.round(xy, 2).ravel().tolist()])
    return found


def fill_batch(case: Case) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rle.from_polygons(polygons(case), case.size, batched=True)
    return found


def fill_each(case: Case) -> list[dict[str, Any]]:
    return [rle.from_polygons(parts, case.size) for parts in polygons(case)]


def fill_theirs(case: Case) -> list[dict[str, Any]]:
    return [coco.merge(coco.frPyObjects(parts, *case.size)) for parts in polygons(case)]


def band_theirs(rles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What Boundary IoU's code does: decode, erode, encode."""
    found = []
    for mask in np.ascontiguousarray(np.moveaxis(coco.decode(rles), 2, 0)):
        height, width = mask.shape
        times = max(1, round(0.02 * np.sqrt(height**2 + width**2)))
        bordered = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        eroded = cv2.erode(bordered, np.ones((3, 3), np.uint8), iterations=times)
        found.append(coco.encode(np.asfortranarray(mask - eroded[1:-1, 1:-1])))
    return found


def flip_theirs(rles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    flipped = np.asfortranarray(coco.decode(rles)[:, ::-1])
    found: list[dict[str, Any]] = coco.encode(flipped)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_from_polygons(benchmark: Any, case: Case) -> None:
    assert fill_each(case) == fill_theirs(case)
    assert benchmark(fill_batch, case) == fill_theirs(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_boundary(benchmark: Any, case: Case) -> None:
    rles = fill_batch(case)
    assert benchmark(rle.boundary, rles) == band_theirs(rles)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_to_polygons(benchmark: Any, case: Case) -> None:
    rles = fill_batch(case)
    found = benchmark(rle.to_polygons, rles)
    assert rle.from_polygons(found, case.size, batched=True) == rles


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    print(f"pycocotools {version('pycocotools')}, OpenCV {cv2.__version__}, NumPy {np.__version__}")
    print("\n| masks | what | ours, us a mask | theirs | ours is faster |\n" + "| --- " * 5 + "|")
    for case in CASES:
        rles = fill_batch(case)
        assert rles == fill_each(case) == fill_theirs(case)
        assert rle.boundary(rles) == band_theirs(rles)
        assert rle.flip(rles, 1) == flip_theirs(rles)
        rows = {
            "from_polygons, batched": (partial(fill_batch, case), partial(fill_theirs, case)),
            "from_polygons, one by one": (partial(fill_each, case), partial(fill_theirs, case)),
            "boundary": (partial(rle.boundary, rles), partial(band_theirs, rles)),
            "flip": (partial(rle.flip, rles, 1), partial(flip_theirs, rles)),
            "resize": (partial(rle.resize, rles, (case.size[0] // 2, case.size[1] // 2)), None),
            "components": (partial(rle.components, rles), None),
            "to_polygons": (partial(rle.to_polygons, rles), None),
            "check": (partial(rle.check, rles), None),
            "to_label_studio": (partial(rle.to_label_studio, rles), None),
        }
        for name, (ours, theirs) in rows.items():
            calls = {"ours": ours} | ({} if theirs is None else {"theirs": theirs})
            times = alternate(calls, rounds=5)
            cells = [f"{1e6 / MASKS * median(times[key]):.1f}" for key in times]
            cells += [f"{ratio(times, 'theirs', 'ours'):.1f}x"] if theirs else ["", ""]
            print(f"| {case.name}, {case.size[0]}x{case.size[1]} | {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
