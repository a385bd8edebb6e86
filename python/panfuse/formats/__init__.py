"""Files of panoptic results, one package a format."""

import panfuse.formats.coco as coco

__all__ = ["coco"]
