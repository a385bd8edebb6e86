"""Panoptic quality from maps in memory: straight from a model's loop."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from panfuse.evaluation import Protocol, compare_images
from panfuse.matching import Contingency, contingency
from panfuse.metrics import _inputs, _rules, _state
from panfuse.metrics._remarks import image_name
from panfuse.metrics.result import PanopticResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from panfuse.categories import Categories
    from panfuse.metrics._inputs import Source
    from panfuse.metrics._state import ImageId, Images

__all__ = ["PanopticQuality", "panoptic_quality"]

# DLPack's numbers of host memory, and of host memory that a GPU can read.
_HOST = (1, 3)
# So many small tables are put into one, to spare the memory of each array.
_MAX_PARTS = 1000


@dataclass(frozen=True, slots=True)
class _Counted:
    """Images whose pixels are counted, and whose counts may still be on a device."""

    tables: list[Contingency]
    gt_sources: list[Source]
    pred_sources: list[Source]
    ids: list[ImageId]

    def on_host(self) -> bool:
        return all(table.counts.__dlpack_device__()[0] in _HOST for table in self.tables)


class PanopticQuality:
    """Panoptic quality of images that come one by one, or batch by batch.

    Parameters
    ----------
    categories : Categories, or what `Categories.from_coco` takes
    protocol : {"coco", "panopticapi"}
        "coco" does the right thing on unsound data and says so in the result's notes, adds IoUs
        exactly, and gives nan for a group without a category. "panopticapi" replays that project
        bit for bit, with images in ascending order of id: it takes areas of ground truth from the
        given ``area``, the last crowd of a category alone, and refuses a set without things or
        without stuff. On sound data both agree within 1e-12.
    fold : int, optional
        For "panopticapi": add in the order of so many workers. Default: of its single-core path.

    Raises
    ------
    TypeError, ValueError
        An argument is no good.

    Notes
    -----
    Maps of host libraries are compared at once. Of maps on a GPU only the pixels are counted at
    once; the small tables of counts stay there until `compute`, `merge` or pickling reads them,
    and errors in values are raised there. A `Panoptic` on a GPU is kept until then, too.

    Several threads may update one evaluator. Each image is counted outside of the lock.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> quality = pf.PanopticQuality(pf.Categories([1], ["cell"], [True]))
    >>> gt, pred = np.array([[1, 1, 1, 2]]), np.array([[1, 1, 2, 2]])
    >>> cells = [{"id": 1, "category_id": 1}, {"id": 2, "category_id": 1}]
    >>> quality.update(gt, pred, gt_segments=cells, pred_segments=cells, image_id=139)
    >>> quality
    PanopticQuality(1 images, coco)
    >>> quality.compute().per_class[1]["tp"]
    1
    """

    def __init__(
        self, categories: Any, *, protocol: Protocol = "coco", fold: int | None = None
    ) -> None:
        self._rules = _rules.checked(categories, protocol, fold)
        self._lock = threading.RLock()
        self.reset()

    @property
    def categories(self) -> Categories:
        """The categories it knows."""
        return self._rules.categories

    def reset(self) -> None:
        """Forget all images."""
        with self._lock:
            self._parts: list[Images] = []
            self._queue: list[_Counted] = []
            self._ids: set[ImageId] = set()
            self._size = 0

    def update(
        self,
        gt: Any,
        pred: Any,
        *,
        gt_segments: Any = None,
        pred_segments: Any = None,
        image_id: Any = None,
    ) -> None:
        """Add an image, or a batch of them.

        Parameters
        ----------
        gt, pred : array or Panoptic
            Label maps of one shape, in any library `panfuse.contingency` takes. A batch is an
            array with a leading axis, or a list of maps, whose sizes may differ, or of `Panoptic`.
        gt_segments, pred_segments : list of dict, or Segments
            What the ids of a map mean; not for `Panoptic`. Dicts have ``id`` and ``category_id``;
            those of ground truth may have ``iscrowd`` (default 0) and ``area``, which protocol
            "panopticapi" needs. For a batch a list of these.
        image_id : int or str, optional
            For a batch a list of them. An image without an id cannot be told from another.

        Raises
        ------
        FormatError
            Map and segments contradict each other; names the image and the segment.
        TypeError, ValueError
            An argument is no good, or an image with this id has been added before.

        Notes
        -----
        Where it raises nothing has been added: of a batch all images are, or none.
        """
        inputs = _inputs.take(gt, pred, gt_segments, pred_segments, image_id)
        for row, one in enumerate(inputs.ids):
            _state.require_new([one], set(inputs.ids[:row]), "image_id")
        counted = _Counted(_count(inputs), inputs.gt_sources, inputs.pred_sources, inputs.ids)
        part = _compare(counted, self._rules) if counted.on_host() else None
        with self._lock:
            _state.require_new(inputs.ids, self._ids, "image_id")
            if part is None:
                self._queue.append(counted)
            else:
                self._append(part)
            self._ids.update(inputs.ids)
            self._size += len(inputs.ids)

    def merge(self, other: PanopticQuality) -> PanopticQuality:
        """Add the images of another evaluator; exact in any order.

        Parameters
        ----------
        other : PanopticQuality
            It stays as it is.

        Returns
        -------
        PanopticQuality
            This one.

        Raises
        ------
        ValueError
            An image is in both, or protocol, fold or categories differ.
        """
        if not isinstance(other, PanopticQuality):
            raise TypeError(f"other: expected a PanopticQuality, got {type(other).__name__}")
        if other is self:
            raise ValueError("other: expected another evaluator, got this one")
        self._rules.require_same(other._rules)
        images = other._images()
        with self._lock:
            _state.require_new(images.ids, self._ids, "other")
            self._append(images)
            self._ids.update(images.ids)
            self._size += len(images)
        return self

    def compute(self) -> PanopticResult:
        """Compute the quality of all images so far.

        Returns
        -------
        PanopticResult

        Raises
        ------
        FormatError
            Map and segments of an image that is still on a GPU contradict each other; or, by
            protocol "panopticapi", there are no things or no stuff.
        """
        return PanopticResult(self._rules, self._images()).require_groups()

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"PanopticQuality({len(self)} images, {self._rules.protocol})"

    def __getstate__(self) -> dict[str, Any]:
        return {"rules": self._rules, "images": self._images()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        images: Images = state["images"]
        self._rules = state["rules"]
        self._lock = threading.RLock()
        self.reset()
        self._append(images)
        self._ids.update(images.ids)
        self._size = len(images)

    def _images(self) -> Images:
        """All images, those still on a device included."""
        with self._lock:
            while self._queue:
                self._append(_compare(self._queue[0], self._rules))
                del self._queue[0]
            self._parts = [_state.join(self._parts)]
            return self._parts[0]

    def _append(self, part: Images) -> None:
        self._parts.append(part)
        if len(self._parts) > _MAX_PARTS:
            self._parts = [_state.join(self._parts)]


def panoptic_quality(
    gt: Any,
    pred: Any,
    *,
    gt_segments: Any = None,
    pred_segments: Any = None,
    categories: Any,
    protocol: Protocol = "coco",
    image_id: Any = None,
) -> PanopticResult:
    """Compute the panoptic quality of one image, or of a batch.

    Parameters
    ----------
    gt, pred : array or Panoptic
    gt_segments, pred_segments : list of dict, or Segments
    image_id : int or str, optional
        As `PanopticQuality.update` takes them.
    categories : Categories, or what `Categories.from_coco` takes
    protocol : {"coco", "panopticapi"}
        As `PanopticQuality` takes it.

    Returns
    -------
    PanopticResult

    Raises
    ------
    FormatError
        Map and segments contradict each other; names the image and the segment.
    TypeError, ValueError
        An argument is no good.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> ids = np.array([[1, 1, 2]])
    >>> truth = pf.Panoptic(ids, pf.Segments([1, 2], [17, 200], [True, False]))
    >>> result = pf.panoptic_quality(truth, truth, categories=pf.Categories.coco())
    >>> result.pq, result["All"]["n"]
    (1.0, 2)
    """
    quality = PanopticQuality(categories, protocol=protocol)
    quality.update(
        gt, pred, gt_segments=gt_segments, pred_segments=pred_segments, image_id=image_id
    )
    return quality.compute()


def _count(inputs: _inputs.Inputs) -> list[Contingency]:
    if inputs.stacked:
        tables: list[Contingency] = contingency(inputs.gt, inputs.pred, batched=True)
        if len(tables) != len(inputs.ids):
            raise ValueError(
                f"gt_segments: expected the segments of each of {len(tables)} images, "
                f"got {len(inputs.ids)} lists"
            )
        return tables
    tables = []
    for name, (gt, pred) in zip(_names(inputs.ids), inputs.pairs(), strict=True):
        try:
            tables.append(contingency(gt, pred))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return tables


def _compare(counted: _Counted, rules: _rules.Rules) -> Images:
    outcomes = compare_images(
        [_read(table) for table in counted.tables],
        _inputs.columns(counted.gt_sources, ground_truth=True),
        _inputs.columns(counted.pred_sources, ground_truth=False),
        category_ids=rules.categories.ids.tolist(),
        protocol=rules.protocol,
        names=_names(counted.ids),
    )
    return _state.streamed(counted.ids, outcomes)


def _names(ids: Sequence[ImageId]) -> list[str]:
    """Name the images as messages do."""
    if len(ids) == 1:
        return [image_name(ids[0])]
    return [
        f"image {row} of the batch, without an id" if one is None else image_name(one)
        for row, one in enumerate(ids)
    ]


def _read(table: Contingency) -> Contingency:
    """Bring a table to the host."""
    return Contingency(
        *(_host_column(getattr(table, name), name) for name in Contingency.__slots__)
    )


def _host_column(column: Any, name: str) -> Any:
    if isinstance(column, np.ndarray):
        return column
    if column.__dlpack_device__()[0] in _HOST:
        return np.from_dlpack(column)
    try:
        return np.array(column.tolist(), np.int64)  # what every library can do; there are few rows
    except OverflowError:
        raise ValueError(f"{name}: expected ids below 2**63") from None
