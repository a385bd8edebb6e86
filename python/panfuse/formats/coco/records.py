"""The JSON of COCO panoptic: typed records, and errors that say where in the file they stand."""

from __future__ import annotations

import codecs
import math
import re
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import numpy as np

from panfuse.categories import Categories
from panfuse.errors import FormatError

# msgspec resolves annotations at run time, in this module's names.
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_LARGEST = float(np.finfo(np.float32).max)
Float32 = Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]


# gc=False throughout: decoding makes these records from scalars and from lists of one another, so
# there is no cycle for the collector to find, and it need not walk a million of them.
class PredictedSegment(msgspec.Struct, frozen=True, gc=False):
    """A segment of a prediction: further fields are not looked at, whatever they hold."""

    id: Int64
    category_id: Int64


class Segment(PredictedSegment, frozen=True, gc=False):
    """A segment of ground truth: a crowd if `iscrowd` equals 1; `area` is nan where not given."""

    iscrowd: bool | int | float
    area: float = math.nan


class PixelSegment(PredictedSegment, frozen=True, gc=False):
    """A segment of either, whose area and box are taken from the pixels."""

    iscrowd: bool | int | float = 0
    score: Float32 = math.nan


S = TypeVar("S", bound=PredictedSegment)


class AnnotatedImage(msgspec.Struct, Generic[S], frozen=True, gc=False):
    """What a COCO panoptic JSON file says of one image.

    Attributes
    ----------
    image_id : int or str
    file_name : str
        The PNG file, relative to the folder of such files.
    segments_info : list of records
        In the order of the file, each with `id`, `category_id` and, in ground truth, `iscrowd` (a
        number or bool; the segment is a crowd if it equals 1) and `area` (nan where none is given).
    """

    image_id: Int64 | str
    file_name: str
    segments_info: list[S]


class CategoryRecord(msgspec.Struct, frozen=True, gc=False):
    """One category."""

    id: Int64
    isthing: bool | int
    name: str | None = None
    supercategory: str | None = None
    color: tuple[int, int, int] | None = None


class Prediction(msgspec.Struct, frozen=True):
    """A file of predictions; its categories are not looked at."""

    annotations: list[AnnotatedImage[PredictedSegment]]


class Labelled(msgspec.Struct, Generic[S], frozen=True):
    """A file that may tell its categories."""

    annotations: list[AnnotatedImage[S]]
    categories: list[CategoryRecord] | None = None


GROUND_TRUTH = msgspec.json.Decoder(Labelled[Segment])
PREDICTIONS = msgspec.json.Decoder(Prediction)
PIXELS = msgspec.json.Decoder(Labelled[PixelSegment])


def parse(
    data: bytes, source: str, decoder: msgspec.json.Decoder[Any]
) -> tuple[list[AnnotatedImage[Any]], Categories | None]:
    """Decode a file's content to its images and categories.

    Raises
    ------
    FormatError
        Naming `source` and the fault, and the image, segment and field or else the byte where it
        stands. Nothing else, whatever `data` holds.
    """
    try:
        if not data.isascii():
            str(data, "utf-8")  # msgspec does not look into the strings that it skips
        file = decoder.decode(data)
    except msgspec.ValidationError as error:
        raise FormatError(f"{source}: {_located(data, str(error))}") from None
    except msgspec.DecodeError as error:
        raise FormatError(f"{source}: no valid JSON: {_fault(data, str(error))}") from None
    except UnicodeDecodeError as error:
        fault = f"no UTF-8, {error.reason} (byte {error.start})"
        raise FormatError(f"{source}: no valid JSON: {fault}") from None
    except RecursionError:
        raise FormatError(f"{source}: lists or objects nested too deeply") from None
    for image in file.annotations:
        if "\0" in image.file_name or not image.file_name:
            raise FormatError(
                f"{source}: image {shorten(image.image_id)}: field `file_name`: "
                f"expected the name of a file, got {image.file_name[:_LONGEST]!r}"
            )
    return file.annotations, _categories(getattr(file, "categories", None), source)


def _categories(records: list[CategoryRecord] | None, source: str) -> Categories | None:
    if records is None:
        return None
    names = [str(record.id) if record.name is None else record.name for record in records]
    try:
        return Categories(
            [record.id for record in records],
            names,
            [record.isthing for record in records],
            [record.supercategory for record in records],
            [record.color for record in records],
        )
    except (TypeError, ValueError) as error:
        raise FormatError(f"{source}: categories: {error}") from None


# What an element of these lists is called, and the field that identifies it.
_ELEMENTS = {
    "annotations": ("image", "image_id"),
    "segments_info": ("segment", "id"),
    "categories": ("category", "id"),
}
_LONGEST = 60


def shorten(value: object) -> str:
    """Write an id for a message."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _located(data: bytes, message: str) -> str:
    """Say what msgspec says of ``$.annotations[3].segments_info[2].id`` by image and segment."""
    fault, _, path = message.partition(" - at `$")
    fault = fault[:1].lower() + fault[1:].replace("`", "")
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None  # broken behind the fault, too: then positions must do
    elements: list[str] = []
    field = ""
    for name, digits in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        if name:
            field = name
            value = value.get(name) if isinstance(value, dict) else None
            continue
        position = int(digits)
        value = value[position] if isinstance(value, list) and position < len(value) else None
        if field in _ELEMENTS:
            kind, key = _ELEMENTS[field]
            known = value.get(key) if isinstance(value, dict) else None
            told = f"{kind} {shorten(known)}" if isinstance(known, int | str) else None
            elements.append(told or f"{field}[{position}]")
            field = ""
    parts = [", ".join(elements)] if elements else []
    missing = re.fullmatch(r"object missing required field (\w+)", fault)
    if missing:
        parts.append(f"field `{missing[1]}` is missing")
    else:
        parts += [f"field `{field}`", fault] if field else [fault]
    return ": ".join(parts)


def _fault(data: bytes, message: str) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "it starts with a byte order mark (byte 0)"
    fault = message.removeprefix("JSON is malformed: ")
    fault = fault[:1].lower() + fault[1:]
    return fault if "(byte " in fault else f"{fault} (byte {len(data)})"
