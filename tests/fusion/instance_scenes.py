"""Random scenes for the overlay, full of what rules stumble over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import panfuse as pf
from tests.reference import fusion_instances as reference

if TYPE_CHECKING:
    from numpy.random import Generator

THINGS = {"panoptic_segformer": {1, 2, 3}, "seamseg": {5, 6, 7}}
DIALECTS = (
    None,
    "detectron2",
    "panopticapi",
    "mmdet",
    "seamseg",
    "upsnet_combined",
    "knet",
    "panoptic_segformer",
)


@dataclass
class Scene:
    masks: np.ndarray  # float32 (N, H, W)
    scores: np.ndarray
    category_ids: np.ndarray
    labels: np.ndarray | None
    things: set[int]
    stuff_area: int
    overlap: Any
    instance_threshold: float


def scene(rng: Generator, dialect: str | None, *, ties: bool = True) -> Scene:
    """Draw one; `ties` says whether scores may be equal."""
    height, width = (int(n) for n in rng.choice([1, 2, 7, 16, 33, 70], 2))
    count = int(rng.integers(0, 12))
    things = THINGS.get(str(dialect), {0, 1, 2})
    alone = dialect in ("knet", "panoptic_segformer")
    others = [8, 9] if alone else []
    category_ids = rng.choice([*things, *others], count)
    grid = np.array([0.05, 0.2, 0.25, 0.3, 0.5, 0.6, 0.7, 0.9, 0.95, 1.0], np.float32)
    scores = (
        rng.choice(grid, count)
        if ties
        else rng.permutation(np.concatenate([grid, rng.random(12, np.float32)]))[:count]
    )
    masks = np.zeros((count, height, width), np.float32)
    for mask in masks:
        kind = rng.integers(0, 8)
        y, x = np.sort(rng.integers(0, height + 1, 2)), np.sort(rng.integers(0, width + 1, 2))
        value = rng.choice(np.array([0.5, 0.6, 0.9, 1.0], np.float32))
        if kind == 0:
            continue
        if kind == 1:
            mask[:] = rng.random((height, width), np.float32)
        elif kind == 2:
            mask[:] = value
        else:
            mask[y[0] : y[1], x[0] : x[1]] = value
    labels = None
    if not alone:
        labels = rng.integers(0, 9, (height, width))
        if rng.random() < 0.8:
            blocks = rng.integers(0, 9, (3, 3))
            labels = blocks[
                np.minimum(np.arange(height) * 3 // height, 2)[:, None],
                np.minimum(np.arange(width) * 3 // width, 2),
            ]
    overlap: Any = float(rng.choice([0.0, 0.25, 0.5, 0.8, 1.0]))
    if dialect == "panoptic_segformer":
        overlap = (overlap, float(rng.choice([0.0, 0.2, 0.5, 1.0])))
    return Scene(
        masks,
        np.ascontiguousarray(scores, np.float32),
        category_ids.astype(np.int64),
        labels,
        things,
        int(rng.choice([0, 1, 4, height * width // 9, 40])),
        overlap,
        float(rng.choice([0.25, 0.5, 0.6])),
    )


def ignored(dialect: str | None) -> set[int]:
    return {"detectron2": {0}, "mmdet": {8}}.get(str(dialect), set())


def foreground(case: Scene, dialect: str | None) -> np.ndarray:
    strict = dialect in ("seamseg", "knet", "panoptic_segformer")
    return case.masks > np.float32(0.5) if strict else case.masks >= np.float32(0.5)


def expected(case: Scene, dialect: str | None) -> reference.Result:
    """The literal answer."""
    common: dict[str, Any] = {"things": case.things, "instance_threshold": case.instance_threshold}
    masks = foreground(case, dialect)
    if dialect == "panoptic_segformer":
        return reference.segformer(
            case.masks, case.scores, case.category_ids, overlap=case.overlap, **common
        )
    common |= {"overlap": case.overlap, "stuff_area": case.stuff_area}
    if dialect == "knet":
        return reference.knet(masks, case.scores, case.category_ids, **common)
    return reference.fpn(
        masks,
        case.scores,
        case.category_ids,
        case.labels,
        dialect=dialect,
        ignore=ignored(dialect),
        **common,
    )


def fused(case: Scene, dialect: str | None, **options: Any) -> pf.Panoptic:
    """Ours."""
    options = {
        "things": case.things,
        "preset": dialect,
        "instance_threshold": case.instance_threshold,
        "overlap_threshold": case.overlap,
        "stuff_area": case.stuff_area,
        "ignore": 8 if dialect == "mmdet" else None,
    } | options
    masks = options.pop("masks", case.masks)
    semantic = options.pop("semantic", case.labels)
    result: pf.Panoptic = pf.fuse_instances(
        masks, case.scores, case.category_ids, semantic, **options
    )
    return result
