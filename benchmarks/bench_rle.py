"""Masks as runs, beside pycocotools and rlemasklib; every benchmark compares the answers first.

``python -m benchmarks.bench_rle`` prints ratios of alternating runs on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import panfuse as pf

Call = Callable[[], Any]


def blobs(count: int, height: int = 480, width: int = 640, seed: int = 0) -> list[np.ndarray]:
    """Wavy ellipses, each a mask in Fortran's order."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    masks = []
    for _ in range(count):
        cy, cx = rng.integers(0, height), rng.integers(0, width)
        a, b = rng.integers(5, 5 + height // 3, 2)
        turn = rng.random() * 3
        u = (y - cy) * np.cos(turn) + (x - cx) * np.sin(turn)
        v = (x - cx) * np.cos(turn) - (y - cy) * np.sin(turn)
        wave = 0.1 * np.sin(x / 7 + y / 5)
        mask = u**2 / a**2 + v**2 / b**2 < 1 + wave
        masks.append(np.asfortranarray(mask.astype(np.uint8)))
    return masks


def label_map(height: int, width: int, segments: int, seed: int = 0) -> np.ndarray:
    """Nearest of many points, with wavy borders: int32 ids from 1."""
    rng = np.random.default_rng(seed)
    rows = max(1, round((segments * height / width) ** 0.5))
    columns = -(-segments // rows)
    jitter = rng.random((2, rows, columns)) * 0.6
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wy, wx = y + 3 * np.sin(x / 9), x + 3 * np.sin(y / 11)
    cell_y = np.clip(wy / height * rows, 0, rows - 1e-3)
    cell_x = np.clip(wx / width * columns, 0, columns - 1e-3)
    best = np.full((height, width), np.inf, np.float32)
    ids = np.zeros((height, width), np.int32)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            i = np.clip(cell_y.astype(int) + dy, 0, rows - 1)
            j = np.clip(cell_x.astype(int) + dx, 0, columns - 1)
            far = (cell_y - i - 0.2 - jitter[0][i, j]) ** 2 + (
                cell_x - j - 0.2 - jitter[1][i, j]
            ) ** 2
            closer = far < best
            best[closer] = far[closer]
            ids[closer] = (i * columns + j)[closer] + 1
    return np.minimum(ids, segments)


def alternate(calls: dict[str, Call], seconds: float = 1.0) -> dict[str, float]:
    """Take the best time of each call, in microseconds, in turns."""
    best = dict.fromkeys(calls, float("inf"))
    end = time.perf_counter() + seconds
    while True:
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
        if time.perf_counter() > end:
            return {name: value * 1e6 for name, value in best.items()}


def report(what: str, calls: dict[str, Call], seconds: float = 1.0) -> None:
    times = alternate(calls, seconds)
    ours = times["panfuse"]
    others = ", ".join(
        f"{name} {value:,.1f} us ({value / ours:.1f}x)"
        for name, value in times.items()
        if name != "panfuse"
    )
    print(f"{what}: panfuse {ours:,.1f} us; {others}", flush=True)


def chunked(function: Callable[[list[Any]], Any], rles: list[Any]) -> np.ndarray:
    """Call with 200 at a time: pycocotools' area fails beyond 255 with NumPy 2."""
    return np.concatenate([function(rles[i : i + 200]) for i in range(0, len(rles), 200)])


def compare_masks(count: int, height: int, width: int, seconds: float = 1.0) -> None:
    from pycocotools import mask as coco

    rle = pf.rle
    masks = blobs(count, height, width)
    stack = np.asfortranarray(np.stack(masks, axis=2))
    rows = np.ascontiguousarray(np.stack(masks))
    rles = coco.encode(stack)
    assert rle.encode(stack) == rles == rle.encode(rows, axis=0)
    assert (rle.decode(rles) == stack).all()
    assert (rle.area(rles) == chunked(coco.area, rles)).all()
    assert (rle.toBbox(rles) == coco.toBbox(rles)).all()
    few = rles if count >= 1000 else rles[:100]
    crowd = [0] * len(few)
    assert (rle.iou(few, few, crowd) == coco.iou(few, few, crowd)).all()
    assert rle.merge(rles) == coco.merge(rles)
    what = f"{count} masks of {width}x{height}"
    both: dict[str, tuple[Call, Call]] = {
        "encode F": (lambda: rle.encode(stack), lambda: coco.encode(stack)),
        "encode C": (
            lambda: rle.encode(rows, axis=0),
            lambda: coco.encode(np.asfortranarray(rows.transpose(1, 2, 0))),
        ),
        "decode": (lambda: rle.decode(rles), lambda: coco.decode(rles)),
        "area": (lambda: rle.area(rles), lambda: chunked(coco.area, rles)),
        "toBbox": (lambda: rle.toBbox(rles), lambda: coco.toBbox(rles)),
        f"iou {len(few)} x {len(few)}": (
            lambda: rle.iou(few, few, crowd),
            lambda: coco.iou(few, few, crowd),
        ),
        "merge": (lambda: rle.merge(rles), lambda: coco.merge(rles)),
        "intersect": (lambda: rle.merge(few, True), lambda: coco.merge(few, True)),
    }
    for name, (ours, theirs) in both.items():
        report(f"{name}, {what}", {"panfuse": ours, "pycocotools": theirs}, seconds)


def compare_ids(height: int, width: int, segments: int, seconds: float = 1.0) -> None:
    from pycocotools import mask as coco

    ids = label_map(height, width, segments)
    small = ids.astype(np.uint8) if segments < 256 else None
    listed = list(np.unique(ids))

    def loop() -> list[dict[str, Any]]:
        dicts = []
        for label in listed:
            one = coco.encode(np.asfortranarray(ids == label).view(np.uint8))
            dicts.append({"counts": one["counts"], "area": coco.area(one), "b": coco.toBbox(one)})
        return dicts

    ours = pf.rle.encode_ids(ids, threads=1).to_list()
    theirs = loop()
    assert [one["counts"] for one in ours] == [one["counts"] for one in theirs]
    assert [one["area"] for one in ours] == [int(one["area"]) for one in theirs]
    calls: dict[str, Call] = {
        "panfuse": lambda: pf.rle.encode_ids(ids, threads=1).to_list(),
        "panfuse without dicts": lambda: pf.rle.encode_ids(ids, threads=1),
        "copy of the map": ids.copy,
    }
    if segments <= 128:
        calls["pycocotools loop"] = loop
    if small is not None:
        import rlemasklib

        def theirs_at_once() -> list[dict[str, Any]]:
            made = rlemasklib.RLEMask.from_label_map(small)
            masks = made.values() if isinstance(made, dict) else made
            return [mask.to_dict() for mask in masks]

        assert {one["counts"] for one in ours} <= {one["counts"] for one in theirs_at_once()}
        # By themselves: what the others leave to the allocator costs whoever comes next.
        report(
            f"encode_ids, {len(listed)} segments of {width}x{height} as uint8",
            {
                "rlemasklib": lambda: rlemasklib.RLEMask.from_label_map(small),
                "rlemasklib with dicts": theirs_at_once,
                "panfuse without dicts": lambda: pf.rle.encode_ids(small, threads=1),
                "panfuse": lambda: pf.rle.encode_ids(small, threads=1).to_list(),
            },
            seconds,
        )
    report(f"encode_ids, {len(listed)} segments of {width}x{height}", calls, seconds)


def compare_strings() -> None:
    from pycocotools import mask as coco

    rles = coco.encode(np.asfortranarray(np.stack(blobs(200), axis=2))) * 500
    size = sum(len(one["counts"]) for one in rles)
    times = alternate({"panfuse": lambda: pf.rle.area(rles)}, 2)
    print(f"{len(rles)} strings, {size / 1e6:.0f} MB: {size / times['panfuse']:.0f} MB/s")


def main() -> None:
    compare_strings()
    compare_ids(480, 640, 32)
    compare_ids(1024, 2048, 100)
    compare_ids(1024, 1024, 1024)
    compare_masks(200, 480, 640)
    compare_masks(1000, 480, 640)
    compare_masks(1, 28, 28, 0.3)
    compare_masks(100, 28, 28, 0.3)


if __name__ == "__main__":
    main()
