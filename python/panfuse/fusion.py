"""Fusion: what networks put out, as panoptic maps.

Every fusion returns a `panfuse.Panoptic` with ids 1..N and void 0, in the caller's library. Presets
freeze its knobs to what a project does, and `Panoptic.to_original` returns the map as that project
would; an explicit knob always wins.
"""

from __future__ import annotations

from panfuse._fusion_centers import Centers, find_centers, group_pixels
from panfuse._fusion_instances import fuse_instances
from panfuse._fusion_queries import fuse_queries
from panfuse._fusion_result import Decisions
from panfuse._fusion_stitch import Stitcher, stitch
from panfuse._fusion_votes import fuse_centers, vote
from panfuse._resize import Resize

__all__ = [
    "Centers",
    "Decisions",
    "Resize",
    "Stitcher",
    "find_centers",
    "fuse_centers",
    "fuse_instances",
    "fuse_queries",
    "group_pixels",
    "stitch",
    "vote",
]
