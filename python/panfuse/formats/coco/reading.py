"""COCO panoptic files to Panoptic."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from panfuse import png
from panfuse.categories import Categories
from panfuse.errors import FormatError
from panfuse.formats.coco.annotations import default_folder
from panfuse.formats.coco.records import PIXELS, AnnotatedImage, PixelSegment, parse, shorten
from panfuse.matching import contingency
from panfuse.panoptic import Panoptic
from panfuse.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read(
    json_path: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str] | None = None,
    images: Iterable[int | str] | None = None,
    categories: Categories | None = None,
) -> Iterator[tuple[int | str, Panoptic]]:
    """Read the images of a COCO panoptic JSON file and their PNG files, one after another.

    Ids, categories, crowds (absent: none is) and scores (absent: unknown) come from the JSON;
    areas and boxes from the pixels, since those in files are often of another version of the map.

    Parameters
    ----------
    json_path : str or path
        Ground truth or predictions.
    folder : str or path, optional
        Where the PNG files are. Default: the JSON file's path without ``.json``.
    images : iterable of image ids, optional
        Only these. Default: all.
    categories : Categories, optional
        Whose things are things. Default: the file's own; without any it must be given.

    Returns
    -------
    iterator of (image_id, Panoptic)
        In the order of the file. The JSON is read at once, a PNG file when its turn comes; ids
        are int32.

    Raises
    ------
    FormatError
        From `read_annotations`; or, when its turn comes, naming the image and segment: a category
        is unknown, an id is listed twice or is not 1 or more, or the PNG file has an id that is
        not listed or lacks one that is; or naming the PNG file that is not sound.
    OSError
        A file cannot be read.
    ValueError
        No categories are known, or an id of `images` is not in the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import panfuse as pf
    >>> from panfuse.formats import coco
    >>> categories = pf.Categories([1, 2], ["cat", "sky"], [True, False])
    >>> segments = pf.Segments([5, 9], [1, 2], [True, False])
    >>> panoptic = pf.Panoptic(np.array([[5, 5], [0, 9]]), segments)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     coco.write(Path(folder) / "val.json", [(139, panoptic)], categories=categories)
    ...     for image_id, panoptic in coco.read(Path(folder) / "val.json"):
    ...         print(image_id, panoptic.segments.area)
    139 [2 1]
    """
    path = Path(os.fsdecode(json_path))
    if categories is not None and not isinstance(categories, Categories):
        raise TypeError(f"categories: expected a Categories, got {type(categories).__name__}")
    records, own = parse(path.read_bytes(), str(path), PIXELS)
    table = own if categories is None else categories
    if table is None:
        raise ValueError(f"categories: expected a Categories, since {path} has none")
    directory = default_folder(path) if folder is None else Path(os.fsdecode(folder))
    if images is not None:
        wanted = dict.fromkeys(images)
        known = {record.image_id for record in records}
        unknown = [image_id for image_id in wanted if image_id not in known]
        if unknown:
            raise ValueError(f"images: expected image ids of {path}, got {unknown[0]!r}")
        records = [record for record in records if record.image_id in wanted]
    source = str(path)
    return ((record.image_id, _read(record, source, directory, table)) for record in records)


def load(
    json_path: str | os.PathLike[str],
    image_id: int | str,
    *,
    folder: str | os.PathLike[str] | None = None,
    categories: Categories | None = None,
) -> Panoptic:
    """Read one image of a COCO panoptic JSON file and its PNG file.

    Parameters
    ----------
    json_path : str or path
    image_id : int or str
    folder : str or path, optional
    categories : Categories, optional
        As `read` has them.

    Returns
    -------
    Panoptic

    Raises
    ------
    FormatError, OSError, ValueError
        As `read` does; FormatError too if the image is listed more than once.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import panfuse as pf
    >>> from panfuse.formats import coco
    >>> segments = pf.Segments([5], [1], [True])
    >>> panoptic = pf.Panoptic(np.array([[5, 0]]), segments, categories=pf.Categories.coco())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     panoptic.save_coco(Path(folder) / "val.json", image_id="cat")
    ...     coco.load(Path(folder) / "val.json", "cat") == panoptic
    True
    """
    pairs = read(json_path, folder=folder, images=[image_id], categories=categories)
    _, panoptic = next(pairs)
    if next(pairs, None) is not None:
        raise FormatError(f"{os.fsdecode(json_path)}: image {image_id} is listed more than once")
    return panoptic


def _read(
    image: AnnotatedImage[PixelSegment], source: str, folder: Path, categories: Categories
) -> Panoptic:
    name = f"{source}: image {shorten(image.image_id)}"
    rows = sorted(image.segments_info, key=lambda segment: segment.id)
    for row, segment in enumerate(rows):
        if not 1 <= segment.id <= 2**31 - 1:
            fault = "expected an id of 1 to 2**31 - 1"
        elif row and segment.id == rows[row - 1].id:
            fault = "the id is listed twice"
        elif segment.category_id not in categories:
            fault = f"category {segment.category_id} is not known"
        else:
            continue
        raise FormatError(f"{name}, segment {segment.id}: {fault}")
    path = folder / image.file_name
    ids = png.read(path).view(np.int32)  # the largest id that a PNG file can hold is 2**24 - 1
    table = contingency(ids, ids)  # of a map with itself: its ids and their areas
    listed = np.array([segment.id for segment in rows], np.int32)
    seen = table.gt_ids != 0
    pixels, areas = table.gt_ids[seen], table.counts[seen]
    for missing, fault in (
        (np.setdiff1d(pixels, listed), f"{path} has such pixels, but it is not listed"),
        (np.setdiff1d(listed, pixels), f"it is listed, but {path} has no such pixel"),
    ):
        if missing.size:
            raise FormatError(f"{name}, segment {missing[0]}: {fault}")
    category_ids = [segment.category_id for segment in rows]
    segments = Segments(
        listed,
        np.array(category_ids, np.int32),
        np.array([categories[category].is_thing for category in category_ids], np.bool_),
        is_crowd=np.array([segment.iscrowd == 1 for segment in rows], np.bool_),
        score=np.array([segment.score for segment in rows], np.float32),
        area=areas,
    )
    return Panoptic(ids, segments, categories=categories)
