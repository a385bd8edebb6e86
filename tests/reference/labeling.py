"""The room `labeling`, as literally as it can be said.

The order in which what is asked of `components` is applied, and so its meaning:

1. Components of equal values (or of all foreground, if `binary`) are found.
2. Holes: a hole is a component of the background, connected the dual way (through faces where the
   foreground also connects otherwise, and every way where it connects through faces alone), that
   does not touch the border of the image, has at most `fill_holes` pixels, and whose neighbours
   through faces all belong to one component. It becomes part of that component.
3. `clear_border`: components that touch the border of the image are removed.
4. `min_area` and `max_area`: components with other areas are removed, holes counted.
5. `keep_largest`: of those that are left, all but the largest k are removed, the first ones winning
   ties; for each value if `per_value`.
6. `reassign="neighbor"`: a removed component becomes part of the component left over with which it
   shares the most faces of pixels, of the first of these on a tie; or else background. Values stay
   those of the component that was kept.
7. Labels are numbered 1..N by the first pixel, in C order.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np


def steps_of(connectivity: int | None, rank: int) -> int:
    """How many indices may differ between neighbours."""
    if connectivity is None:
        return rank
    names = {2: {4: 1, 8: 2}, 3: {6: 1, 18: 2, 26: 3}}.get(rank, {})
    return names.get(connectivity, connectivity)


def offsets(rank: int, steps: int) -> list[tuple[int, ...]]:
    every = itertools.product((-1, 0, 1), repeat=rank)
    return [o for o in every if 0 < sum(map(abs, o)) <= steps]


def foreground(image: np.ndarray, background: Any) -> np.ndarray:
    image = image.astype(bool) if image.dtype == bool else image
    inside = image == image  # NaN is background
    if background is None:
        return inside
    if image.dtype.kind != "f":
        return np.array([int(value) != background for value in image.flat]).reshape(image.shape)
    with np.errstate(over="ignore"):
        rounded = np.float64(background).astype(image.dtype)
    unreachable = np.isinf(rounded) and not np.isinf(background)
    return inside if unreachable else inside & (image != rounded)


def flood(inside: np.ndarray, same: Any, steps: int) -> tuple[np.ndarray, int]:
    """Label pixel by pixel in C order; `same` tells whether two neighbours connect."""
    labels = np.zeros(inside.shape, np.int64)
    count = 0
    around = offsets(inside.ndim, steps)
    for start in np.ndindex(inside.shape):
        if not inside[start] or labels[start]:
            continue
        count += 1
        labels[start] = count
        stack = [start]
        while stack:
            at = stack.pop()
            for other in neighbours(at, around, inside.shape):
                if inside[other] and not labels[other] and same(at, other):
                    labels[other] = count
                    stack.append(other)
    return labels, count


def neighbours(at: tuple[int, ...], around: Any, shape: tuple[int, ...]) -> Any:
    for offset in around:
        other = tuple(a + o for a, o in zip(at, offset, strict=True))
        if all(0 <= o < n for o, n in zip(other, shape, strict=True)):
            yield other


def label(
    image: np.ndarray, connectivity: int | None = None, background: Any = 0, binary: bool = False
) -> tuple[np.ndarray, int]:
    steps = steps_of(connectivity, image.ndim)
    values = image.astype(bool) if image.dtype == bool else image
    return flood(
        foreground(image, background), lambda a, b: binary or values[a] == values[b], steps
    )


def holes(inside: np.ndarray, steps: int) -> tuple[np.ndarray, list[int]]:
    """Label the background the dual way; which labels do not touch the border."""
    dual = inside.ndim if steps == 1 else 1
    labels, count = flood(~inside, lambda a, b: True, dual)
    closed = [n for n in range(1, count + 1) if not touches(labels == n)]
    return labels, closed


def touches(mask: np.ndarray) -> bool:
    """Whether a mask has a pixel on the border of its image."""
    return any(bool(np.take(mask, end, axis).any()) for axis in range(mask.ndim) for end in (0, -1))


def faces(mask: np.ndarray, labels: np.ndarray) -> dict[int, int]:
    """How many faces a mask shares with each label, itself and 0 left out."""
    counts: dict[int, int] = {}
    for at in zip(*np.nonzero(mask), strict=True):
        for other in neighbours(at, offsets(mask.ndim, 1), mask.shape):
            if not mask[other] and labels[other]:
                counts[int(labels[other])] = counts.get(int(labels[other]), 0) + 1
    return counts


def face_neighbours(mask: np.ndarray, labels: np.ndarray) -> set[int]:
    return set(faces(mask, labels))


def components(
    image: np.ndarray,
    connectivity: int | None = None,
    background: Any = 0,
    binary: bool = False,
    min_area: int | None = None,
    max_area: int | None = None,
    keep_largest: int | None = None,
    per_value: bool = False,
    clear_border: bool = False,
    fill_holes: int | None = None,
    reassign: str = "background",
) -> dict[str, np.ndarray]:
    labels, count = label(image, connectivity, background, binary)
    firsts = [int(np.flatnonzero(labels == n)[0]) for n in range(1, count + 1)]
    values = [image.astype(bool).flat[i] if image.dtype == bool else image.flat[i] for i in firsts]
    if fill_holes is not None:
        steps = steps_of(connectivity, image.ndim)
        empty, closed = holes(foreground(image, background), steps)
        filled = labels.copy()
        for hole in closed:
            mask = empty == hole
            around = face_neighbours(mask, labels)
            if mask.sum() <= fill_holes and len(around) == 1:
                filled[mask] = around.pop()
        labels = filled
    area = {n: int((labels == n).sum()) for n in range(1, count + 1)}
    kept = [
        n
        for n in area
        if (not clear_border or not touches(labels == n))
        and (min_area is None or area[n] >= min_area)
        and (max_area is None or area[n] <= max_area)
    ]
    if keep_largest is not None:
        key = {n: values[n - 1] if per_value and not binary else None for n in kept}
        kept = [
            n
            for n in kept
            if sum(key[m] == key[n] and (-area[m], m) < (-area[n], n) for m in kept) < keep_largest
        ]
    result = np.where(np.isin(labels, kept), labels, 0)
    if reassign == "neighbor":
        survivors = result.copy()
        for n in set(area) - set(kept):
            shared = faces(labels == n, survivors)
            if shared:
                result[labels == n] = min(shared, key=lambda m: (-shared[m], m))
    values = dict(enumerate(values, start=1))
    order = list(dict.fromkeys(result[result != 0].tolist()))  # by the first pixel
    final = np.zeros_like(result)
    for new, old in enumerate(order, start=1):
        final[result == old] = new
    return describe(final, [values[old] for old in order], image.dtype)


def describe(labels: np.ndarray, values: list[Any], dtype: Any) -> dict[str, np.ndarray]:
    rank, count = labels.ndim, len(values)
    at = [np.argwhere(labels == n) for n in range(1, count + 1)]
    start = np.array([a.min(0) for a in at], np.int64).reshape(count, rank)
    stop = np.array([a.max(0) + 1 for a in at], np.int64).reshape(count, rank)
    sums = [(2 * a).sum(0) / (2 * len(a)) for a in at]
    return {
        "labels": labels,
        "value": np.array(values, dtype),
        "area": np.array([len(a) for a in at], np.int64),
        "start": start,
        "stop": stop,
        "bbox": np.concatenate([start[:, ::-1], (stop - start)[:, ::-1]], 1).astype(np.int32),
        "centroid": np.array(sums, np.float64).reshape(count, rank),
        "first": np.array([np.flatnonzero(labels == n + 1)[0] for n in range(count)], np.int64),
        "touches_border": np.array([touches(labels == n + 1) for n in range(count)], bool),
    }


def split_instances(
    semantic: np.ndarray,
    things: set[int],
    ignore: tuple[int, ...] = (),
    min_area: int | None = None,
    connectivity: int | None = None,
) -> tuple[np.ndarray, list[int]]:
    """Components of things, of at least `min_area` pixels; stuff is one segment per category."""
    pieces, count = label(semantic, connectivity, background=None)
    segments = np.zeros(semantic.shape, np.int64)
    for n in range(1, count + 1):
        mask = pieces == n
        category = int(semantic[mask][0])
        if category in ignore or (category in things and mask.sum() < (min_area or 0)):
            continue
        # Stuff is negative here, so that it can be told from components.
        segments[mask] = n if category in things else -1 - category
    order = list(dict.fromkeys(segments[segments != 0].tolist()))
    ids = np.zeros(semantic.shape, np.int64)
    for new, old in enumerate(order, start=1):
        ids[segments == old] = new
    return ids, [int(semantic[ids == n][0]) for n in range(1, len(order) + 1)]


def fill_holes(
    mask: np.ndarray, max_area: int | None = None, connectivity: int | None = None
) -> np.ndarray:
    """Fill one mask; a hole takes the value to the left of its first pixel."""
    labels, closed = holes(mask != 0, steps_of(connectivity, mask.ndim))
    result = mask.copy()
    for hole in closed:
        inside = labels == hole
        if max_area is None or inside.sum() <= max_area:
            result[inside] = mask.flat[np.flatnonzero(inside)[0] - 1]
    return result


def remove_small(mask: np.ndarray, min_area: int, connectivity: int | None = None) -> np.ndarray:
    labels, count = label(mask, connectivity, binary=True)
    small = [n for n in range(1, count + 1) if (labels == n).sum() < min_area]
    return np.where(np.isin(labels, small), np.zeros((), mask.dtype), mask)


def clean_mask_logits(logits: np.ndarray, hole_area: int, sprinkle_area: int) -> np.ndarray:
    """The rule of SAM 2 and 3, for one mask; 8-connected both ways."""
    result = logits.copy()
    labels, count = label(result <= 0)
    for n in range(1, count + 1):
        if (labels == n).sum() <= hole_area:
            result[labels == n] = 0.1
    most = min(sprinkle_area, int((result > 0).sum()) // 2)
    labels, count = label(result > 0)
    for n in range(1, count + 1):
        if (labels == n).sum() <= most:
            result[labels == n] = -0.1
    return result
