"""Whether RLEs are sound, their canonical form, and a hash of what they mean."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from panfuse import _arrays, _backend

__all__ = ["Fault", "canonical", "check", "digest"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with an RLE.

    Attributes
    ----------
    index : int
        Which RLE of a sequence; 0 for a single one.
    code : str
        What kind of fault: ``type``, ``size``, ``counts``, ``character``, ``truncated``,
        ``length``, ``negative``, ``overflow`` or ``sum``; if asked for, ``zero`` and ``padding``.
    position : int
        Where in the counts: the byte of a string, or the index in a list; their length for what is
        missing at the end. -1 where it is not about counts.
    message : str
        The same in words.
    """

    index: int
    code: str
    position: int
    message: str


def check(rles: Any, *, strict: bool = False) -> list[Fault]:
    """Report every fault of RLEs, whatever they are.

    Nothing is raised for bad content, so that whole data sets can be looked through. RLEs without a
    fault are what every function of this module takes.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        Any objects, in fact.
    strict : bool, default False
        Whether to report as well what is sound but not canonical: runs of no pixels after the first
        (``zero``), and numbers of more bytes than they need (``padding``).

    Returns
    -------
    list of Fault
        Records (index, code, position, message), by index and then in the order of positions; empty
        if all is well. Damaged bytes leave later counts of the same string unknown, so only their
        bytes are judged.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.check({"size": [2, 3], "counts": b"132"})
    []
    >>> for fault in pf.rle.check([{"size": [2, 3], "counts": b"13~2"}, {"size": [2, 3]}]):
    ...     print(fault)
    Fault(index=0, code='character', position=2, message="byte 126 ('~') is none of COCO's")
    Fault(index=1, code='counts', position=-1, message='there are no counts')
    """
    if isinstance(rles, Mapping) or not isinstance(rles, Iterable) or isinstance(rles, str | bytes):
        rles = [rles]
    faults = []
    for index, rle in enumerate(rles):
        faults += [Fault(index, *found) for found in _faults(rle, strict)]
    return faults


_Found = tuple[str, int, str]


def _faults(rle: Any, strict: bool) -> list[_Found]:
    if not isinstance(rle, dict):
        return [("type", -1, f"expected a dict, got {type(rle).__name__}")]
    found: list[_Found] = []
    try:
        size = _size(rle)
    except (TypeError, ValueError) as error:
        found.append(("size", -1, str(error)))
        size = None
    counts = rle.get("counts")
    if "counts" not in rle:
        found.append(("counts", -1, "there are no counts"))
    elif isinstance(counts, str):
        # Above 255 there is no byte: any that COCO does not have stands for it.
        found += _string_faults(bytes(min(ord(letter), 255) for letter in counts), size, strict)
    elif isinstance(counts, bytes):
        found += _string_faults(counts, size, strict)
    elif isinstance(counts, list | tuple):
        found += _list_faults(counts, size, strict)
    else:
        found += _array_faults(counts, size, strict)
    return found


def _size(rle: dict[Any, Any]) -> tuple[int, int]:
    if "size" not in rle:
        raise ValueError("there is no size")
    size = rle["size"]
    if isinstance(size, str | bytes | bytearray | Mapping | Set) or not isinstance(size, Iterable):
        raise TypeError(f"expected size to be [height, width], got {type(size).__name__}")
    items = list(size)
    if len(items) != 2:
        raise ValueError(f"expected size to be [height, width], got {len(items)} items")
    try:
        height, width = map(operator.index, items)
    except TypeError:
        raise TypeError(f"expected size to be two integers, got {items!r}") from None
    if not (0 <= height < 2**31 and 0 <= width < 2**31 and height * width < 2**32):
        raise ValueError(
            f"size {height} x {width} is none: expected 0 to 2**31 - 1 each, and fewer than 2**32 "
            "pixels"
        )
    return height, width


def _string_faults(counts: bytes, size: tuple[int, int] | None, strict: bool) -> list[_Found]:
    found: list[_Found] = []
    for code, position, run, value in _backend.cpu().rle.faults(counts, size, strict):
        found.append((code, position, _string_message(code, run, value, size)))
    return found


def _string_message(code: str, run: int, value: int, size: tuple[int, int] | None) -> str:
    if code == "character":
        return f"byte {value} ({chr(value)!r}) is none of COCO's"
    if code == "truncated":
        return f"the string ends within count {run}"
    if code == "length":
        return f"count {run} takes {value} bytes, and no count needs more than 7"
    if code == "padding":
        return f"count {run} takes {value} bytes, more than it needs"
    return _message(code, run, value, size)


