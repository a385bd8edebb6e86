"""What is kept of each image: all that a result is computed from."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse.evaluation import Notes, Outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ImageId = int | str | None

# The columns of each table, and how they lie in files.
OUTCOME_COLUMNS = {"image": "<i8", "kind": "<i1", "category_id": "<i8", "iou": "<f8"}
NOTE_COLUMNS = {"image": "<i8", "kind": "<i1", "segment": "<i8", "listed": "<f8", "pixels": "<i8"}


@dataclass(frozen=True, eq=False, slots=True)
class Images:
    """Several images and what became of their segments.

    Attributes
    ----------
    ids : tuple of int, str or None
        One an image; None where the caller gave none.
    positions : int64 array
        Where each image stands in the JSON of the ground truth; -1 if it came from no file.
    outcomes : Outcomes
    """

    ids: tuple[ImageId, ...]
    positions: npt.NDArray[np.int64]
    outcomes: Outcomes

    def __len__(self) -> int:
        return len(self.ids)


def streamed(ids: Sequence[ImageId], outcomes: Outcomes) -> Images:
    return Images(tuple(ids), np.full(len(ids), -1, np.int64), outcomes)


def join(parts: Sequence[Images]) -> Images:
    """Put images one after another."""
    if len(parts) == 1:
        return parts[0]
    sizes = [len(part) for part in parts]
    outcomes = [part.outcomes for part in parts]
    notes = [part.outcomes.notes for part in parts]
    return Images(
        tuple(itertools.chain.from_iterable(part.ids for part in parts)),
        np.concatenate([np.zeros(0, np.int64), *(part.positions for part in parts)]),
        Outcomes(
            sum(sizes),
            notes=Notes(**_joined(notes, NOTE_COLUMNS, sizes)),
            **_joined(outcomes, OUTCOME_COLUMNS, sizes),
        ),
    )


def in_order(images: Images) -> Images:
    """Put images in the order that does not depend on how they came together.

    That is the order of the ground truth's JSON if all are from there, and ascending ids if not:
    numbers, then strings, then images without an id as they came.
    """
    from_file = bool((images.positions >= 0).all())

    def key(place: int) -> tuple[int, int, int | str]:
        image_id = images.ids[place]
        position = int(images.positions[place]) if from_file else 0
        if isinstance(image_id, str):
            return position, 1, image_id
        return (position, 2, place) if image_id is None else (position, 0, image_id)

    order = sorted(range(len(images)), key=key)
    if order == list(range(len(images))):
        return images
    new_place = np.empty(len(images), np.int64)
    new_place[order] = np.arange(len(images))
    outcomes, notes = images.outcomes, images.outcomes.notes
    return Images(
        tuple(images.ids[place] for place in order),
        images.positions[order],
        Outcomes(
            len(images),
            notes=Notes(**_moved(notes, NOTE_COLUMNS, new_place)),
            **_moved(outcomes, OUTCOME_COLUMNS, new_place),
        ),
    )


def require_new(ids: Iterable[ImageId], known: set[ImageId], name: str) -> None:
    """Raise if an image is evaluated for the second time; images without an id never are."""
    for image_id in ids:
        if image_id is not None and image_id in known:
            raise ValueError(f"{name}: image {image_id!r} has been evaluated before")


def _joined(
    tables: Sequence[Outcomes | Notes], names: Mapping[str, str], sizes: Sequence[int]
) -> dict[str, Any]:
    if not tables:
        return {name: np.zeros(0, dtype) for name, dtype in names.items()}
    columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in names}
    rows = [len(table.image) for table in tables]
    columns["image"] += np.repeat(np.cumsum([0, *sizes[:-1]]), rows)
    return columns


def _moved(
    table: Outcomes | Notes, names: Mapping[str, str], new_place: npt.NDArray[np.int64]
) -> dict[str, Any]:
    """Renumber the images, and put the rows in their order."""
    image = new_place[table.image]
    rows = np.argsort(image, kind="stable")
    return {name: getattr(table, name)[rows] for name in names} | {"image": image[rows]}
