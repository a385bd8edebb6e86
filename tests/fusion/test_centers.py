"""`find_centers` and `group_pixels` beside the reference, on every instruction set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf
from tests.fusion.center_cases import blocks, center_case
from tests.reference import fusion_centers as reference

PRESETS: dict[str | None, dict[str, Any]] = {
    None: {},
    "detectron2": {"first": False, "top": "above_last"},
    "panoptic_deeplab": {"first": False, "top": "above_last"},
    "deeplab2": {"first": False, "nan_hides": False, "top": "above_last_if_more"},
    "empanada": {"first": False},
}


def points(centers: Any) -> list[tuple[int, int]]:
    return [(int(y), int(x)) for y, x in np.asarray(centers.points).tolist()]


@pytest.mark.parametrize("preset", PRESETS)
def test_centers(isa: str, preset: str | None) -> None:
    for seed in range(9):
        rng = np.random.default_rng((1, seed))
        case = center_case(rng)
        heatmap = case.heatmap.copy()
        if seed % 3 == 0:
            heatmap[rng.random(heatmap.shape) < 0.01] = np.nan
            heatmap[rng.random(heatmap.shape) < 0.01] = np.inf
        knobs = (case.threshold, case.nms_kernel, case.top_k)
        wrap = [(), (0,), (1,), (0, 1)][seed % 4]
        expected = reference.find_centers(heatmap, *knobs, wrap=wrap, **PRESETS[preset])
        for threads in (1, 3):
            found = pf.find_centers(
                heatmap,
                preset=preset,
                threshold=case.threshold,
                nms_kernel=case.nms_kernel,
                top_k=case.top_k,
                wrap=wrap,
                threads=threads,
            )
            assert points(found) == expected, seed
            heats = [heatmap[at] for at in expected]
            np.testing.assert_array_equal(found.scores, np.array(heats, np.float32))
            assert found.points.dtype == np.float64
            assert len(found) == found.count == len(expected)


@pytest.mark.parametrize("width", [1, 2, 15, 16, 17, 31, 33, 64, 65, 100, 161])
def test_widths(isa: str, width: int) -> None:
    rng = np.random.default_rng(width)
    heatmap = (rng.integers(0, 12, (9, width)) / 12).astype(np.float32)
    expected = reference.find_centers(heatmap, 0.1, 5, 0)
    assert points(pf.find_centers(heatmap, nms_kernel=5, top_k=0)) == expected
    offsets = rng.normal(0, 4, (2, 9, width)).astype(np.float32)
    inside = rng.random((9, width)) < 0.8
    for mask in (None, inside):
        ids = pf.group_pixels(expected, offsets, foreground=mask)
        np.testing.assert_array_equal(ids, reference.group_pixels(expected, offsets, mask))


def test_groups(isa: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng((2, seed))
        case = center_case(rng)
        offsets = case.offsets.copy()
        if seed % 4 == 0:
            for value in (np.nan, np.inf, 1e30, -1e18):
                offsets[rng.random(offsets.shape) < 0.02] = value
        centers = rng.integers(-5, 70, (int(rng.choice([0, 1, 2, 7, 40])), 2))
        wrap = [(), (1,), (), (0, 1)][seed % 4]
        expected = reference.group_pixels(centers, offsets, case.foreground, wrap)
        for threads in (1, 3):
            ids = pf.group_pixels(
                centers, offsets, foreground=case.foreground, wrap=wrap, threads=threads
            )
            assert ids.dtype == np.int32
            np.testing.assert_array_equal(ids, expected)


def test_volume(isa: str) -> None:
    rng = np.random.default_rng(3)
    offsets = rng.integers(-3, 4, (3, 3, 10, 20)).astype(np.float32)
    centers = rng.integers(0, 12, (7, 3))
    inside = rng.random((3, 10, 20)) < 0.9
    for wrap in ((), (0, 2)):
        ids = pf.group_pixels(centers, offsets, foreground=inside, wrap=wrap)
        expected = reference.group_pixels(centers, offsets, inside, wrap)
        np.testing.assert_array_equal(ids, expected)


def test_many_centers(isa: str) -> None:
    """Tiles see few of them, whatever their number; ties go to the first."""
    at = np.indices((40, 200)).reshape(2, -1).T
    centers = np.concatenate([at, at])
    ids = pf.group_pixels(centers, np.zeros((2, 40, 200), np.float32))
    np.testing.assert_array_equal(ids.ravel(), np.arange(1, 8001))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_torch_dtypes(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    case = center_case(np.random.default_rng(5))
    heatmap = torch.from_numpy(case.heatmap).to(getattr(torch, dtype))
    offsets = torch.from_numpy(case.offsets).to(getattr(torch, dtype))
    wide = heatmap.float().numpy(), offsets.float().numpy()
    centers = pf.find_centers(heatmap, nms_kernel=3)
    assert isinstance(centers.points, torch.Tensor)
    assert points(centers) == points(pf.find_centers(wide[0], nms_kernel=3))
    ids = pf.group_pixels(centers, offsets)
    assert isinstance(ids, torch.Tensor)
    np.testing.assert_array_equal(ids, pf.group_pixels(points(centers), wide[1]))
    fused = pf.fuse_centers(torch.from_numpy(case.semantic), heatmap, offsets, things=case.things)
    plain = pf.fuse_centers(case.semantic, *wide, things=case.things)
    np.testing.assert_array_equal(fused.ids, plain.ids)
    assert fused.segments == plain.segments


def test_strides() -> None:
    rng = np.random.default_rng(6)
    heatmap = rng.random((30, 50)).astype(np.float32)
    offsets = rng.normal(0, 5, (2, 30, 50)).astype(np.float32)
    centers = pf.find_centers(heatmap)
    expected = pf.group_pixels(centers, offsets)
    for order in (np.asfortranarray, lambda a: a[..., ::-1].copy()[..., ::-1]):
        assert points(pf.find_centers(order(heatmap))) == points(centers)
        np.testing.assert_array_equal(pf.group_pixels(centers, order(offsets)), expected)
    unaligned = np.frombuffer(b"x" + heatmap.tobytes(), np.uint8)[1:].view(np.float32)
    assert points(pf.find_centers(unaligned.reshape(30, 50))) == points(centers)


def test_batches() -> None:
    rng = np.random.default_rng(7)
    heatmap = rng.random((3, 20, 30)).astype(np.float32)
    offsets = rng.normal(0, 5, (3, 2, 20, 30)).astype(np.float32)
    found = pf.find_centers(heatmap)
    assert [points(one) for one in found] == [points(pf.find_centers(one)) for one in heatmap]
    inside = rng.random((3, 20, 30)) < 0.5
    out = np.empty((3, 20, 30), np.int32)
    ids = pf.group_pixels(found, offsets, foreground=inside, out=out)
    for k, one in enumerate(ids):
        expected = pf.group_pixels(found[k], offsets[k], foreground=inside[k])
        np.testing.assert_array_equal(one, expected)
        np.testing.assert_array_equal(out[k], expected)


@pytest.mark.parametrize("kernel", [7, 41])
def test_real_heatmaps(data: Any, kernel: int) -> None:
    files = sorted((data / "heatmaps").glob("*.npz"))
    assert files
    for file in files:
        with np.load(file) as arrays:
            heatmap = np.squeeze(arrays[arrays.files[0]]).astype(np.float32)
        only = greatest(heatmap, kernel)
        for preset, rules in PRESETS.items():
            found = pf.find_centers(heatmap, preset=preset, nms_kernel=kernel, top_k=30)
            expected = fast_centers(only, kernel, 30, **rules)
            assert points(found) == expected, (file.name, preset)


def greatest(heatmap: np.ndarray, kernel: int) -> np.ndarray:
    """Keep the heat where nothing in the square around is greater, by scipy."""
    ndimage = pytest.importorskip("scipy.ndimage")
    peaks = heatmap == ndimage.maximum_filter(heatmap, kernel, mode="constant", cval=-1)
    return np.where(peaks, heatmap, np.float32(0))


def fast_centers(
    heatmap: np.ndarray, kernel: int, top_k: int, *, first: bool = True, **rules: Any
) -> list[tuple[int, int]]:
    """Choose among what `greatest` keeps."""
    only = heatmap
    if not first:
        found = [(int(y), int(x)) for y, x in np.argwhere(only > np.float32(0.1))]
        kept = sorted((heatmap[at] for at in found), reverse=True)
        strict = len(found) > top_k or (len(found) == top_k and rules.get("top") == "above_last")
        if rules.get("top", "exactly") != "exactly" and strict:
            return [at for at in found if heatmap[at] > kept[top_k - 1]]
        return sorted(sorted(found, key=lambda at: (-heatmap[at], at))[:top_k])
    reach = kernel // 2
    found = []
    for y, x in np.argwhere(only > np.float32(0.1)).tolist():
        top, left = max(y - reach, 0), max(x - reach, 0)
        same = np.argwhere(only[top : y + 1, left : x + reach + 1] == heatmap[y, x])
        if tuple(same[0]) == (y - top, x - left):
            found.append((y, x))
    return sorted(sorted(found, key=lambda at: (-heatmap[at], at))[:top_k])


def test_blocks_have_plateaus() -> None:
    """The cases above are worth their name."""
    cases = [center_case(np.random.default_rng((1, seed))) for seed in range(25)]
    differ = 0
    for case in cases:
        knobs = (case.threshold, case.nms_kernel, 0)
        differ += reference.find_centers(case.heatmap, *knobs) != reference.find_centers(
            case.heatmap, *knobs, first=False
        )
    assert differ > 5
    assert blocks(np.random.default_rng(0), (5, 6), 3).shape == (5, 6)
