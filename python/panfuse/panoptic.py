"""One panoptic result: a map of segment ids, and a row about each segment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse import _category_mapping, _checks, _consistency, _encoded, _maps
from panfuse.categories import Categories, thing_ids
from panfuse.segments import Segments

if TYPE_CHECKING:
    import os

__all__ = ["Panoptic"]

_INT32 = np.iinfo(np.int32)
_INT64 = np.iinfo(np.int64)


class Panoptic:
    """A map of segment ids and the table of its segments.

    Every pixel belongs to one segment or to none (void, id 0). Two are equal when their maps hold
    the same values in the same shape, and their segments and categories are equal; dtypes and
    host array libraries may differ.

    Parameters
    ----------
    ids : integer array, (H, W) or any rank R >= 1
        Segment ids, void 0; NumPy, CuPy, torch or another array-API array. Kept as it is: on its
        device, not copied, never modified.
    segments : Segments, or callable that returns them
        One row per id. A callable is called once, when `segments` is first read, so that results
        on a device need no synchronisation before. Areas and boxes that are unknown (-1) are
        counted from `ids` at the same moment.
    categories : Categories, optional
        Every segment's category must be among them, and as much a thing as they say.
    decisions : object, or callable that returns it, optional
        What a fusion did with each input instance or query. A callable is called once, when
        `decisions` is first read.
    original : callable, optional
        What `to_original` returns. It is pickled with the rest, so it must be picklable.
    table : object, optional
        Where a fusion on a device has left the segments there.

    Raises
    ------
    TypeError, ValueError
        If `ids` is no integer array, or the segments' boxes do not have the rank of `ids`, or
        their categories contradict `categories`; from `segments` where that is a callable.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> ids = np.array([[1, 1, 0], [1, 2, 2]], np.int32)
    >>> panoptic = pf.Panoptic(ids, pf.Segments([1, 2], [7, 26], [False, True]))
    >>> panoptic
    Panoptic(size=(2, 3), ids=numpy int32, segments=2)
    >>> panoptic.segments.bbox
    array([[0, 0, 2, 2],
           [1, 1, 2, 1]], dtype=int32)
    >>> panoptic.semantic(void=255)
    array([[  7,   7, 255],
           [  7,  26,  26]], dtype=int32)
    >>> encoded = panoptic.to_encoded(1000)
    >>> encoded
    array([[ 7000,  7000,     0],
           [ 7000, 26001, 26001]], dtype=int32)
    >>> pf.Panoptic.from_encoded(encoded, 1000, things={26}) == panoptic
    True
    """

    def __init__(
        self,
        ids: Any,
        segments: Segments | Callable[[], Segments],
        *,
        categories: Categories | None = None,
        decisions: Any | Callable[[], Any] = None,
        original: Callable[[], Any] | None = None,
        table: Any = None,
    ) -> None:
        _maps.require_map(ids, "ids")
        if categories is not None and not isinstance(categories, Categories):
            raise TypeError(f"categories: expected a Categories, got {type(categories).__name__}")
        self._ids = ids
        self._categories = categories
        self._original = original
        self._source = segments
        self._decision_source = decisions
        self._decisions: Any = None
        self._segments: Segments | None = None
        self._table = table
        self._lock = threading.RLock()
        if isinstance(segments, Segments):
            _consistency.require_rows(segments, self.size, categories)
        elif not callable(segments):
            raise TypeError(
                f"segments: expected Segments or a callable, got {type(segments).__name__}"
            )

    @classmethod
    def from_encoded(
        cls,
        encoded: Any,
        label_divisor: int,
        *,
        things: Iterable[int] | Categories,
        void: int | Iterable[int] | None = 0,
    ) -> Panoptic:
        """Read a map of ``category_id * label_divisor + instance number``.

        The encoding of DeepLab2 and Panoptic-DeepLab: instances of things count from 1, stuff has
        instance 0, and a thing with instance 0 is a crowd. (Cityscapes' ``instanceIds`` files are
        another encoding: there instances count from 0, and crowds have no divisor.)

        Parameters
        ----------
        encoded : integer array of any dtype and rank >= 1
        label_divisor : int >= 1
            Above every instance number.
        things : set of int, or Categories
            The category ids that are countable. `Categories` also become the result's, and then
            must know every category of the map.
        void : int, iterable of int, or None
            The encoded value or values that are void; they may be negative.

        Returns
        -------
        Panoptic
            int32 ids 1 to N, ascending with the encoded value, in the library and on the device of
            `encoded`, where this synchronises.

        Raises
        ------
        TypeError
            If `encoded` is no integer array.
        ValueError
            Naming the encoded value if it is negative, has a category id above 2**31 - 1, or is
            stuff with an instance number.
        """
        _maps.require_map(encoded, "encoded")
        divisor = _checks.integer_within(label_divisor, "label_divisor", 1, _INT64.max)
        countable = thing_ids(things)
        voids = () if void is None else void if isinstance(void, Iterable) else (void,)
        void_values = [
            _checks.integer_within(value, "void", _INT64.min, _INT64.max) for value in voids
        ]
        ids, segments = _encoded.read(encoded, divisor, countable, void_values)
        categories = things if isinstance(things, Categories) else None
        return cls(ids, segments, categories=categories)

    @classmethod
    def from_rles(
        cls,
        rles: Any,
        segments: Segments,
        *,
        size: tuple[int, int] | None = None,
        order: npt.ArrayLike | None = None,
        categories: Categories | None = None,
    ) -> Panoptic:
        """Paint one mask for each segment.

        `panfuse.rle.decode_ids` says what `size` and `order` are.
        """
        from panfuse import _rle_panoptic

        return cls(*_rle_panoptic.read(rles, segments, size, order), categories=categories)

    @property
    def ids(self) -> Any:
        """The map of segment ids, as the caller gave it or as the fusion made it; void is 0."""
        return self._ids

    @property
    def segments(self) -> Segments:
        """One row per segment, in ascending order of id; read from the device on first use."""
        if self._segments is None:
            with self._lock:
                if self._segments is None:
                    source = self._source
                    segments = source if isinstance(source, Segments) else source()
                    _consistency.require_rows(segments, self.size, self._categories)
                    self._segments = _consistency.with_statistics(self._ids, segments)
        return self._segments

    @property
    def categories(self) -> Categories | None:
        """The categories the segments are from, where they are known."""
        return self._categories

    @property
    def decisions(self) -> Any:
        """Per input instance or query: kept, or why not. None where no fusion made this."""
        if not callable(self._decision_source):
            return self._decision_source
        with self._lock:
            if self._decisions is None:
                self._decisions = self._decision_source()
        return self._decisions

    @property
    def table(self) -> Any:
        """The segments as arrays on the device, not waited for; None where no device made them."""
        return self._table

    def refresh(self) -> None:
        """Let `segments` and the rest be read anew from a device, as after a graph's replay."""
        with self._lock:
            if self._table is not None:
                self._table.forget()
                self._segments = self._decisions = None

    @property
    def size(self) -> tuple[int, ...]:
        """The shape of `ids`: (H, W) for an image."""
        return tuple(self._ids.shape)

    def segments_info(self) -> list[dict[str, Any]]:
        """COCO's list of segment dicts, in plain Python types ready for JSON.

        Returns
        -------
        list of dict
            ``id``, ``category_id``, ``iscrowd`` (0 or 1), ``bbox`` [x, y, w, h], ``area``,
            ``isthing`` (0 or 1), and ``score`` where it is known; ascending by id.
        """
        rows = self.segments
        records: list[dict[str, Any]] = []
        for row in range(len(rows)):
            record: dict[str, Any] = {
                "id": int(rows.id[row]),
                "category_id": int(rows.category_id[row]),
                "iscrowd": int(rows.is_crowd[row]),
                "bbox": rows.bbox[row].tolist(),
                "area": int(rows.area[row]),
                "isthing": int(rows.is_thing[row]),
            }
            if not np.isnan(rows.score[row]):
                record["score"] = float(rows.score[row])
            records.append(record)
        return records

    def semantic(self, void: int = 0) -> Any:
        """Make the map of category ids.

        Parameters
        ----------
        void : int
            The value of void pixels. Where 0 is a category id (Cityscapes' trainIds), pass
            another, such as 255, or void cannot be told from that category.

        Returns
        -------
        int32 array of the shape, library and device of `ids`; on a device this synchronises

        Raises
        ------
        ValueError
            Naming the smallest pixel id that has no segment.
        """
        fill = _checks.integer_within(void, "void", int(_INT32.min), _INT32.max)
        rows = self.segments
        return _encoded.paint(self._ids, rows, rows.category_id, fill, np.dtype(np.int32))

    def rles(self, *, text: bool = False, threads: int | None = None) -> Any:
        """Make an `RleList` by `panfuse.rle.encode_ids`; ValueError if an id has no segment."""
        from panfuse import _rle_panoptic

        return _rle_panoptic.write(self._ids, self.segments, text, threads)

    def to_encoded(self, label_divisor: int, void: int = 0) -> Any:
        """Make the map of ``category_id * label_divisor + instance number``.

        Stuff and crowds have instance 0; the other things of a category count from 1 in ascending
        order of id. Segments of one category with instance 0 become one value.

        Parameters
        ----------
        label_divisor : int >= 1
        void : int
            The value of void pixels.

        Returns
        -------
        int32 array, or int64 if a value needs it, of the shape, library and device of `ids`; on a
        device this synchronises

        Raises
        ------
        ValueError
            Naming the category that has more than ``label_divisor - 1`` instances; if a value
            does not fit int64; if there are void pixels and `void` is also a segment's value;
            naming the smallest pixel id that has no segment.
        """
        divisor = _checks.integer_within(label_divisor, "label_divisor", 1, None)
        fill = _checks.integer_within(void, "void", _INT64.min, _INT64.max)
        rows = self.segments
        codes = _encoded.codes(rows, divisor)
        largest = max([fill, *codes])
        if largest > _INT64.max:
            raise ValueError(
                f"label_divisor: expected values below 2**63, got {largest} with {divisor}"
            )
        if fill in codes and 0 in _maps.statistics(self._ids)[0]:
            segment = int(rows.id[codes.index(fill)])
            raise ValueError(
                f"void: expected a value that no segment has, got {fill}, which is also segment "
                f"{segment} (category {int(rows.category_id[codes.index(fill)])})"
            )
        fits = _INT32.min <= fill and largest <= _INT32.max
        dtype = np.dtype(np.int32 if fits else np.int64)
        return _encoded.paint(self._ids, rows, np.array(codes, np.int64), fill, dtype)

    def map_categories(
        self,
        mapping: Mapping[int, int],
        *,
        categories: Categories | None = None,
        merge_stuff: bool = True,
    ) -> Panoptic:
        """Put the result in another set of categories.

        Parameters
        ----------
        mapping : mapping of int to int
            The new category id of every category id that occurs.
        categories : Categories, optional
            The categories mapped to. They say which are things: instances of a category that is
            now stuff become stuff, and stuff of a category that is now a thing one instance.
            Without them each segment stays what it is.
        merge_stuff : bool
            Stuff has no instances, so its segments of one new category (and equal `is_crowd`)
            become one, with the smallest of their ids, unknown score and no source index. False
            keeps them separate, with the map as it is.

        Returns
        -------
        Panoptic
            It shares `ids` unless segments merge; then the new map has the same dtype, library and
            device, where this synchronises. `decisions` are kept; `to_original` is not.

        Raises
        ------
        ValueError
            Naming the categories that `mapping` lacks, or a new category id that `categories`
            lacks or, without them, that would hold both things and stuff.
        """
        segments = _category_mapping.recategorise(self.segments, mapping, categories)
        ids = self._ids
        if merge_stuff:
            merged, owners = _category_mapping.merge_stuff(segments)
            if len(merged) < len(segments):
                ids = _encoded.paint(ids, segments, owners, 0, _maps.dtype_of(ids))
                segments = merged
        return Panoptic(ids, segments, categories=categories, decisions=self.decisions)

    def save_coco(
        self,
        path: str | os.PathLike[str],
        *,
        image_id: int | str = 1,
        file_name: str | None = None,
        categories: Categories | None = None,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        """Write a COCO panoptic JSON file of this one image, and its PNG file.

        `panfuse.formats.coco.write` writes many, and says what the arguments are; `categories`
        default to the result's own.

        Raises
        ------
        TypeError, ValueError, OSError
            As there; ValueError also if no categories are known.
        """
        from panfuse.formats import coco

        categories = self._categories if categories is None else categories
        if categories is None:
            raise ValueError("categories: expected a Categories, since the result has none")
        items = [(image_id, self) if file_name is None else (image_id, file_name, self)]
        coco.write(path, items, categories=categories, folder=folder)

    def to_original(self) -> Any:
        """Return the map exactly as the project behind the fusion's preset returns it.

        Raises
        ------
        ValueError
            If this did not come from a fusion with a preset.
        """
        if self._original is None:
            raise ValueError(
                "to_original: expected the result of a fusion with a preset, got a Panoptic "
                "that came from elsewhere"
            )
        return self._original()

    def check(self) -> None:
        """Compare the segments with the pixels; on a device this synchronises.

        Raises
        ------
        ValueError
            Naming the smallest pixel id that has no segment, or else the first segment that has
            no pixel, another area or another box.
        """
        _consistency.check(self._ids, self.segments)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Panoptic):
            return NotImplemented
        return (
            self._categories == other._categories
            and _maps.equal(self._ids, other._ids)
            and self.segments == other.segments
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self._ids, self.segments, self._categories, self.decisions, self._original)
        return _from_parts, parts

    def __repr__(self) -> str:
        read = self._source if isinstance(self._source, Segments) else self._segments
        count = "not read" if read is None else len(read)
        return f"Panoptic(size={self.size}, ids={_maps.describe(self._ids)}, segments={count})"


def _from_parts(
    ids: Any,
    segments: Segments,
    categories: Categories | None,
    decisions: Any,
    original: Callable[[], Any] | None,
) -> Panoptic:
    return Panoptic(ids, segments, categories=categories, decisions=decisions, original=original)
