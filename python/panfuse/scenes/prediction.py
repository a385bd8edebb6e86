"""A plausible prediction: the ground truth with the errors that networks make."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .label_maps import Labels, fill_void, number_segments
from .noise import fractal_noise, smooth_noise
from .objects import (
    BICYCLE,
    BUILDING,
    BUS,
    CAR,
    MOTORCYCLE,
    PERSON,
    RIDER,
    ROAD,
    SIDEWALK,
    SKY,
    TERRAIN,
    TRAIN,
    TRUCK,
    VEGETATION,
    WALL,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from panfuse.categories import Categories
    from panfuse.panoptic import Panoptic

# What a network takes things for, and where it takes one kind of stuff for another.
_THING_CONFUSIONS = {
    PERSON: RIDER,
    RIDER: PERSON,
    CAR: TRUCK,
    TRUCK: BUS,
    BUS: TRUCK,
    TRAIN: BUS,
    MOTORCYCLE: BICYCLE,
    BICYCLE: MOTORCYCLE,
}
_STUFF_CONFUSIONS = (
    (SIDEWALK, ROAD),
    (ROAD, SIDEWALK),
    (TERRAIN, VEGETATION),
    (VEGETATION, BUILDING),
    (BUILDING, WALL),
    (SKY, BUILDING),
)


def predict(truth: Panoptic, categories: Categories, rng: Generator, error: float) -> Panoptic:
    """Make a prediction for a ground truth.

    Parameters
    ----------
    truth : Panoptic
        Ids 1..N.
    categories : Categories
    rng : numpy.random.Generator
    error : float
        From 0 (the ground truth itself, crowds and void included) to 1.
    """
    if error == 0.0:
        score = np.ones(len(truth.segments), np.float32)
        return number_segments(truth.ids, truth.segments.category_id, categories, score=score)
    draft = _Draft(truth, rng)
    draft.resolve_crowds()
    draft.confuse_things(error)
    draft.confuse_stuff(error)
    draft.add_phantoms(error)
    draft.move_borders(error)
    draft.labels = fill_void(draft.labels)
    draft.doubt(error)
    scores = np.array(draft.scores, np.float32)
    return number_segments(
        draft.labels, np.array(draft.category_ids, np.int32), categories, score=scores
    )


class _Draft:
    """Labels under change: ``category_ids[k - 1]`` and ``scores[k - 1]`` describe label ``k``."""

    def __init__(self, truth: Panoptic, rng: Generator) -> None:
        segments = truth.segments
        self.rng = rng
        self.truth = segments
        self.labels: Labels = truth.ids.copy()
        self.side = math.sqrt(self.labels.size)
        self.waiting: list[int] = []  # rows of things that nothing has happened to yet
        self.category_ids: list[int] = segments.category_id.tolist()
        self.scores = [0.72 + 0.27 * float(rng.random()) for _ in self.category_ids]

    def new_label(self, category_id: int, score: float) -> int:
        self.category_ids.append(category_id)
        self.scores.append(score)
        return len(self.category_ids)

    def window(self, row: int) -> tuple[slice, slice]:
        x, y, w, h = self.truth.bbox[row].tolist()
        return slice(y, y + h), slice(x, x + w)

    def resolve_crowds(self) -> None:
        """Find some instances in each crowd, and miss the rest."""
        for row in np.flatnonzero(self.truth.is_crowd).tolist():
            window = self.window(row)
            labels = self.labels[window]
            mask = labels == self.truth.id[row]
            strips = 2 + int(self.rng.integers(3))
            width = labels.shape[1]
            labels[mask] = 0
            for strip in range(strips):
                part = np.zeros_like(mask)
                left, right = width * strip // strips, width * (strip + 1) // strips
                part[:, left:right] = mask[:, left:right]
                if strip != 1:
                    category = self.category_ids[row]
                    labels[part] = self.new_label(category, 0.55 + 0.3 * float(self.rng.random()))

    def confuse_things(self, error: float) -> None:
        """Drop, relabel, split and merge: at least one thing each where there are enough."""
        plain = np.flatnonzero(self.truth.is_thing & ~self.truth.is_crowd)
        self.waiting = self.rng.permutation(plain).tolist()
        events = (
            (0.25, self._drop),
            (0.20, self._relabel),
            (0.20, self._split),
            (0.20, self._merge),
        )
        for share, event in events:
            for _ in range(math.ceil(error * share * len(plain))):
                if self.waiting:
                    event(self.waiting.pop())

    def _drop(self, row: int) -> None:
        labels = self.labels[self.window(row)]
        labels[labels == self.truth.id[row]] = 0

    def _relabel(self, row: int) -> None:
        self.category_ids[row] = _THING_CONFUSIONS[self.category_ids[row]]
        self.scores[row] *= 0.8

    def _split(self, row: int) -> None:
        """Cut across the longer side, between 40 % and 60 %."""
        labels = self.labels[self.window(row)]
        cut = 0.4 + 0.2 * float(self.rng.random())
        if labels.shape[0] > labels.shape[1]:
            half = labels[int(labels.shape[0] * cut) :]
        else:
            half = labels[:, int(labels.shape[1] * cut) :]
        label = self.new_label(self.category_ids[row], 0.85 * self.scores[row])
        half[half == self.truth.id[row]] = label

    def _merge(self, row: int) -> None:
        """Swallow the nearest thing of the same category that nothing has happened to yet."""
        category = self.category_ids[row]
        same = [other for other in self.waiting if self.category_ids[other] == category]
        if not same:
            return
        boxes = self.truth.bbox.astype(np.int64)
        centers = 2 * boxes[:, :2] + boxes[:, 2:]
        distances = ((centers[same] - centers[row]) ** 2).sum(axis=1)
        other = same[int(distances.argmin())]
        self.waiting.remove(other)
        labels = self.labels[self.window(other)]
        labels[labels == self.truth.id[other]] = self.truth.id[row]

    def confuse_stuff(self, error: float) -> None:
        """Take patches of one kind of stuff for another."""
        field = fractal_noise(self.rng, self.labels.shape, self.side / 5.0, 4)
        patches = field > 0.62 - 0.4 * error
        target = np.arange(len(self.category_ids) + 1, dtype=np.int32)
        label_of = {
            category: label
            for label, category in zip(
                self.truth.id.tolist(), self.truth.category_id.tolist(), strict=True
            )
        }
        for seen, taken_for in _STUFF_CONFUSIONS:
            if seen in label_of and taken_for in label_of:
                target[label_of[seen]] = label_of[taken_for]
        self.labels[patches] = target[self.labels[patches]]

    def add_phantoms(self, error: float) -> None:
        """See things where there are none: ellipses, as good as any shape."""
        height, width = self.labels.shape
        for _ in range(math.ceil(4 * error)):
            category = (PERSON, CAR, BICYCLE)[int(self.rng.integers(3))]
            cy, cx, ry, rx = (float(value) for value in self.rng.random(4))
            ry = self.side * (0.015 + 0.03 * ry)
            rx = self.side * (0.01 + 0.03 * rx)
            y = (np.arange(height) + 0.5 - height * (0.4 + 0.4 * cy)) / ry
            x = (np.arange(width) + 0.5 - width * cx) / rx
            inside = y[:, None] * y[:, None] + x * x <= 1
            if inside.any():
                score = 0.5 + 0.2 * float(self.rng.random())
                self.labels[inside] = self.new_label(category, score)

    def move_borders(self, error: float) -> None:
        """Displace every border smoothly, by up to ``0.012 * error`` of the image's side."""
        height, width = self.labels.shape
        reach = np.float32(0.012 * error * self.side)
        moved: list[NDArray[np.intp]] = []
        for axis, length in enumerate((height, width)):
            shift = smooth_noise(self.rng, (height, width), self.side / 45.0) * reach
            start = np.arange(length)
            index = np.rint(shift).astype(np.intp) + (start[:, None] if axis == 0 else start)
            moved.append(np.clip(index, 0, length - 1, out=index))
        self.labels = self.labels[moved[0], moved[1]]

    def doubt(self, error: float) -> None:
        """Leave patches void, where no class was sure."""
        field = fractal_noise(self.rng, self.labels.shape, self.side / 9.0, 3)
        self.labels[field > field.max() * np.float32(1.0 - 0.3 * error)] = 0
