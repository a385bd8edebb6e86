"""Content of COCO panoptic JSON files, sound and less so, and how to read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import panfuse as pf
from panfuse.formats import coco

if TYPE_CHECKING:
    from pathlib import Path

SEGMENTS = [
    {"id": 12, "category_id": 1, "iscrowd": 0, "area": 30, "bbox": [0, 1, 2, 3]},
    {"id": 7, "category_id": 2, "iscrowd": 1, "area": 2.5},
    {"id": 2**63 - 1, "category_id": -(2**63), "iscrowd": 0},
]
CATEGORIES = [
    {"id": 1, "name": "cat", "isthing": 1, "supercategory": "animal", "color": [1, 2, 3]},
    {"id": 2, "isthing": False},
]


def content(**fields: Any) -> dict[str, Any]:
    images = [
        {"image_id": 139, "file_name": "139.png", "segments_info": SEGMENTS},
        {"image_id": "b", "file_name": "b.png", "segments_info": []},
        {"image_id": 5, "file_name": "5.png", "segments_info": SEGMENTS[:1]},
    ]
    return {"images": [{"id": 139}], "annotations": images, "categories": CATEGORIES} | fields


def with_segment(**fields: Any) -> dict[str, Any]:
    """Change fields of segment 7 of image 139; `...` removes one."""
    return _changed(("annotations", 0, "segments_info", 1), fields)


def with_image(**fields: Any) -> dict[str, Any]:
    """Change fields of image b; `...` removes one."""
    return _changed(("annotations", 1), fields)


def with_category(**fields: Any) -> dict[str, Any]:
    """Change fields of category 1; `...` removes one."""
    return _changed(("categories", 0), fields)


def _changed(place: tuple[str | int, ...], fields: dict[str, Any]) -> dict[str, Any]:
    document = record = json.loads(json.dumps(content()))
    for step in place:
        record = record[step]
    record.update(fields)
    for name in [name for name, value in record.items() if value is ...]:
        del record[name]
    return document


def read(path: Path, document: Any, **options: Any) -> coco.Annotations:
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return coco.read_annotations(path, **options)


def fault(path: Path, document: Any, **options: Any) -> str:
    """Return the message of the FormatError, without the file that it must start with."""
    with pytest.raises(pf.FormatError) as caught:
        read(path, document, **options)
    start = f"{path}: "
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start)
