"""Masks as annotation tools and challenges write them: CVAT, Label Studio, Open Images."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from panfuse import _backend
from panfuse import _rle_arguments as arguments

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "from_cvat",
    "from_label_studio",
    "from_open_images",
    "to_cvat",
    "to_label_studio",
    "to_open_images",
]


def to_cvat(rles: Any) -> Any:
    """Write masks as CVAT's annotations have them.

    The counts are those of the tight box alone, along its rows, background first; then follow the
    box's left, top, right and bottom, the last pixels included.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them; not empty.

    Returns
    -------
    list of int, or list of those

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or has no foreground and so no box.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.to_cvat({"size": [2, 3], "counts": b"132"})
    [1, 3, 0, 0, 1, 1]
    """
    boxes, starts, counts = _backend.cpu().rle.cropped_rows(rles)
    results = []
    for i, (box, (begin, end)) in enumerate(
        zip(boxes.tolist(), pairwise(starts.tolist()), strict=True)
    ):
        x, y, width, height = box
        if width == 0:
            where = arguments.at("rles", i, isinstance(rles, Mapping))
            raise ValueError(f"{where}: an empty mask has no box, and CVAT no way to write it")
        results.append([*counts[begin:end].tolist(), x, y, x + width - 1, y + height - 1])
    return arguments.like(rles, results)


def from_cvat(masks: Any, size: Any, *, text: bool = False) -> Any:
    """Read masks as CVAT's annotations have them.

    Parameters
    ----------
    masks : sequence of int, or a sequence of those
        As `to_cvat` writes them. The box need not be tight, but must lie within the image.
    size : pair of int, or a sequence of them
        (H, W) of the image, of all or of each.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs.

    Raises
    ------
    TypeError, ValueError
        No such list, the counts do not fill the box, or the box does not lie in the image.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.from_cvat([1, 3, 0, 0, 1, 1], (2, 3))
    {'size': [2, 3], 'counts': b'132'}
    """
    given, single = arguments.lists(masks, "masks")
    sizes = arguments.sizes_of_all(size, len(given), single)
    boxes, counts = [], []
    for i, (item, (height, width)) in enumerate(zip(given, sizes, strict=True)):
        where = arguments.at("masks", i, single)
        numbers = arguments.integers(item, where)
        if len(numbers) < 5:
            raise ValueError(f"{where}: expected counts and a box, got {len(numbers)} numbers")
        left, top, right, bottom = numbers[-4:].tolist()
        if not (0 <= left <= right < width and 0 <= top <= bottom < height):
            raise ValueError(
                f"{where}: the box ({left}, {top}, {right}, {bottom}) does not lie in the image of "
                f"{height} x {width}"
            )
        boxes.append((left, top, right - left + 1, bottom - top + 1))
        counts.append(_box_counts(numbers[:-4], boxes[-1], where))
    starts, arena = arguments.side_by_side(counts)
    module = _backend.cpu().rle
    results = module.from_cropped_rows(boxes, sizes, starts, arena, bool(text))
    return results[0] if single else results


def to_label_studio(rles: Any) -> Any:
    """Write masks as the brush strokes of Label Studio: ``value["rle"]`` of a ``brushlabels``.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them, of fewer than 2**30 pixels.

    Returns
    -------
    list of int, or list of those
        Bytes of the bit stream (thi.ng's rle-pack of the values of an RGBA image, 0 and 255).

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound or too large.

    References
    ----------
    ``mask2rle`` of label-studio-sdk 2.1.2, run beside this one: the same bytes.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.to_label_studio({"size": [1, 2], "counts": [1, 1]})
    [0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]
    """
    packed = _backend.cpu().rle.to_brush(rles)
    return arguments.like(rles, [list(stream) for stream in packed])


def from_label_studio(streams: Any, size: Any, *, text: bool = False) -> Any:
    """Read masks as Label Studio keeps brush strokes.

    Parameters
    ----------
    streams : sequence of int or bytes, or a sequence of those
        As `to_label_studio` writes them; also those of the browser, with literal values and other
        sizes. The mask is where the alpha channel is not 0.
    size : pair of int, or a sequence of them
        (H, W), of all or of each: ``original_height`` and ``original_width``.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs.

    Raises
    ------
    TypeError, ValueError
        Not such a stream, or not of that size.

    Examples
    --------
    >>> import panfuse as pf
    >>> stream = pf.rle.to_label_studio({"size": [1, 2], "counts": [1, 1]})
    >>> pf.rle.from_label_studio(stream, (1, 2))
    {'size': [1, 2], 'counts': b'11'}
    """
    if isinstance(streams, bytes | bytearray):
        streams = list(streams)
    given, single = arguments.lists(streams, "streams")
    packed = []
    for i, item in enumerate(given):
        where = arguments.at("streams", i, single)
        try:
            packed.append(bytes(item))
        except (TypeError, ValueError):
            raise TypeError(f"{where}: expected bytes, or integers from 0 to 255") from None
    sizes = arguments.sizes_of_all(size, len(given), single)
    results = _backend.cpu().rle.from_brush(packed, sizes, bool(text))
    return results[0] if single else results


def to_open_images(rles: Any) -> Any:
    """Write masks as Open Images' challenges want them: COCO's string, deflated, in base64.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.

    Returns
    -------
    str, or list of str
        ``base64(zlib(canonical counts, level 9))``; the bytes are those of the zlib of Python.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.to_open_images({"size": [2, 3], "counts": b"132"})
    'eNozNDYCAAEuAJc='
    """
    found = _backend.cpu().rle.canonical(rles, False)
    strings = [found] if isinstance(found, Mapping) else found
    packed = [base64.b64encode(zlib.compress(item["counts"], 9)).decode() for item in strings]
    return arguments.like(rles, packed)


def from_open_images(texts: Any, size: Any, *, text: bool = False) -> Any:
    """Read masks as Open Images' challenges have them.

    Parameters
    ----------
    texts : str or bytes, or a sequence of those
        As `to_open_images` writes them.
    size : pair of int, or a sequence of them
        (H, W), of all or of each.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        Canonical RLEs.

    Raises
    ------
    TypeError, ValueError
        Not base64, not deflated, or counts that are unsound for the size.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.from_open_images("eNozNDYCAAEuAJc=", (2, 3))
    {'size': [2, 3], 'counts': b'132'}
    """
    single = isinstance(texts, str | bytes)
    given = [texts] if single else arguments.sequence(texts, "texts")
    sizes = arguments.sizes_of_all(size, len(given), single)
    rles = []
    for i, (item, shape) in enumerate(zip(given, sizes, strict=True)):
        counts = _inflated(item, arguments.at("texts", i, single), shape)
        rles.append({"size": shape, "counts": counts})
    results = _backend.cpu().rle.canonical(rles, bool(text))
    return results[0] if single else results


def _box_counts(numbers: np.ndarray, box: tuple[int, int, int, int], where: str) -> np.ndarray:
    for position, count in enumerate(numbers.tolist()):
        if not 0 <= count < 2**32:
            raise ValueError(f"{where}: count {position} is {count}")
    if int(numbers.sum()) != box[2] * box[3]:
        raise ValueError(
            f"{where}: the counts sum to {int(numbers.sum())}, and the box has {box[2] * box[3]} "
            "pixels"
        )
    return numbers


def _inflated(text: Any, where: str, size: tuple[int, int]) -> bytes:
    if not isinstance(text, str | bytes):
        raise TypeError(f"{where}: expected str or bytes, got {type(text).__name__}")
    most = 7 * (size[0] * size[1] + 1)  # more characters no counts of that size need
    stream = zlib.decompressobj()
    try:
        counts = stream.decompress(base64.b64decode(text, validate=True), most)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise ValueError(f"{where}: {error}") from None
    if not stream.eof or stream.unused_data:
        raise ValueError(f"{where}: the deflated counts do not end where the text does")
    return counts
