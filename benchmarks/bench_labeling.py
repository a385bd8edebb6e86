"""`label`, `components` and `clean_mask_logits` beside cc3d, OpenCV, scipy and scikit-image.

`pytest benchmarks` checks every answer and times each case; `python -m benchmarks.bench_labeling`
prints the tables of benchmarks/results/labeling.md, or those parts of them that are named: images,
binary, noise, volumes, filters, masks, call. Peers that are not installed are left out.
"""

from __future__ import annotations

import platform
import sys
from functools import cache, partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

import panfuse as pf
from benchmarks.alternate import alternate, median, ratio
from benchmarks.maps import coco_pair, street_pair
from panfuse import _cpu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LARGE = (1024, 2048)
PEERS = {"cc3d": "connected-components-3d", "cv2": "opencv-python-headless"}


class Case(NamedTuple):
    """An image and how to label it; `bars` are the ratios to reach, by column of the table."""

    name: str
    make: Callable[[], np.ndarray | None]
    binary: bool
    connectivity: int
    bars: dict[str, float]


def optional(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


cc3d, cv2 = optional("cc3d"), optional("cv2")


@cache
def street() -> np.ndarray:
    return street_pair(LARGE, "int32")[0]


@cache
def coco(dtype: str, smooth: bool) -> np.ndarray | None:
    """A real map, its rows repeated by upscaling, or along smooth waves."""
    pair = coco_pair(LARGE, dtype)
    return None if pair is None else pair[smooth]


def one_class() -> np.ndarray | None:
    image = coco("uint8", False)
    return None if image is None else (image == np.bincount(image.ravel()).argmax()).astype("u1")


def blurred(shape: tuple[int, ...], passes: int, seed: int = 0) -> np.ndarray:
    """Noise, blurred by boxes of 5 pixels."""
    field = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    for _ in range(passes):
        for axis in range(len(shape)):
            field = sum(np.roll(field, shift, axis) for shift in range(-2, 3))
    return field


@cache
def blobs(values: int, shape: tuple[int, ...] = LARGE, passes: int = 3) -> np.ndarray:
    field = blurred(shape, passes)
    edges = np.quantile(field, np.linspace(0, 1, values + 1)[1:-1])
    return np.digitize(field, edges).astype(np.uint8)


@cache
def noise(values: int, dtype: str, density: float = 0.0, shape: tuple[int, ...] = LARGE) -> Any:
    rng = np.random.default_rng(0)
    if density:
        return (rng.random(shape) < density).astype(dtype)
    return rng.integers(0, values, shape, dtype=dtype)


VOLUME = (256, 256, 256)
MAP_BARS = {"cc3d": 4.0, "copy": 1.8, "statistics": 12.0}
BINARY_BARS = {"OpenCV": 3.0, "statistics": 8.0}
CASES = [
    Case("street ids int32", street, False, 8, MAP_BARS),
    Case("COCO ids int32", partial(coco, "int32", False), False, 4, MAP_BARS),
    Case("COCO ids int32", partial(coco, "int32", False), False, 8, MAP_BARS),
    Case("COCO ids int32, smooth", partial(coco, "int32", True), False, 8, MAP_BARS),
    Case("COCO ids uint8", partial(coco, "uint8", False), False, 8, MAP_BARS),
    Case(
        "blobs of 3 values uint8",
        partial(blobs, 3, LARGE, 8),
        False,
        8,
        {"cc3d": 4.0, "statistics": 12.0},
    ),
    Case("fine blobs of 3 values uint8", partial(blobs, 3), False, 8, {}),
    Case("one class uint8", one_class, True, 4, BINARY_BARS),
    Case("one class uint8", one_class, True, 8, BINARY_BARS),
    Case("blobs uint8", partial(blobs, 2, LARGE, 8), True, 4, BINARY_BARS),
    Case("blobs uint8", partial(blobs, 2, LARGE, 8), True, 8, BINARY_BARS),
    Case("fine blobs uint8", partial(blobs, 2), True, 8, {}),
    *(
        Case(f"noise {density:g} uint8", partial(noise, 2, "uint8", density), True, 8, bars)
        for density, bars in ((0.1, {}), (0.5, {"OpenCV": 3.0}), (0.9, {}))
    ),
    Case("noise 0.5 uint8", partial(noise, 2, "uint8", 0.5), True, 4, {"OpenCV": 3.0}),
    Case("noise of 3 values int32", partial(noise, 3, "int32"), False, 8, {}),
]
VOLUMES = [
    Case("5 values uint8", partial(blobs, 5, VOLUME, 10), False, 26, {"cc3d": 1.8}),
    Case("fine, 5 values uint8", partial(blobs, 5, VOLUME, 4), False, 26, {}),
    Case("blobs uint8", partial(blobs, 2, VOLUME, 10), True, 26, {"cc3d": 2.0, "scipy": 20.0}),
    Case("noise of 5 values", partial(noise, 5, "uint8", 0.0, VOLUME), False, 26, {}),
]


def assert_answer(case: Case, image: np.ndarray) -> None:
    """Compare with the peers: values where they number by first pixel, partitions elsewhere."""
    arguments = {"connectivity": case.connectivity, "binary": case.binary}
    labels, count = pf.label(image, threads=1, **arguments)
    for threads in (2, 3):
        np.testing.assert_array_equal(pf.label(image, threads=threads, **arguments)[0], labels)
    found = pf.components(image, threads=2, **arguments)
    assert found.count == count
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_array_equal(found.area, np.bincount(labels.ravel())[1:])
    if case.binary and image.ndim == 2 and cv2 is not None:
        peer = np.empty(image.shape, np.int32)
        cv2.connectedComponentsWithAlgorithm(
            image, case.connectivity, cv2.CV_32S, cv2.CCL_WU, labels=peer
        )
        np.testing.assert_array_equal(labels, peer)
    elif not case.binary and cc3d is not None:
        peer = cc3d.connected_components(image, connectivity=case.connectivity)
        np.testing.assert_array_equal(labels, peer)


def peers_of(case: Case, image: np.ndarray) -> dict[str, Callable[[], Any]]:
    """The functions that the bars are set against, each with statistics too."""
    peers: dict[str, Callable[[], Any]] = {}
    connectivity = case.connectivity
    if cc3d is not None:
        source = image.astype(bool) if case.binary else image
        label = partial(cc3d.connected_components, source, connectivity=connectivity)
        peers["cc3d"] = label
        labels = label()
        peers["cc3d statistics"] = lambda: (label(), cc3d.statistics(labels))
    if cv2 is not None and case.binary and image.ndim == 2:
        cv2.setNumThreads(1)
        peers["OpenCV"] = partial(cv2.connectedComponents, image, connectivity=connectivity)
        peers["OpenCV statistics"] = partial(
            cv2.connectedComponentsWithStats, image, connectivity=connectivity
        )
    ndimage = optional("scipy.ndimage")
    if ndimage is not None and case.binary and image.ndim == 3:
        peers["scipy"] = partial(ndimage.label, image, np.ones((3, 3, 3), int))
    return peers


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.connectivity}")
def test_label(benchmark: Any, case: Case) -> None:
    image = case.make()
    if image is None:
        pytest.skip("no real data beside the checkout")
    assert_answer(case, image)
    out = np.empty(image.shape, np.int32)
    benchmark(
        pf.label, image, connectivity=case.connectivity, binary=case.binary, out=out, threads=1
    )


