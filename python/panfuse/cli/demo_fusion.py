"""The part of ``panfuse demo`` about fusion: a generated network's outputs, fused and judged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from panfuse.fusion import fuse_centers
from panfuse.metrics import panoptic_quality
from panfuse.report import overlay, write_png

if TYPE_CHECKING:
    from pathlib import Path

    from panfuse.scenes import Scene

_VOID = 255  # no category of a street


def fuse_street(scene: Scene, picture: Path) -> dict[str, Any]:
    """Fuse what a bottom-up network (Panoptic-DeepLab) puts out for a street, and draw the result.

    Returns
    -------
    dict
        ``picture``; ``seconds`` (of the fusion); ``centers`` (how many were found), ``kept`` (of
        how many a segment was made), ``pq`` (percent, against the ground truth).
    """
    outputs = scene.centers()
    start = time.perf_counter()
    fused = fuse_centers(
        outputs.semantic, outputs.heatmap, outputs.offsets, things=scene.categories, ignore=_VOID
    )
    seconds = time.perf_counter() - start
    quality = panoptic_quality(
        scene.panoptic.ids,
        fused.ids,
        gt_segments=scene.panoptic.segments_info(),
        pred_segments=fused.segments_info(),
        categories=scene.categories,
    )
    write_png(picture, overlay(fused, scene.image))
    return {
        "picture": str(picture),
        "seconds": seconds,
        "centers": len(fused.decisions),
        "kept": int(fused.decisions.kept.sum()),
        "pq": 100 * float(quality.pq),
    }
