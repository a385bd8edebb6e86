"""Results in files: a mark, a checksum, and a typed MessagePack record of columns."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from panfuse import _files
from panfuse.categories import Categories
from panfuse.errors import FormatError
from panfuse.evaluation import CROWDS, FALSE_NEGATIVE, Notes, Outcomes
from panfuse.metrics._rules import Rules, checked
from panfuse.metrics._state import NOTE_COLUMNS, OUTCOME_COLUMNS, Images

_MARK = b"panfuse result 1\n"
_CHECKSUM_BYTES = 4


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    protocol: str
    fold: int | None
    categories: list[dict[str, Any]]
    image_ids: list[int | str | None]
    positions: bytes
    outcomes: dict[str, bytes]
    notes: dict[str, bytes]
    remarks: list[str]


def write(
    path: str | os.PathLike[str], rules: Rules, images: Images, remarks: tuple[str, ...]
) -> None:
    record = _Record(
        rules.protocol,
        rules.fold,
        rules.categories.to_coco(),
        list(images.ids),
        images.positions.astype("<i8").tobytes(),
        _packed(images.outcomes, OUTCOME_COLUMNS),
        _packed(images.outcomes.notes, NOTE_COLUMNS),
        list(remarks),
    )
    try:
        content = msgspec.msgpack.encode(record)
    except OverflowError:
        raise ValueError("image ids of more than 64 bits have no place in a file") from None
    checksum = zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little")
    _files.replace(Path(path), _MARK + checksum + content)


def read(path: str | os.PathLike[str]) -> tuple[Rules, Images, tuple[str, ...]]:
    name = os.fspath(path)
    data = Path(path).read_bytes()
    if not data.startswith(_MARK):
        raise FormatError(f"{name}: no result that this version of panfuse has saved")
    start = len(_MARK) + _CHECKSUM_BYTES
    checksum, content = data[len(_MARK) : start], data[start:]
    if zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
        raise FormatError(f"{name}: damaged: the checksum is another")
    try:
        record = msgspec.msgpack.decode(content, type=_Record)
        rules = checked(Categories.from_coco(record.categories), record.protocol, record.fold)
        return rules, _images(record), tuple(record.remarks)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise FormatError(f"{name}: damaged: {error}") from error


def _packed(table: Any, columns: dict[str, str]) -> dict[str, bytes]:
    return {name: getattr(table, name).astype(dtype).tobytes() for name, dtype in columns.items()}


def _images(record: _Record) -> Images:
    size = len(record.image_ids)
    positions = _column(record.positions, "<i8")
    if len(positions) != size:
        raise ValueError(f"expected {size} positions, got {len(positions)}")
    outcomes = _table(record.outcomes, OUTCOME_COLUMNS, size, "outcomes")
    notes = Notes(**_table(record.notes, NOTE_COLUMNS, size, "notes"))
    return Images(tuple(record.image_ids), positions, Outcomes(size, notes=notes, **outcomes))


def _table(packed: dict[str, bytes], columns: dict[str, str], images: int, name: str) -> Any:
    if packed.keys() != columns.keys():
        raise ValueError(f"{name}: expected the columns {list(columns)}, got {list(packed)}")
    table = {key: _column(packed[key], dtype) for key, dtype in columns.items()}
    if len({len(column) for column in table.values()}) > 1:
        raise ValueError(f"{name}: the columns' lengths differ")
    image, kind = table["image"], table["kind"]
    largest = FALSE_NEGATIVE if columns is OUTCOME_COLUMNS else CROWDS
    if len(image) and not 0 <= image.min() <= image.max() < images:
        raise ValueError(f"{name}: expected images below {images}, got {image.max()}")
    if (np.diff(image) < 0).any():
        raise ValueError(f"{name}: expected ascending images")
    if len(kind) and not 0 <= kind.min() <= kind.max() <= largest:
        raise ValueError(f"{name}: expected known kinds, got {kind.min()} to {kind.max()}")
    return table


def _column(content: bytes, dtype: str) -> Any:
    # In the machine's order of bytes, and writable as all other columns are.
    return np.frombuffer(content, dtype).astype(np.dtype(dtype).newbyteorder("="))
