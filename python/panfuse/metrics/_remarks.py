"""What was unsound in a data set, and what was done about it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from panfuse import evaluation
from panfuse.metrics._tally import category_rows

if TYPE_CHECKING:
    from panfuse.metrics._rules import Rules
    from panfuse.metrics._state import Images


class _Words(NamedTuple):
    """What happened, the first case of it, and what each protocol did."""

    what: str
    first: str
    coco: str
    panopticapi: str


_KINDS = {
    evaluation.AREA: _Words(
        "ground-truth segments with another area listed than their map has",
        "segment {segment} of {image}, {listed:.12g} listed, {pixels} pixels",
        "the pixels were counted",
        "the listed areas were used, with which an IoU may exceed 1",
    ),
    evaluation.UNLISTED: _Words(
        "ids in ground-truth maps without a listed segment",
        "id {segment} of {image}, {pixels} pixels",
        "their pixels were taken for void",
        "they were neither segments nor void, and count against predictions",
    ),
    evaluation.UNSEEN: _Words(
        "listed ground-truth segments without a pixel",
        "segment {segment} of {image}",
        "they were not counted",
        "all but crowds were counted as false negatives",
    ),
    evaluation.CROWDS: _Words(
        "times several crowd segments of one category in one image",
        "{listed:.0f} of category {segment} in {image}",
        "all of them excuse predictions",
        "only the last one listed excuses predictions",
    ),
}
_UNKNOWN = "false negatives of categories that are not in the table"


def remarks(images: Images, rules: Rules) -> list[str]:
    """One sentence for each kind of fault that occurred: how often, the first, what was done."""
    notes = images.outcomes.notes
    result = []
    for kind, words in _KINDS.items():
        rows = np.flatnonzero(notes.kind == kind)
        if len(rows):
            row = rows[0]
            first = words.first.format(
                segment=int(notes.segment[row]),
                image=image_name(images.ids[notes.image[row]]),
                listed=float(notes.listed[row]),
                pixels=int(notes.pixels[row]),
            )
            done = words.coco if rules.protocol == "coco" else words.panopticapi
            result.append(f"{len(rows)} {words.what} (first: {first}): {done}")
    unknown = np.flatnonzero(category_rows(images, rules) == len(rules.categories))
    if len(unknown):
        image = image_name(images.ids[images.outcomes.image[unknown[0]]])
        category = int(images.outcomes.category_id[unknown[0]])
        result.append(
            f"{len(unknown)} {_UNKNOWN} (first: category {category} in {image}): they are in no "
            "average"
        )
    return result


def image_name(image_id: int | str | None) -> str:
    return "an image without an id" if image_id is None else f"image {image_id!r}"
