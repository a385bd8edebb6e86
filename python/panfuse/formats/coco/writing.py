"""Panoptic to COCO panoptic files."""

from __future__ import annotations

import os
from operator import index
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from panfuse import _files, png
from panfuse.categories import Categories
from panfuse.formats.coco.annotations import default_folder
from panfuse.panoptic import Panoptic

if TYPE_CHECKING:
    from collections.abc import Iterable


def write(
    path: str | os.PathLike[str],
    items: Iterable[tuple[int | str, Panoptic] | tuple[int | str, str, Panoptic]],
    *,
    categories: Categories,
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Write results as COCO panoptic: a PNG file each, and one JSON file.

    The JSON is written last, and takes the place of an older one whole: where there is an error,
    no JSON is written. Its `images` have the names of the PNG files, since those of the photos
    are not known. A score is written where it is known; `source_index` and decisions are not.

    Parameters
    ----------
    path : str or path
        The JSON file.
    items : iterable of (image_id, Panoptic) or (image_id, file_name, Panoptic)
        Taken one after another. Image ids are ints or strs. `file_name` is relative to `folder`;
        default: the id, to 12 digits if it is an int, and ``.png``.
    categories : Categories
        Every segment's category must be among them, and as much a thing as they say.
    folder : str or path, optional
        Where the PNG files go; made if need be. Default: `path` without ``.json``.

    Raises
    ------
    TypeError, ValueError
        Naming the image, and the segment: the map is not (H, W), lies on a GPU (copy it to the
        host first), or has an id above 2**24 - 1; an id has no segment, a segment no pixel, or
        another area, box or category than it says; an image id or file name comes twice or is
        none.
    OSError
        A file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import panfuse as pf
    >>> from panfuse.formats import coco
    >>> categories = pf.Categories([1], ["cat"], [True])
    >>> panoptic = pf.Panoptic(np.array([[5, 5], [0, 5]]), pf.Segments([5], [1], [True]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     coco.write(Path(folder) / "val.json", [(139, panoptic)], categories=categories)
    ...     sorted(path.name for path in Path(folder).rglob("*.*"))
    ['000000000139.png', 'val.json']
    """
    target = Path(os.fsdecode(path))
    directory = default_folder(target) if folder is None else Path(os.fsdecode(folder))
    if not isinstance(categories, Categories):
        raise TypeError(f"categories: expected a Categories, got {type(categories).__name__}")
    directory.mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    seen: set[int | str] = set()
    names: set[str] = set()
    for item in items:
        if not isinstance(item, tuple) or len(item) not in (2, 3):
            got = f"a tuple of {len(item)}" if isinstance(item, tuple) else type(item).__name__
            raise TypeError(
                "items: expected tuples of (image_id, Panoptic) or (image_id, file_name, "
                f"Panoptic), got {got}"
            )
        image_id = _image_id(item[0])
        try:
            if image_id in seen:
                raise ValueError("it comes twice")
            name = _file_name(image_id, *item[1:-1])
            if name in names:
                raise ValueError(f"its file name {name} is also that of an image before it")
            segments_info = _write_image(item[-1], directory / name, categories)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"items: image {image_id}: {error}") from error
        seen.add(image_id)
        names.add(name)
        height, width = item[-1].size
        images.append({"id": image_id, "file_name": name, "height": height, "width": width})
        annotations.append(
            {"image_id": image_id, "file_name": name, "segments_info": segments_info}
        )
    content = {"images": images, "annotations": annotations, "categories": categories.to_coco()}
    _files.replace(target, msgspec.json.encode(content))


def _write_image(panoptic: Any, path: Path, categories: Categories) -> list[dict[str, Any]]:
    """Write the PNG file of a sound result, and return its ``segments_info``."""
    if not isinstance(panoptic, Panoptic):
        raise TypeError(f"expected a Panoptic, got {type(panoptic).__name__}")
    known = Panoptic(panoptic.ids, panoptic.segments, categories=categories)
    known.check()
    path.parent.mkdir(parents=True, exist_ok=True)
    png.write(panoptic.ids, path)
    records = known.segments_info()
    for record in records:
        del record["isthing"]  # the categories tell
    return records


def _file_name(image_id: int | str, given: Any = None) -> str:
    """Check the name of a PNG file within its folder, or make the usual one."""
    if given is None:
        stem = image_id if isinstance(image_id, str) else f"{image_id:012d}"
        given = f"{stem}.png"
    if not isinstance(given, str):
        raise TypeError(f"file_name: expected a str, got {type(given).__name__}")
    path = PurePath(given)
    if not path.name or path.is_absolute() or ".." in path.parts or "\0" in given:
        raise ValueError(f"file_name: expected a path within the folder, got {given!r}")
    return given


def _image_id(value: Any) -> int | str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"items: expected image ids of int or str, got {type(value).__name__}")
    number = index(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"items: expected image ids of 64 bits, got {number}")
    return number
