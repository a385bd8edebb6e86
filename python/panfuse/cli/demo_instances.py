"""The part of ``panfuse demo`` about instances laid over a semantic map."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from panfuse.fusion import fuse_instances
from panfuse.metrics import PanopticQuality

if TYPE_CHECKING:
    from panfuse.scenes import Scene

_LEAST_STUFF = 64


def lay_instances(scene: Scene) -> dict[str, Any]:
    """Fuse what a network with RoI masks would put out for a street, and judge the result.

    Returns
    -------
    dict
        ``instances`` (how many were put out), ``kept``, ``pq`` (in percent), ``milliseconds``.
    """
    outputs = scene.instances()
    start = time.perf_counter()
    fused = fuse_instances(
        outputs.masks,
        outputs.scores,
        outputs.category_ids,
        outputs.semantic_logits,
        things=scene.categories,
        boxes=outputs.boxes,
        size=outputs.size,
        semantic_size=outputs.padded_size,
        stuff_area=_LEAST_STUFF,
    )
    seconds = time.perf_counter() - start
    quality = PanopticQuality(scene.categories)
    quality.update(scene.panoptic, fused)
    return {
        "instances": len(outputs.scores),
        "kept": int(fused.decisions.kept.sum()),
        "pq": 100 * float(quality.compute().pq),
        "milliseconds": 1e3 * seconds,
    }