def _message(code: str, run: int, value: int, size: tuple[int, int] | None) -> str:
    if code == "sum":
        assert size is not None
        height, width = size
        pixels = height * width
        if value > pixels:
            return f"the counts reach {value} at count {run}, where {height} x {width} has {pixels}"
        return f"the counts sum to {value}, where {height} x {width} has {pixels}"
    if code == "zero":
        return f"count {run} is 0"
    limit = "less than 0" if code == "negative" else "2**32 or more"
    return f"count {run} is {value}, {limit}"


def _array_faults(counts: Any, size: tuple[int, int] | None, strict: bool) -> list[_Found]:
    if not (isinstance(counts, np.ndarray) or hasattr(counts, "__dlpack__")):
        kind = type(counts).__name__
        return [("counts", -1, f"expected bytes, str, or integers in a list or array, got {kind}")]
    try:
        library, (array,) = _arrays.take(counts=counts)
        _backend.cpu(library, "counts")
        column = array if isinstance(array, np.ndarray) else np.from_dlpack(array)
    except (TypeError, ValueError, BufferError) as error:
        return [("counts", -1, str(error))]
    if column.ndim != 1 or column.dtype.kind not in "biu":
        what = f"{column.dtype} along {column.ndim}"
        return [("counts", -1, f"expected integers along one axis, got {what}")]
    return _list_faults(column.astype(object).tolist(), size, strict)


def _list_faults(counts: Sequence[Any], size: tuple[int, int] | None, strict: bool) -> list[_Found]:
    found: list[_Found] = []
    total, known = 0, True
    for run, item in enumerate(counts):
        try:
            value = operator.index(item)
        except TypeError:
            kind = type(item).__name__
            found.append(("counts", run, f"count {run} is no integer, but {kind}"))
            known = False
            continue
        codes = []
        if value < 0:
            codes.append("negative")
        if value >= 2**32:
            codes.append("overflow")
        if value == 0 and run > 0 and strict:
            codes.append("zero")
        known = known and 0 <= value < 2**32
        if known:
            total += value
            if size is not None and total > size[0] * size[1]:
                codes.append("sum")
                known = False
        for code in codes:
            told = total if code == "sum" else value
            found.append((code, run, _message(code, run, told, size)))
    if known and size is not None and total != size[0] * size[1]:
        found.append(("sum", len(counts), _message("sum", len(counts), total, size)))
    return found


def canonical(rles: Any, *, text: bool = False) -> Any:
    """Write RLEs the one way in which `encode` would.

    Runs of no pixels are dropped and their neighbours joined, numbers take as few bytes as they
    can, and uncompressed counts become strings. Equal masks become equal RLEs.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    text : bool, default False
        Whether counts are str (for JSON), or bytes as pycocotools has them.

    Returns
    -------
    dict, or list of dict
        ``{"size": [H, W], "counts": ...}``; other keys are left out.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.canonical({"size": [2, 3], "counts": [1, 2, 0, 1, 2, 0]})
    {'size': [2, 3], 'counts': b'132'}
    """
    return _backend.cpu().rle.canonical(rles, bool(text))


def digest(rles: Any) -> Any:
    """Hash what RLEs mean: equal for equal masks of equal sizes, however they are written.

    The hash is BLAKE2b with a digest of 16 bytes, over the bytes ``RLE1``, then height and width as
    little-endian integers of 8 bytes, then the canonical counts (see `canonical`) as little-endian
    integers of 4 bytes. It is the same in every version of panfuse, on every machine.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.

    Returns
    -------
    str, or list of str
        32 hexadecimal digits.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.digest({"size": [2, 3], "counts": b"132"})
    '8d0a273e10cdf05f3a5ac2102d4a273b'
    >>> pf.rle.digest([{"size": [2, 3], "counts": [1, 2, 0, 1, 2, 0]}])
    ['8d0a273e10cdf05f3a5ac2102d4a273b']
    """
    sizes, starts, counts = _backend.cpu().rle.columns(rles, False)
    heads = sizes.astype("<i8")
    little = np.ascontiguousarray(counts, "<u4")
    digests = [
        hashlib.blake2b(b"RLE1" + head.tobytes() + little[begin:end].tobytes(), digest_size=16)
        for head, (begin, end) in zip(heads, pairwise(starts.tolist()), strict=True)
    ]
    texts = [found.hexdigest() for found in digests]
    return texts[0] if isinstance(rles, Mapping) else texts
