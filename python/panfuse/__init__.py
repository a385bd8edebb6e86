"""Panoptic segmentation at the speed of memory."""

from panfuse import png
from panfuse._backend import backends, show_config
from panfuse._cpu import version as __version__
from panfuse.categories import Categories
from panfuse.errors import CudaError, FormatError
from panfuse.matching import Contingency, Matches, contingency, match
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

__all__ = [
    "Categories",
    "Contingency",
    "CudaError",
    "FormatError",
    "Matches",
    "Panoptic",
    "Segments",
    "__version__",
    "backends",
    "contingency",
    "match",
    "png",
    "show_config",
]
