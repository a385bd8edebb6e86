"""Masks as COCO's runs."""

from panfuse._rle_check import Fault, canonical, check, digest
from panfuse._rle_exchange import (
    from_huggingface,
    from_kaggle,
    from_uncompressed,
    to_huggingface,
    to_kaggle,
    to_uncompressed,
)
from panfuse._rle_polygons import from_polygons, to_polygons
from panfuse._rle_shapes import boundary, components, crop, flip, invert, pad, resize, shift
from panfuse._rle_tools import (
    from_cvat,
    from_label_studio,
    from_open_images,
    to_cvat,
    to_label_studio,
    to_open_images,
)

__all__ = [
    "Fault",
    "boundary",
    "canonical",
    "check",
    "components",
    "crop",
    "digest",
    "flip",
    "from_cvat",
    "from_huggingface",
    "from_kaggle",
    "from_label_studio",
    "from_open_images",
    "from_polygons",
    "from_uncompressed",
    "invert",
    "pad",
    "resize",
    "shift",
    "to_cvat",
    "to_huggingface",
    "to_kaggle",
    "to_label_studio",
    "to_open_images",
    "to_polygons",
    "to_uncompressed",
]
