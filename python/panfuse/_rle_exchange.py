"""Runs as lists of counts (LVIS, Segment Anything) or pairs (Kaggle, Hugging Face), both ways."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from panfuse import _backend, _checks
from panfuse import _rle_arguments as arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "from_huggingface",
    "from_kaggle",
    "from_uncompressed",
    "to_huggingface",
    "to_kaggle",
    "to_uncompressed",
]


def to_uncompressed(rles: Any) -> Any:
    """Write counts as lists of ints, as LVIS and Segment Anything do.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.

    Returns
    -------
    dict, or list of dict
        ``{"size": [H, W], "counts": [...]}``: the canonical counts, column-major.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.to_uncompressed({"size": [2, 3], "counts": b"132"})
    {'size': [2, 3], 'counts': [1, 3, 2]}
    """
    sizes, starts, counts = _backend.cpu().rle.columns(rles, False)
    results = [
        {"size": size, "counts": counts[begin:end].tolist()}
        for size, (begin, end) in zip(sizes.tolist(), pairwise(starts.tolist()), strict=True)
    ]
    return arguments.like(rles, results)


def from_uncompressed(rles: Any, *, text: bool = False) -> Any:
    """Compress lists of counts.

    Parameters
    ----------
    rles : dict or sequence of dict
        ``{"size": [H, W], "counts": [...]}``, column-major, background first.
    text : bool, default False
        Whether counts are str (for JSON), or bytes as pycocotools has them.

    Returns
    -------
    dict, or list of dict
        Canonical RLEs.

    Raises
    ------
    TypeError, ValueError
        The counts are no integers, or do not sum to the size.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.from_uncompressed({"size": [2, 3], "counts": [1, 3, 2]})
    {'size': [2, 3], 'counts': b'132'}
    """
    return _backend.cpu().rle.canonical(rles, bool(text))


def to_kaggle(rles: Any, *, order: str = "F", base: int = 1) -> Any:
    """Write runs as Kaggle's submissions have them: "start length start length ...".

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.
    order : {"F", "C"}
        Whether pixels are counted down the columns, as in most competitions, or along the rows.
    base : {1, 0}
        The number of the first pixel: 1 by Kaggle's rule.

    Returns
    -------
    str, or list of str
        Empty for an empty mask.

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound, or the order or base no such thing.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.to_kaggle({"size": [2, 3], "counts": b"132"})
    '2 3'
    >>> pf.rle.to_kaggle({"size": [2, 3], "counts": b"132"}, order="C", base=0)
    '1 1 3 2'
    """
    rows, first = _order(order), _base(base)
    return arguments.like(
        rles, [" ".join(map(str, pairs)) for pairs in _to_pairs(rles, rows, first)]
    )


def from_kaggle(
    texts: Any, size: Any, *, order: str = "F", base: int = 1, text: bool = False
) -> Any:
    """Read runs as Kaggle's submissions have them.

    Parameters
    ----------
    texts : str or sequence of str
        "start length start length ...", ascending and not overlapping; an empty one is an empty
        mask.
    size : pair of int, or a sequence of them
        (H, W), of all or of each.
    order, base
        As for `to_kaggle`.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs.

    Raises
    ------
    TypeError, ValueError
        Not such text (the error says which pair), or not of that size.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.from_kaggle("2 3", (2, 3))
    {'size': [2, 3], 'counts': b'132'}
    """
    rows, first = _order(order), _base(base)
    single = isinstance(texts, str)
    given = [texts] if single else arguments.sequence(texts, "texts")
    pairs = [_numbers(item, arguments.at("texts", i, single)) for i, item in enumerate(given)]
    return _from_pairs(pairs, "texts", single, size, (rows, first), text)


def to_huggingface(rles: Any) -> Any:
    """Write runs as transformers does with ``return_coco_annotation=True``.

    Those are not COCO's: [start, length, start, length, ...] along the rows, the first pixel being
    number 1.

    Parameters
    ----------
    rles : RLE or sequence of RLEs
        As `decode` takes them.

    Returns
    -------
    list of int, or list of those

    Raises
    ------
    TypeError, ValueError
        An RLE is unsound.

    References
    ----------
    ``binary_mask_to_rle`` of transformers, run beside this one.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.to_huggingface({"size": [2, 3], "counts": b"132"})
    [2, 1, 4, 2]
    """
    return arguments.like(rles, list(_to_pairs(rles, True, 1)))


def from_huggingface(runs: Any, size: Any, *, text: bool = False) -> Any:
    """Read runs as transformers writes them with ``return_coco_annotation=True``.

    Parameters
    ----------
    runs : sequence of int, or a sequence of those
        As `to_huggingface` writes them.
    size : pair of int, or a sequence of them
        (H, W), of all or of each.
    text : bool, default False
        Whether counts are str, or bytes.

    Returns
    -------
    dict, or list of dict
        RLEs.

    Raises
    ------
    TypeError, ValueError
        Not such runs (the error says which pair), or not of that size.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.rle.from_huggingface([2, 1, 4, 2], (2, 3))
    {'size': [2, 3], 'counts': b'132'}
    """
    given, single = arguments.lists(runs, "runs")
    pairs = [
        arguments.integers(item, arguments.at("runs", i, single)) for i, item in enumerate(given)
    ]
    return _from_pairs(pairs, "runs", single, size, (True, 1), text)


def _order(order: Any) -> bool:
    if order not in ("F", "C"):
        raise ValueError(f"order: expected 'F' or 'C', got {order!r}")
    return bool(order == "C")


def _base(base: Any) -> int:
    first = _checks.integer(base, "base")
    if first not in (0, 1):
        raise ValueError(f"base: expected 0 or 1, got {first}")
    return first


def _to_pairs(rles: Any, rows: bool, base: int) -> Iterator[list[int]]:
    """Start, length, start, length, ... of each mask."""
    _, starts, counts = _backend.cpu().rle.columns(rles, rows)
    for begin, end in pairwise(starts.tolist()):
        runs = counts[begin:end]
        pairs = np.empty((len(runs) // 2, 2), np.int64)
        pairs[:, 0] = np.cumsum(runs, dtype=np.int64)[: len(pairs) * 2 : 2] + base
        pairs[:, 1] = runs[1::2]
        yield pairs.ravel().tolist()


def _numbers(text: Any, where: str) -> np.ndarray:
    if not isinstance(text, str):
        raise TypeError(f"{where}: expected str, got {type(text).__name__}")
    words = text.split()
    for position, word in enumerate(words):
        if not (word.isascii() and word.isdigit() and len(word) < 19):
            raise ValueError(f"{where}: number {position} is {word!r}")
    return np.array(words, np.int64)


def _from_pairs(
    numbers: list[np.ndarray],
    name: str,
    single: bool,
    size: Any,
    order: tuple[bool, int],
    text: bool,
) -> Any:
    rows, base = order
    sizes = arguments.sizes_of_all(size, len(numbers), single)
    counts = [
        _counts(item, base, height * width, arguments.at(name, i, single))
        for i, (item, (height, width)) in enumerate(zip(numbers, sizes, strict=True))
    ]
    starts, arena = arguments.side_by_side(counts)
    results = _backend.cpu().rle.from_columns(sizes, starts, arena, rows, bool(text))
    return results[0] if single else results


def _counts(numbers: np.ndarray, base: int, pixels: int, where: str) -> np.ndarray:
    if len(numbers) % 2:
        raise ValueError(f"{where}: expected pairs, got {len(numbers)} numbers")
    begins, lengths = numbers[::2] - base, numbers[1::2]
    # Before ends are added up, which could overflow.
    fits = (begins >= 0) & (begins < pixels) & (lengths > 0) & (lengths <= pixels)
    ends = np.where(fits, begins, 0) + np.where(fits, lengths, 0)
    before = np.concatenate([[0], ends[:-1]])
    sound = fits & (begins >= before) & (ends <= pixels)
    if not sound.all():
        first = int(np.argmin(sound))
        start, length = int(begins[first]) + base, int(lengths[first])
        raise ValueError(
            f"{where}: pair {first} ({start}, {length}) does not lie behind the one before it, "
            f"within {pixels} pixels"
        )
    counts = np.zeros(len(numbers) + 1, np.int64)
    counts[0:-1:2] = begins - before
    counts[1::2] = lengths
    counts[-1] = pixels - (ends[-1] if len(ends) else 0)
    return counts
