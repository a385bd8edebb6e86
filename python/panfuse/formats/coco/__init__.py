"""COCO panoptic: a JSON file of segments beside a folder of PNG files of their ids.

`read_annotations` reads the JSON alone, fast, for evaluation. `read` and `load` make a `Panoptic`
of each image, and `write` makes files of them.
"""

from panfuse.formats.coco.annotations import Annotations, default_folder, read_annotations
from panfuse.formats.coco.reading import load, read
from panfuse.formats.coco.records import AnnotatedImage
from panfuse.formats.coco.writing import write

__all__ = [
    "AnnotatedImage",
    "Annotations",
    "default_folder",
    "load",
    "read",
    "read_annotations",
    "write",
]
