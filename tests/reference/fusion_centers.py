"""Centres, groups and the vote, as literally as they can be said.

The functions named after projects are written from the descriptions of what these do, pixel by
pixel and set by set; tests/golden holds what the projects' own functions returned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def find_centers(
    heatmap: Array,
    threshold: float,
    nms_kernel: int,
    top_k: int,
    *,
    first: bool = True,
    nan_hides: bool = True,
    top: str = "exactly",
    wrap: tuple[int, ...] = (),
) -> list[tuple[int, int]]:
    """Look at every pixel's square."""
    heat = heatmap.astype(np.float32)
    if not nan_hides:
        heat = np.where(np.isnan(heat), np.float32(-1), heat)
    h, w = heat.shape
    reach = nms_kernel // 2
    found = []
    for y, x in np.ndindex(h, w):
        if not (heat[y, x] > np.float32(threshold) and heat[y, x] > 0):
            continue
        places = set()
        for yy in range(y - reach, y + reach + 1):
            for xx in range(x - reach, x + reach + 1):
                at = (yy % h if 0 in wrap else yy, xx % w if 1 in wrap else xx)
                if 0 <= at[0] < h and 0 <= at[1] < w and at != (y, x):
                    places.add(at)
        hidden = any(
            np.isnan(heat[at])
            or heat[at] > heat[y, x]
            or (first and heat[at] == heat[y, x] and at < (y, x))
            for at in places
        )
        if not hidden:
            found.append((y, x))
    if top_k <= 0 or len(found) < top_k or (len(found) == top_k and top != "above_last"):
        return found
    ranked = sorted(found, key=lambda at: (-heat[at], at))  # Python's sort is stable
    if top == "exactly":
        return sorted(ranked[:top_k])
    return [at for at in found if heat[at] > heat[ranked[top_k - 1]]]


def group_pixels(
    centers: Any, offsets: Array, foreground: Array | None = None, wrap: tuple[int, ...] = ()
) -> Array:
    """Compare each pixel with each centre."""
    offsets = offsets.astype(np.float32)
    rank, shape = len(offsets), offsets.shape[1:]
    ids = np.zeros(shape, np.int32)
    points = np.array(centers, np.float32).reshape(-1, rank)
    for at in np.ndindex(shape):
        if foreground is not None and not foreground[at]:
            continue
        best = np.float32(np.inf)
        ids[at] = 1 if len(points) else 0
        for k, point in enumerate(points):
            total = None
            for axis in range(rank):
                with np.errstate(all="ignore"):
                    place = np.float32(at[axis]) + offsets[(axis, *at)]
                    d = point[axis] - place
                    if axis in wrap:
                        n = np.float32(shape[axis])
                        rest = abs(d) - np.floor(abs(d) / n) * n
                        d = min(rest, abs(n - rest))
                    total = d * d if total is None else fma(d, d, total)
            with np.errstate(all="ignore"):
                distance = np.sqrt(total)
            if distance < best:
                ids[at], best = k + 1, distance
    return ids


def fma(a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    """Multiply and add in long double, which is exact enough to round once for our numbers."""
    with np.errstate(all="ignore"):
        return np.float32(np.longdouble(a) * np.longdouble(b) + np.longdouble(c))


def mode(values: Array) -> int:
    """Find the most frequent value, the smallest on a tie."""
    unique, counts = np.unique(values, return_counts=True)
    return int(unique[counts.argmax()])


def default(
    semantic: Array, instances: Array, things: Any, stuff_area: int = 0
) -> tuple[Array, list[int]]:
    """Vote among things, paint whole instances, then stuff; ids and categories."""
    ids = np.zeros(semantic.shape, np.int32)
    categories = []
    is_thing = np.isin(semantic, sorted(things))
    for one in np.unique(instances):
        mask = instances == one
        if one == 0 or not (mask & is_thing).any():
            continue
        categories.append(mode(semantic[mask & is_thing]))
        ids[mask] = len(categories)
    for label in np.unique(semantic):
        mask = (semantic == label) & (ids == 0)
        if label not in things and mask.any() and mask.sum() >= stuff_area:
            categories.append(int(label))
            ids[mask] = len(categories)
    return ids, categories


def merge(
    semantic: Array,
    instances: Array,
    things: Any,
    divisor: int,
    stuff_area: int,
    void: int,
    *,
    inside: Array | None = None,
    order: str = "ascending",
) -> Array:
    """Merge as Panoptic-DeepLab does: `inside` is where instances vote and are painted."""
    result = np.full(semantic.shape, void, np.int64)
    inside = np.isin(semantic, sorted(things)) if inside is None else inside
    numbers = np.unique(instances)
    if order == "appearance":
        numbers = np.array(list(dict.fromkeys(instances.ravel().tolist())))
    count: dict[int, int] = {}
    for one in numbers:
        mask = (instances == one) & inside
        if one == 0 or not mask.any():
            continue
        label = mode(semantic[mask])
        count[label] = count.get(label, 0) + 1
        result[mask] = label * divisor + count[label]
    for label in np.unique(semantic):
        mask = (semantic == label) & (instances == 0)
        if label not in things and mask.sum() >= stuff_area:
            result[mask] = label * divisor
    return result


def merge_op(
    semantic: Array, instances: Array, things: Any, divisor: int, stuff_area: int, void_label: int
) -> Array:
    """Merge as deeplab2's op does, with instances in ascending order."""
    result = np.zeros(semantic.shape, np.int64)
    is_thing = np.isin(semantic, sorted(things))
    count: dict[int, int] = {}
    for one in np.unique(instances[is_thing]):
        mask = is_thing & (instances == one)
        label = mode(semantic[mask])
        count[label] = count.get(label, 0) + 1
        result[mask] = label * divisor + count[label]
    for label in np.unique(semantic[~is_thing]):
        mask = semantic == label
        kept = stuff_area == 0 or mask.sum() > stuff_area
        result[mask] = (label if kept else void_label) * divisor
    return result


def ds_net(semantic: Array, instances: Array) -> Array:
    """Give every point of a cluster the cluster's most frequent label."""
    result = semantic.copy()
    for one in np.unique(instances[instances > 0]):
        result[instances == one] = mode(semantic[instances == one])
    return result.astype(np.int64) + (instances.astype(np.int64) << 16)


def polarnet(
    semantic: Array, probabilities: Array, instances: Array, things: Any, foreground: Array
) -> Array:
    """Sum the probabilities of things in each instance; its class has the greatest sum."""
    result = semantic.astype(np.int64)
    is_thing = np.isin(semantic, sorted(things))
    inside = (instances > 0) & is_thing & foreground
    if not inside.any():
        result[is_thing & foreground] = 0
        return result
    for one in np.unique(instances[inside]):
        mask = inside & (instances == one)
        sums = {t: probabilities[t].astype(np.float64)[mask].sum() for t in sorted(things)}
        label = max(sums, key=lambda t: (sums[t], -t))
        result[mask] = (int(one) << 16) + label
    return result