@pytest.mark.parametrize("case", VOLUMES, ids=lambda case: case.name)
def test_volume(benchmark: Any, case: Case) -> None:
    image = case.make()[:64]
    assert_answer(case, image)
    benchmark(pf.label, image, connectivity=case.connectivity, binary=case.binary, threads=1)


def logits(count: int = 100) -> np.ndarray:
    """Masks as SAM makes them: a blob, small holes in it and sprinkles around it."""
    y, x = np.mgrid[:256, :256].astype(np.float32)
    masks = np.empty((count, 256, 256), np.float32)
    for seed, mask in enumerate(masks):
        border = blurred(mask.shape, 5, seed)
        mask[...] = 80 - np.hypot(y - 128, x - 128) + 12 * border / border.std()
    speckles = np.random.default_rng(0).random(masks.shape) < 0.0005
    return np.where(speckles, -masks, masks) / 16


def cleaned_by_opencv(masks: np.ndarray, area: int) -> np.ndarray:
    """Do what `clean_mask_logits` does, mask by mask."""
    result = masks.copy()
    for mask in result:
        for sign in (0, 1):
            inside = mask > 0 if sign else mask <= 0
            _, labels, stats, _ = cv2.connectedComponentsWithStats(
                inside.astype(np.uint8), connectivity=8
            )
            most = min(area, int(inside.sum()) // 2) if sign else area
            small = stats[:, cv2.CC_STAT_AREA] <= most
            small[0] = False
            mask[small[labels]] = -0.1 if sign else 0.1
    return result


def cleaned_by_skimage(masks: np.ndarray, area: int) -> np.ndarray:
    measure = import_module("skimage.measure")
    result = masks.copy()
    for mask in result:
        for sign in (0, 1):
            inside = mask > 0 if sign else mask <= 0
            labels = measure.label(inside, connectivity=2)
            most = min(area, int(inside.sum()) // 2) if sign else area
            small = np.bincount(labels.ravel()) <= most
            small[0] = False
            mask[small[labels]] = -0.1 if sign else 0.1
    return result


def test_clean_mask_logits(benchmark: Any) -> None:
    masks = logits(10)
    if cv2 is not None:
        np.testing.assert_array_equal(
            pf.clean_mask_logits(masks, 50, 50), cleaned_by_opencv(masks, 50)
        )
    benchmark(pf.clean_mask_logits, masks, 50, 50, threads=1)


def test_filters(benchmark: Any) -> None:
    image = blobs(3)
    found = benchmark(pf.components, image, min_area=100, threads=1)
    if cc3d is not None:
        kept = cc3d.dust(image, threshold=100, connectivity=8) != 0
        np.testing.assert_array_equal(found.labels != 0, kept)


def test_call(benchmark: Any) -> None:
    image = street_pair((256, 256), "int32")[0]
    benchmark(pf.label, image, threads=1)


def row(case: Case, rounds: int) -> str | None:
    """One line of the table: ours, then each peer's time and how many times ours is faster."""
    image = case.make()
    if image is None:
        return None
    assert_answer(case, image)
    out = np.empty(image.shape, np.int32)
    copied = np.empty_like(image)
    arguments = {"connectivity": case.connectivity, "binary": case.binary}
    ours = {
        "label": partial(pf.label, image, out=out, threads=1, **arguments),
        "fresh": partial(pf.label, image, threads=1, **arguments),
        "components": partial(pf.components, image, out=out, threads=1, **arguments),
        "two": partial(pf.label, image, out=out, threads=2, **arguments),
        "copy": lambda: np.copyto(copied, image),
    }
    times = alternate(ours | peers_of(case, image), rounds=rounds, seconds=0.02)
    cells = [f"{case.name} ({case.connectivity})"]
    cells += [f"{1e3 * median(times[name]):.2f}" for name in ("label", "fresh", "components")]
    cells.append(f"{ratio(times, 'label', 'two'):.2f}x")
    cells.append(f"{ratio(times, 'label', 'copy'):.2f}x" + bar(case, "copy"))
    for name in ("cc3d", "OpenCV", "scipy"):
        for mine, suffix in (("label", ""), ("components", " statistics")):
            if name + suffix not in times:
                continue
            wanted = bar(case, "statistics" if suffix else name)
            if suffix and name != ("OpenCV" if case.binary else "cc3d"):
                wanted = ""
            cells.append(
                f"{name}{suffix} {1e3 * median(times[name + suffix]):.1f}: "
                f"{ratio(times, name + suffix, mine):.1f}x{wanted}"
            )
    return "| " + " | ".join([*cells[:6], "; ".join(cells[6:])]) + " |"


def bar(case: Case, name: str) -> str:
    return f" ({case.bars[name]:g})" if name in case.bars else ""


def filter_rows() -> list[str]:
    """Time the filters beside cc3d's."""
    rows = []
    out = np.empty(LARGE, np.int32)
    if cc3d is not None:
        for name, make in (
            ("COCO ids", partial(coco, "int32", False)),
            ("blobs", partial(blobs, 3)),
        ):
            image = make()
            if image is None:
                continue
            for ours, peer, theirs in (
                ({"min_area": 100}, "dust", partial(cc3d.dust, image, threshold=100)),
                ({"keep_largest": 10}, "largest_k", partial(cc3d.largest_k, image, k=10)),
            ):
                call = partial(pf.components, image, out=out, threads=1, **ours)
                times = alternate({"ours": call, "peer": partial(theirs, connectivity=8)}, rounds=5)
                faster = ratio(times, "peer", "ours")
                rows.append(
                    f"| {name} | {ours} | {1e3 * median(times['ours']):.2f} | cc3d.{peer} "
                    f"{1e3 * median(times['peer']):.1f} | {faster:.1f}x (10) |"
                )
    return rows


def mask_rows() -> list[str]:
    """Time mask cleaning beside loops."""
    rows = []
    masks = logits()
    cleaned = np.empty_like(masks)
    calls = {
        "out=, 1 thread": partial(pf.clean_mask_logits, masks, 50, 50, out=cleaned, threads=1),
        "1 thread": partial(pf.clean_mask_logits, masks, 50, 50, threads=1),
        "default": partial(pf.clean_mask_logits, masks, 50, 50),
    }
    peers: dict[str, Callable[[], Any]] = {}
    if cv2 is not None:
        cv2.setNumThreads(1)
        peers["OpenCV"] = partial(cleaned_by_opencv, masks, 50)
    if optional("skimage") is not None:
        peers["skimage"] = partial(cleaned_by_skimage, masks, 50)
    expected = calls["default"]()
    for name, peer in peers.items():
        np.testing.assert_array_equal(peer(), expected, err_msg=name)
    times = alternate(calls | peers, rounds=5)
    for name in calls:
        ratios = ", ".join(
            f"{peer} {1e3 * median(times[peer]):.0f}: {ratio(times, peer, name):.1f}x"
            for peer in peers
        )
        rows.append(
            f"| 100 logits 256x256 | clean_mask_logits, {name} | "
            f"{1e3 * median(times[name]):.2f} | {ratios} | (20) |"
        )
    return rows


def call_rows() -> list[str]:
    image = street_pair((256, 256), "int32")[0]
    call = alternate({"call": partial(pf.label, image)})["call"]
    return [f"One call on 256x256 int32: {median(call) * 1e6:.0f} us (bar: 50)"]


def case_rows(cases: list[Case], rounds: int) -> Iterator[str]:
    lines = (row(case, rounds) for case in cases)
    return (line for line in lines if line is not None)


SECTIONS: dict[str, Callable[[], Iterable[str]]] = {
    "images": lambda: case_rows([case for case in CASES if not case.binary][:-1], 9),
    "binary": lambda: case_rows([c for c in CASES if c.binary and "noise" not in c.name], 9),
    "noise": lambda: case_rows([case for case in CASES if "noise" in case.name], 9),
    "volumes": lambda: case_rows(VOLUMES, 3),
    "filters": filter_rows,
    "masks": mask_rows,
    "call": call_rows,
}


HEADS = {
    "images": "| image (connectivity) | label, out= | fresh | components, out= | 2 threads "
    "| of a copy | peers, ms: ours is faster (bar) |\n" + "| --- " * 7 + "|",
    "filters": "\n| image | what | ours, ms | peer, ms | ratio (bar) |\n" + "| --- " * 5 + "|",
}


def main() -> None:
    """Print the tables."""
    machine = platform.processor() or platform.machine()
    found = []
    for module, package in {**PEERS, "scipy": "scipy", "skimage": "scikit-image"}.items():
        try:
            found.append(f"{module} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{module} not installed")
    print(f"{machine}, {_cpu.isa_current()}, NumPy {np.__version__}, {', '.join(found)}\n")
    for section in sys.argv[1:] or SECTIONS:
        if section in HEADS:
            print(HEADS[section])
        for line in SECTIONS[section]():
            print(line, flush=True)


if __name__ == "__main__":
    main()
