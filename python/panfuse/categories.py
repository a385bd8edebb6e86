"""The categories of a data set: their ids, names, and which of them are things."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from panfuse import _category_fields as fields
from panfuse import _category_tables as tables
from panfuse import _maps

__all__ = ["Categories", "Category", "thing_ids"]


@dataclass(frozen=True, slots=True)
class Category:
    """One category: a record of `Categories`.

    Attributes
    ----------
    id : int
    name : str
    is_thing : bool
        True for countable categories (things), False for stuff.
    supercategory : str or None
    color : tuple of 3 int
        RGB, 0 to 255. For display only: not part of equality.
    """

    id: int
    name: str
    is_thing: bool
    supercategory: str | None = None
    color: tuple[int, int, int] = field(default=(0, 0, 0), compare=False)


class Categories:
    """An immutable, ordered table of categories.

    Iteration yields `Category` records in table order; ``categories[id]`` looks one up by its
    category id (KeyError where there is none) and ``id in categories`` tests for one. Tables are
    equal when ids, names, is_thing and supercategories are, in the same order; colours are for
    display and do not take part.

    Parameters
    ----------
    ids : sequence of int (C,)
        Unique, 0 to 2**31 - 1, in any order.
    names : sequence of str (C,)
    is_thing : sequence of bool (C,)
        True for countable categories; 0 and 1 are welcome.
    supercategories : sequence of str or None (C,), optional
    colors : sequence of RGB triples (C, 3), optional
        0 to 255; None, for the table or for a row, takes the first free colour of the PASCAL VOC
        palette (never black, distinct from all others of the table).

    Raises
    ------
    TypeError, ValueError
        If a column has the wrong type, length or values; the message names the column and row.

    Examples
    --------
    >>> import panfuse as pf
    >>> categories = pf.Categories([7, 3], ["road", "car"], [False, True])
    >>> categories
    Categories(2: 1 things, 1 stuff)
    >>> categories[3].name, 7 in categories, categories.thing_ids
    ('car', True, frozenset({3}))
    >>> [(category.id, category.name) for category in categories.contiguous]
    [(0, 'road'), (1, 'car')]
    >>> pf.Categories.coco()[200].name
    'rug-merged'
    """

    __slots__ = ("_colors", "_ids", "_is_thing", "_names", "_rows", "_supercategories")

    _colors: npt.NDArray[np.uint8]
    _ids: npt.NDArray[np.int64]
    _is_thing: npt.NDArray[np.bool_]
    _names: tuple[str, ...]
    _rows: dict[int, int]
    _supercategories: tuple[str | None, ...]

    def __init__(
        self,
        ids: Iterable[int],
        names: Iterable[str],
        is_thing: Iterable[bool | int],
        supercategories: Iterable[str | None] | None = None,
        colors: Iterable[Sequence[int] | None] | None = None,
    ) -> None:
        rows: dict[int, int] = {}
        for row, value in enumerate(fields.column(ids, "ids", None)):
            key = fields.category_id(value, f"ids[{row}]")
            if key in rows:
                raise ValueError(
                    f"ids: expected unique ids, got {key} in rows {rows[key]} and {row}"
                )
            rows[key] = row
        count = len(rows)
        name_list = fields.column(names, "names", count)
        thing_list = fields.column(is_thing, "is_thing", count)
        super_list = fields.column(supercategories, "supercategories", count)
        color_list = fields.column(colors, "colors", count)
        for row, name in enumerate(name_list):
            fields.require_text(name, f"names[{row}]")
        for row, name in enumerate(super_list):
            if name is not None:
                fields.require_text(name, f"supercategories[{row}]")
        self._ids = _frozen(np.array(list(rows), np.int64))
        self._names = tuple(str(name) for name in name_list)
        flags = [fields.flag(value, f"is_thing[{row}]") for row, value in enumerate(thing_list)]
        self._is_thing = _frozen(np.array(flags, np.bool_))
        self._supercategories = tuple(super_list)
        self._colors = _frozen(fields.fill_colors(color_list))
        self._rows = rows

    @classmethod
    def coco(cls) -> Categories:
        """Return COCO's 133 panoptic categories (80 things, 53 stuff), with its ids 1 to 200.

        Colours are panfuse's own.
        """
        things, stuff = tables.COCO_THINGS, tables.COCO_STUFF
        ids, names, supercategories = zip(*things, *stuff, strict=True)
        return cls(ids, names, [True] * len(things) + [False] * len(stuff), supercategories)

    @classmethod
    def cityscapes(cls) -> Categories:
        """Return the 19 evaluated classes of Cityscapes by trainId; things are 11 to 18."""
        names, supercategories, colors = zip(*tables.CITYSCAPES, strict=True)
        ids = range(len(names))
        things = [train_id >= tables.CITYSCAPES_FIRST_THING for train_id in ids]
        return cls(ids, names, things, supercategories, colors)

    @classmethod
    def from_coco(
        cls,
        categories: str | os.PathLike[str] | Mapping[str, Any] | Iterable[Mapping[str, Any]],
    ) -> Categories:
        """Read COCO's list of category dicts.

        Parameters
        ----------
        categories : list of dict, dict, or path
            Dicts with ``id``, ``name``, ``isthing`` (0 or 1) and optionally ``supercategory`` and
            ``color`` (RGB); or a dict that has such a list under ``"categories"`` (a whole COCO
            file); or the path of a JSON file that holds either. Further fields are not read.

        Raises
        ------
        TypeError, ValueError
            If a field is missing or wrong, naming the category and the field, or if the file is
            not JSON, naming the file.
        OSError
            If the file cannot be read.
        """
        source, data = "categories", categories
        if isinstance(categories, str | os.PathLike):
            path = os.fspath(categories)
            source = f"{path}: categories"
            with open(path, encoding="utf-8") as file:
                try:
                    data = json.load(file)
                except ValueError as error:
                    raise ValueError(f"{path}: expected a JSON file, got {error}") from error
        if isinstance(data, Mapping):
            if "categories" not in data:
                raise ValueError(f"{source}: expected the field 'categories', got {list(data)}")
            data = data["categories"]
        if not isinstance(data, Iterable) or isinstance(data, str | bytes):
            raise TypeError(f"{source}: expected a list of dicts, got {type(data).__name__}")
        rows = [fields.record(value, f"{source}[{row}]") for row, value in enumerate(data)]
        return cls(*zip(*rows, strict=True)) if rows else cls((), (), ())

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """Category ids in table order: int64 (C,), read-only."""
        return self._ids

    @property
    def names(self) -> tuple[str, ...]:
        """Names in table order."""
        return self._names

    @property
    def is_thing(self) -> npt.NDArray[np.bool_]:
        """Which categories are countable: bool (C,), read-only."""
        return self._is_thing

    @property
    def supercategories(self) -> tuple[str | None, ...]:
        """Supercategories in table order; None where a category has none."""
        return self._supercategories

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        """RGB colours for display: uint8 (C, 3), read-only."""
        return self._colors

    @property
    def thing_ids(self) -> frozenset[int]:
        """Ids of the countable categories."""
        return frozenset(self._ids[self._is_thing].tolist())

    @property
    def stuff_ids(self) -> frozenset[int]:
        """Ids of the categories that are not countable."""
        return frozenset(self._ids[~self._is_thing].tolist())

    @property
    def contiguous(self) -> Categories:
        """The same categories in the same order, with ids 0 to C - 1."""
        return Categories(
            range(len(self)), self._names, self._is_thing, self._supercategories, self._colors
        )

    def to_contiguous(self, ids: Any) -> Any:
        """Translate category ids to their rows (contiguous ids, 0 to C - 1).

        Parameters
        ----------
        ids : int, sequence of int, or integer array of any shape, library and device

        Returns
        -------
        int for an int; otherwise int64 of the same shape: NumPy for a sequence, or else the
        caller's library, on the caller's device (where it synchronises once)

        Raises
        ------
        ValueError
            Naming the smallest id that is no category's.
        """
        order = np.argsort(self._ids)
        return self._translate(ids, self._ids[order], order, "ids", "category ids of this table")

    def from_contiguous(self, indices: Any) -> Any:
        """Translate rows (contiguous ids, 0 to C - 1) to category ids, undoing `to_contiguous`.

        Parameters
        ----------
        indices : int, sequence of int, or integer array of any shape, library and device

        Returns
        -------
        int for an int; otherwise int64 of the same shape: NumPy for a sequence, or else the
        caller's library, on the caller's device (where it synchronises once)

        Raises
        ------
        ValueError
            Naming the smallest index outside 0 to C - 1.
        """
        rows = np.arange(len(self))
        return self._translate(indices, rows, self._ids, "indices", f"0 to {len(self) - 1}")

    def _translate(
        self,
        labels: Any,
        keys: npt.NDArray[np.int64],
        values: npt.NDArray[np.int64],
        name: str,
        expected: str,
    ) -> Any:
        scalar = isinstance(labels, int | np.integer) and not isinstance(labels, bool)
        if scalar or isinstance(labels, Sequence):
            labels = np.atleast_1d(fields.integers(labels, name))
        _maps.require_map(labels, name)
        try:
            result = _maps.relabel(labels, keys, values, name)
        except KeyError as error:
            raise ValueError(f"{name}: expected {expected}, got {error.args[0]}") from None
        return int(result[0]) if scalar else result

    def to_coco(self) -> list[dict[str, Any]]:
        """COCO's list of category dicts, in plain Python types ready for JSON.

        A category without a supercategory gets no such field.
        """
        records: list[dict[str, Any]] = []
        for category in self:
            record: dict[str, Any] = {
                "id": category.id,
                "name": category.name,
                "isthing": int(category.is_thing),
                "color": list(category.color),
            }
            if category.supercategory is not None:
                record["supercategory"] = category.supercategory
            records.append(record)
        return records

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Category]:
        return (self._record(row) for row in range(len(self)))

    def __contains__(self, category_id: object) -> bool:
        return isinstance(category_id, int | np.integer) and int(category_id) in self._rows

    def __getitem__(self, category_id: int | np.integer[Any]) -> Category:
        try:
            return self._record(self._rows[index(category_id)])
        except TypeError:
            kind = type(category_id).__name__
            raise TypeError(f"category_id: expected an int, got {kind}") from None
        except KeyError:
            raise KeyError(
                f"category_id: expected one of {len(self)} category ids, got {category_id}"
            ) from None

    def _record(self, row: int) -> Category:
        red, green, blue = self._colors[row].tolist()
        return Category(
            int(self._ids[row]),
            self._names[row],
            bool(self._is_thing[row]),
            self._supercategories[row],
            (red, green, blue),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categories):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        is_thing = tuple(self._is_thing.tolist())
        return tuple(self._rows), self._names, is_thing, self._supercategories

    def __reduce__(self) -> tuple[Any, ...]:
        columns = self._ids, self._names, self._is_thing, self._supercategories, self._colors
        return Categories, columns

    def __repr__(self) -> str:
        things = int(self._is_thing.sum())
        return f"Categories({len(self)}: {things} things, {len(self) - things} stuff)"


def thing_ids(things: Iterable[int] | Categories) -> frozenset[int]:
    """Read a ``things=`` argument: the category ids that are countable.

    Parameters
    ----------
    things : iterable of int, or Categories

    Returns
    -------
    frozenset of int

    Raises
    ------
    TypeError
        If `things` is neither, or holds something that is not an int.
    ValueError
        If an id is outside 0 to 2**31 - 1.

    Examples
    --------
    >>> from panfuse.categories import thing_ids
    >>> sorted(thing_ids([24, 26]))
    [24, 26]
    """
    if isinstance(things, Categories):
        return things.thing_ids
    if isinstance(things, str | bytes | Mapping) or not isinstance(things, Iterable):
        raise TypeError(
            f"things: expected a set of category ids or a Categories, got {type(things).__name__}"
        )
    return frozenset(fields.category_id(value, "things") for value in things)


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
