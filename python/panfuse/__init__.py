"""Panoptic segmentation at the speed of memory."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from panfuse import evaluation, png
from panfuse._backend import backends, show_config
from panfuse._cpu import version as __version__
from panfuse.categories import Categories
from panfuse.errors import CudaError, FormatError
from panfuse.fusion import (
    Centers,
    Decisions,
    Resize,
    Stitcher,
    find_centers,
    fuse_centers,
    fuse_instances,
    fuse_queries,
    group_pixels,
    stitch,
    vote,
)
from panfuse.labeling import (
    Components,
    clean_mask_logits,
    components,
    fill_holes,
    label,
    remove_small,
    split_instances,
)
from panfuse.matching import Contingency, Matches, contingency, match
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
    from panfuse import formats, metrics, rle
    from panfuse.metrics import PanopticQuality, PanopticResult, evaluate, panoptic_quality

__all__ = [
    "Categories",
    "Centers",
    "Components",
    "Contingency",
    "CudaError",
    "Decisions",
    "FormatError",
    "Matches",
    "Panoptic",
    "PanopticQuality",
    "PanopticResult",
    "Resize",
    "Segments",
    "Stitcher",
    "__version__",
    "backends",
    "clean_mask_logits",
    "components",
    "contingency",
    "evaluate",
    "evaluation",
    "fill_holes",
    "find_centers",
    "formats",
    "fuse_centers",
    "fuse_instances",
    "fuse_queries",
    "group_pixels",
    "label",
    "match",
    "metrics",
    "panoptic_quality",
    "png",
    "remove_small",
    "rle",
    "show_config",
    "split_instances",
    "stitch",
    "vote",
]

# Imported when first used: the JSON reader of the first two takes a third of what importing NumPy
# takes.
_MODULES = ("formats", "metrics", "rle")
_FROM_METRICS = ("PanopticQuality", "PanopticResult", "evaluate", "panoptic_quality")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"panfuse.{name}")
    if name in _FROM_METRICS:
        value = getattr(import_module("panfuse.metrics"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'panfuse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
