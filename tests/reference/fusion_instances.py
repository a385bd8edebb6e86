"""The score-ordered overlay in its dialects, word for word; full images, one mask at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

Result = tuple[np.ndarray, list[str]]


def fma(x: Any, y: Any, z: Any) -> Any:
    """x * y + z, rounded once to float32 (but for halfway cases of float64)."""
    exact = np.asarray(x, np.float64) * np.asarray(y, np.float64) + np.asarray(z, np.float64)
    return exact.astype(np.float32)


def axis_taps(source: int, length: int) -> tuple[np.ndarray, ...]:
    """Where torch's bilinear interpolation samples (align_corners=False)."""
    scale = np.float32(source) / np.float32(length)
    at = np.maximum(fma(scale, np.arange(length, dtype=np.float32) + np.float32(0.5), -0.5), 0)
    first = np.minimum(at.astype(np.int64), source - 1)
    far = np.minimum(at - first.astype(np.float32), 1).astype(np.float32)
    return first, np.minimum(first + 1, source - 1), np.float32(1) - far, far


def upsample(logits: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stretch (C, h, w) to (C, H, W), rows first."""
    values = logits.astype(np.float32)
    for axis, length in ((2, size[1]), (1, size[0])):
        first, second, near, far = axis_taps(values.shape[axis], length)
        shape = [1, 1, 1]
        shape[axis] = length
        near, far = near.reshape(shape), far.reshape(shape)
        with np.errstate(invalid="ignore", over="ignore"):
            values = fma(near, values.take(first, axis), far * values.take(second, axis))
    return values


def classes(logits: np.ndarray, size: tuple[int, int], covered: tuple[int, int]) -> np.ndarray:
    """The first channel with the greatest value, NaN above all; on `covered`, cropped."""
    if logits.shape[1:] != covered:
        logits = upsample(logits, covered)
    return logits.argmax(axis=0)[: size[0], : size[1]]


def paste(
    mask: np.ndarray, box: np.ndarray, size: tuple[int, int], threshold: float, strict: bool
) -> np.ndarray:
    """Paste a RoI mask as detectron2's paste_masks_in_image does, pixel by pixel."""
    out = np.zeros(size, bool)
    x0, y0, x1, y1 = box.astype(np.float32)
    if not (x1 > x0 and y1 > y0):
        return out
    rows, columns = mask.shape
    padded = np.zeros((rows + 2, columns + 2), np.float32)
    padded[1:-1, 1:-1] = mask

    def places(low: Any, high: Any, length: int, count: int) -> tuple[np.ndarray, ...]:
        start = int(np.clip(np.floor(low) - 1, 0, length))
        stop = int(np.clip(np.ceil(high) + 1, 0, length))
        grid = np.arange(start, stop, dtype=np.float32) + np.float32(0.5)
        grid = (grid - low) / (high - low) * np.float32(2) - np.float32(1)
        at = fma(grid + np.float32(1), np.float32(count) / np.float32(2), -0.5)
        first = np.floor(at)
        far = at - first
        near = np.float32(1) - far
        outside = (first < -1) | (first >= count)
        first, near, far = (np.where(outside, v, x) for v, x in ((-1, first), (0, near), (0, far)))
        return np.arange(start, stop), first.astype(int) + 1, near, far

    y, i, above, below = places(y0, y1, size[0], rows)
    x, j, left, right = places(x0, x1, size[1], columns)
    value = padded[i[:, None], j] * (above[:, None] * left)
    value = fma(padded[i[:, None], j + 1], above[:, None] * right, value)
    value = fma(padded[i[:, None] + 1, j], below[:, None] * left, value)
    value = fma(padded[i[:, None] + 1, j + 1], below[:, None] * right, value)
    out[y[:, None], x] = value > threshold if strict else value >= threshold
    return out


def ratio(shared: int, area: int, rule: str) -> Any:
    """How much of a mask is taken, in the numbers of the dialect."""
    f = np.float32
    with np.errstate(invalid="ignore"):
        if rule == "single":
            return f(shared) / f(area)
        if rule == "single_offset":
            return f(shared) / (f(area) + f(1e-5))
    return shared / area


def by_score(scores: np.ndarray) -> list[int]:
    return sorted(range(len(scores)), key=lambda k: -float(scores[k]))


def fpn(
    masks: np.ndarray,
    scores: np.ndarray,
    categories: np.ndarray,
    labels: np.ndarray | None,
    *,
    things: set[int],
    dialect: str | None,
    instance_threshold: float,
    overlap: float,
    stuff_area: int,
    ignore: set[int],
) -> Result:
    """The dialects with a semantic map: the map of `to_original`, and the decisions.

    Without a dialect: the default, whose ids have no gaps.
    """
    f = np.float32
    height, width = masks.shape[1:]
    taken = np.zeros((height, width), bool)
    decisions = ["kept"] * len(masks)
    laid: list[tuple[int, np.ndarray]] = []  # category, pixels
    for k in by_score(scores):
        if dialect == "seamseg":
            scored = f(scores[k]) > f(instance_threshold)
        else:
            scored = scores[k] >= instance_threshold
        if not scored:
            decisions[k] = "score"
            continue
        area, shared = int(masks[k].sum()), int((masks[k] & taken).sum())
        if area == 0 and dialect != "seamseg":
            decisions[k] = "empty"
            continue
        if dialect == "upsnet_combined":
            dropped = (area - shared) / area < 1 - overlap
        elif dialect == "mmdet":
            dropped = ratio(shared, area, "single_offset") > f(overlap)
        elif dialect == "seamseg":
            dropped = ratio(shared, area, "single") > f(overlap)
        else:
            dropped = shared / area > overlap
        if dropped:
            decisions[k] = "overlap"
            continue
        rest = masks[k] & ~taken
        taken |= masks[k]
        if not rest.any():
            decisions[k] = "empty" if area == 0 else "overlap"
            if dialect is None:
                continue
        laid.append((int(categories[k]), rest))

    stuff: list[tuple[int, np.ndarray]] = []
    if labels is not None:
        values = (
            range(int(labels.max(initial=-1)) + 1) if dialect == "seamseg" else np.unique(labels)
        )
        for label in map(int, values):
            left_to_void = dialect in (None, "panopticapi", "upsnet_combined") and label in things
            if label in ignore or left_to_void:
                continue
            mask = (labels == label) & ~taken
            area = (labels == label).sum() if dialect == "upsnet_combined" else mask.sum()
            if area >= stuff_area and (dialect is not None or mask.any()):
                stuff.append((label, mask))

    if dialect == "mmdet":
        out = np.full((height, width), len(things) + max(ignore), np.int32)
        full = [(category, mask) for category, mask in laid if mask.any()]
        for index, (category, mask) in enumerate(full, 1):
            out[mask] = category + 1000 * index
        for label, mask in stuff:
            out[mask] = label + len(things)
        return out, decisions
    if dialect == "upsnet_combined":
        pairs = np.zeros((height, width, 2), np.uint8)
        pairs[..., 0] = 255
        count: dict[int, int] = {}
        for category, mask in laid:
            count[category] = count.get(category, 0) + 1
            pairs[mask] = category, count[category]
        for label, mask in stuff:
            pairs[mask] = label, 0
        return pairs, decisions
    dtype = {"panopticapi": np.uint32, "seamseg": np.int64}.get(str(dialect), np.int32)
    out = np.zeros((height, width), dtype)
    for index, (_, mask) in enumerate([*laid, *stuff], 1):
        out[mask] = index
    return out, decisions


def knet(
    masks: np.ndarray,
    scores: np.ndarray,
    categories: np.ndarray,
    *,
    things: set[int],
    instance_threshold: float,
    overlap: float,
    stuff_area: int,
) -> Result:
    out = np.zeros(masks.shape[1:], np.int32)
    decisions = ["kept"] * len(masks)
    order = by_score(scores)
    count = 0
    for k in [k for k in order if categories[k] in things]:
        area, shared = int(masks[k].sum()), int((masks[k] & (out > 0)).sum())
        if scores[k] < instance_threshold:
            decisions[k] = "score"
        elif area == 0:
            decisions[k] = "empty"
        elif shared / area > overlap or shared == area:
            decisions[k] = "overlap"
        else:
            count += 1
            out[masks[k] & (out == 0)] = count
    done = set()
    for k in [k for k in order if categories[k] not in things]:
        category = int(categories[k])
        if category in done:
            continue
        done.add(category)
        members = [i for i in order if categories[i] == category]
        joined = masks[members].any(axis=0)
        rest = joined & (out == 0)
        if rest.sum() < stuff_area or not rest.any():
            for i in members:
                decisions[i] = (
                    "empty"
                    if not joined.any()
                    else "area"
                    if rest.sum() < stuff_area
                    else "overlap"
                )
        if rest.sum() >= stuff_area:
            count += 1
            out[rest] = count
    return out, decisions


def segformer(
    probabilities: np.ndarray,
    scores: np.ndarray,
    categories: np.ndarray,
    *,
    things: set[int],
    instance_threshold: float,
    overlap: tuple[float, float],
) -> Result:
    f = np.float32
    masks = probabilities > f(0.5)
    out = np.zeros((*masks.shape[1:], 2), np.int64)
    weight = (probabilities.astype(np.float64) * masks).sum(axis=(1, 2)).astype(f)
    weight = weight / (masks.sum(axis=(1, 2)).astype(f) + f(1))
    quality = scores.astype(f) * (weight * weight)
    decisions = ["kept"] * len(masks)
    count = 0
    for k in by_score(quality):
        is_thing = categories[k] in things
        area, shared = int(masks[k].sum()), int((masks[k] & (out[..., 0] > 0)).sum())
        if quality[k] < f(instance_threshold):
            decisions[k] = "score"
        elif area == 0:
            decisions[k] = "empty"
        elif shared / area > overlap[not is_thing]:
            decisions[k] = "overlap"
        else:
            count += is_thing
            rest = masks[k] & (out[..., 0] == 0)
            out[rest] = categories[k], count if is_thing else 0
            if not rest.any():
                decisions[k] = "overlap"
    return out, decisions
