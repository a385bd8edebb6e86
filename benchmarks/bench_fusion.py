"""`fuse_centers`, `find_centers`, `group_pixels` and `vote` beside copies, torch and NumPy.

`pytest benchmarks` checks every answer and times each case; `python -m benchmarks.bench_fusion`
prints the tables of benchmarks/results/fusion.md. Peers that are not installed are left out.
"""

from __future__ import annotations

import platform
import time
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

import panfuse as pf
from benchmarks.alternate import alternate, median, ratio
from panfuse import _cpu

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = (1024, 2048)
CENTERS = 200
CLASSES = 19
THINGS = tuple(range(11, CLASSES))
POINTS, CLUSTERS = 120_000, 100
# Of the prototype's machine: at most so many times a copy of the inputs and the output.
BARS = {"30 %": 2.5, "100 %": 4.0, "100 %, zero offsets": 4.0, "100 %, uniform +-100": 9.0}


def optional(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


torch = optional("torch")


class Outputs(NamedTuple):
    semantic: np.ndarray
    heatmap: np.ndarray
    offsets: np.ndarray


def blocks(values: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Large patches of values with wavy borders."""
    h, w = SIZE
    grid_y, grid_x = np.arange(h)[:, None], np.arange(w)
    y = ((grid_y + 6 + 6 * np.sin(grid_x / 17)) // side).astype(int)
    x = ((grid_x + 6 + 6 * np.sin(grid_y / 13)) // side).astype(int)
    table = rng.choice(values, (h // side + 2, w // side + 2))
    return table[y, x]


@cache
def peaks() -> tuple[np.ndarray, np.ndarray]:
    """Make heat around 200 centres, and offsets that point to the nearest of them."""
    rng = np.random.default_rng(0)
    h, w = SIZE
    cells = rng.permutation((h // 32) * (w // 32))[:CENTERS]
    ys, xs = cells // (w // 32) * 32 + rng.integers(4, 28, CENTERS), cells % (w // 32) * 32 + 16
    heatmap = (rng.random(SIZE) * 0.05).astype(np.float32)
    nearest = np.full(SIZE, np.inf)
    offsets = np.zeros((2, *SIZE), np.float32)
    grid_y, grid_x = np.arange(h)[:, None], np.arange(w)
    for k, (y, x) in enumerate(zip(ys, xs, strict=True)):
        distance = (grid_y - y) ** 2 + (grid_x - x) ** 2
        bump = np.exp(-distance / 128) * (0.5 + 0.002 * k)
        np.maximum(heatmap, bump.astype(np.float32), out=heatmap)
        closer = distance < nearest
        nearest[closer] = distance[closer]
        offsets[0] = np.where(closer, y - grid_y, offsets[0])
        offsets[1] = np.where(closer, x - grid_x, offsets[1])
    return heatmap, offsets


@cache
def outputs(name: str) -> Outputs:
    """Make a network's outputs, whose offsets are right within 2 px but for what `name` says."""
    rng = np.random.default_rng(1)
    heatmap, exact = peaks()
    offsets = exact + rng.normal(0, 2, exact.shape).astype(np.float32)
    if "zero" in name:
        offsets[:] = 0
    if "uniform" in name:
        offsets = rng.uniform(-100, 100, offsets.shape).astype(np.float32)
    things = blocks(np.array(THINGS), 64, rng)
    if "30" in name:
        stuff = blocks(np.arange(THINGS[0]), 128, rng)
        things = np.where(blocks(np.arange(100), 64, rng) < 30, things, stuff)
    return Outputs(things.astype(np.uint8), heatmap, offsets)


def fuse(given: Outputs, out: np.ndarray | None = None, preset: str | None = None) -> Any:
    return pf.fuse_centers(*given, things=THINGS, preset=preset, out=out, threads=1)


def torch_centers(heatmap: Any, kernel: int) -> Any:
    """Find centres as Panoptic-DeepLab's paper says: a threshold, a max pool, what equals it."""
    kept = torch.where(heatmap > 0.1, heatmap, -1.0)
    pooled = torch.nn.functional.max_pool2d(kept[None], kernel, 1, kernel // 2)[0]
    return ((kept == pooled) & (kept > 0)).nonzero()


def torch_fuse(semantic: Any, heatmap: Any, offsets: Any) -> Any:
    """Group and vote in chunks of 16 rows, so that it fits in memory."""
    centers = torch_centers(heatmap, 7).float()
    h, w = heatmap.shape
    owner = torch.zeros((h, w), dtype=torch.int64)
    for y in range(0, h, 16):
        at = torch.stack(
            torch.meshgrid(torch.arange(y, y + 16.0), torch.arange(float(w)), indexing="ij")
        )
        points = (at + offsets[:, y : y + 16]).flatten(1).T
        distance = torch.norm(centers[:, None] - points[None], dim=-1)
        owner[y : y + 16] = distance.argmin(0).reshape(16, w) + 1
    is_thing = semantic >= THINGS[0]
    owner *= is_thing
    return torch_vote(semantic, owner, is_thing)


def torch_vote(semantic: Any, owner: Any, is_thing: Any) -> Any:
    """Vote instance by instance: ids in the order of `pf.vote`."""
    ids = torch.zeros(semantic.shape, dtype=torch.int32)
    new = 0
    for one in torch.unique(owner).tolist():
        mask = (owner == one) & is_thing
        if one == 0 or not mask.any():
            continue
        torch.mode(semantic[mask])
        new += 1
        ids[mask] = new
    for label in torch.unique(semantic[~is_thing]).tolist():
        new += 1
        ids[(semantic == label) & ~is_thing] = new
    return ids


def numpy_vote(semantic: np.ndarray, instances: np.ndarray) -> np.ndarray:
    """Make every cluster the class that most of its points have, as LiDAR projects do."""
    result = semantic.copy()
    for one in np.unique(instances):
        if one == 0:
            continue
        mask = instances == one
        values, counts = np.unique(semantic[mask], return_counts=True)
        result[mask] = values[counts.argmax()]
    return result


@cache
def cloud() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    semantic = rng.integers(1, CLASSES + 1, POINTS)
    instances = rng.integers(0, CLUSTERS + 1, POINTS)
    main = rng.integers(1, CLASSES + 1, CLUSTERS + 1)[instances]
    return np.where(rng.random(POINTS) < 0.7, main, semantic), instances


@pytest.mark.parametrize("name", BARS)
def test_fuse_centers(benchmark: Any, name: str) -> None:
    given = outputs(name)
    benchmark(fuse, given, np.empty(SIZE, np.int32))
    if torch is not None:  # a corner: torch takes 40 s for the whole, which `main` compares
        corner = Outputs(*(array[..., :256, :512] for array in given))
        expected = torch_fuse(*map(torch.from_numpy, corner))
        assert np.array_equal(fuse(corner).ids, expected.numpy())


@pytest.mark.parametrize("kernel", [7, 41])
def test_find_centers(benchmark: Any, kernel: int) -> None:
    heatmap = outputs("100 %").heatmap
    found = benchmark(find, heatmap, kernel)
    if torch is not None:
        expected = torch_centers(torch.from_numpy(heatmap), kernel).numpy()
        np.testing.assert_array_equal(found.points, expected)


def find(heatmap: np.ndarray, kernel: int) -> Any:
    return pf.find_centers(
        heatmap, preset="panoptic_deeplab", nms_kernel=kernel, top_k=0, threads=1
    )


def test_vote_points(benchmark: Any) -> None:
    result = benchmark(vote_points, *cloud())
    np.testing.assert_array_equal(result.semantic(), numpy_vote(*cloud()))


def vote_points(semantic: np.ndarray, instances: np.ndarray) -> Any:
    return pf.vote(semantic, instances, things=(), preset="ds_net", threads=1)


@cache
def image_vote() -> tuple[np.ndarray, np.ndarray]:
    given = outputs("100 %")
    centers = find(given.heatmap, 7)
    return given.semantic.astype(np.int64), pf.group_pixels(centers, given.offsets)


def vote_image(out: np.ndarray) -> Any:
    return pf.vote(*image_vote(), things=THINGS, out=out, threads=1)


def line(name: str, actions: dict[str, Callable[[], Any]], rounds: int, bars: str) -> None:
    times = alternate(actions, rounds=rounds, seconds=0)
    first = next(iter(actions))
    cells = [f"{1e3 * median(times[first]):.2f} ms"]
    for other in list(actions)[1:]:
        cells.append(
            f"{other} {1e3 * median(times[other]):.2f} ms ({ratio(times, other, first):.3g})"
        )
    print(f"| {name} | {' | '.join(cells)} | {bars} |")


def copy_of(given: Outputs, out: np.ndarray) -> Callable[[], None]:
    targets = [np.empty_like(array) for array in (*given, out)]

    def copy() -> None:
        for source, target in zip((*given, out), targets, strict=True):
            np.copyto(target, source)

    return copy


def main() -> None:
    """Print the tables."""
    print(f"{platform.processor() or platform.machine()}, {_cpu.isa_current()}, one thread")
    print("| case | ours | beside (how many times ours) | bar |\n| --- | --- | --- | --- |")
    if torch is not None:
        torch.set_num_threads(1)
    out = np.zeros(SIZE, np.int32)
    for name, bar in BARS.items():
        given = outputs(name)
        actions = {"ours": lambda g=given: fuse(g, out), "copy": copy_of(given, out)}
        line(f"fuse_centers, {name}", actions, 11, f"1/{bar} of a copy")
    given = outputs("100 %")
    if torch is not None:
        tensors = [torch.from_numpy(array) for array in given]
        begin = time.perf_counter()
        expected = torch_fuse(*tensors)
        seconds = time.perf_counter() - begin
        differ = int((fuse(given, out).ids != expected.numpy()).sum())
        times = alternate({"ours": lambda: fuse(given, out)}, rounds=11, seconds=0)
        factor = seconds / median(times["ours"])
        print(
            f"| fuse_centers, 100 % | {1e3 * median(times['ours']):.2f} ms | torch "
            f"{seconds:.2f} s, once ({factor:.0f}), {differ} pixels differ | 250 |"
        )
        for kernel in (7, 41):
            actions = {
                "ours": lambda k=kernel: find(given.heatmap, k),
                "torch": lambda k=kernel: torch_centers(tensors[1], k),
            }
            line(f"find_centers, kernel {kernel}", actions, 5, "5")
        semantic, instances = (torch.from_numpy(np.asarray(a)) for a in image_vote())
        is_thing = semantic >= THINGS[0]
        actions = {
            "ours": lambda: vote_image(out),
            "torch": lambda: torch_vote(semantic, instances, is_thing),
        }
        line("vote, 200 instances", actions, 3, "20")
    actions = {"ours": lambda: vote_points(*cloud()), "NumPy": lambda: numpy_vote(*cloud())}
    line("vote, 120,000 points, 100 clusters", actions, 11, "20")


if __name__ == "__main__":
    main()
