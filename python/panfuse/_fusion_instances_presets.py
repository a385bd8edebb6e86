"""The dialects of the score-ordered overlay, as the rules of ``cpp/fusion/instance_rules.h``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse import _maps

if TYPE_CHECKING:
    from collections.abc import Mapping


class Overlap(IntEnum):
    """fusion::OverlapRule."""

    RATIO, SINGLE, SINGLE_OFFSET, REMAINING = range(4)


class Leftover(IntEnum):
    """fusion::Leftover."""

    NOTHING, CROWD = range(2)


class StuffMasks(IntEnum):
    """fusion::StuffMasks."""

    REFUSED, AFTER_THINGS, AMONG_THINGS = range(3)


class Numbering(IntEnum):
    """fusion::Numbering."""

    IN_ORDER, CATEGORY_AND_INDEX, CATEGORY_AND_RANK, CATEGORY_AND_THING = range(4)


_COMMON: Mapping[str, Any] = {
    "score_strict": False,
    "single_thresholds": False,
    "mask_strict": False,
    "overlap": Overlap.RATIO,
    "stuff_area_before": False,
    "leftover": Leftover.NOTHING,
    "stuff_masks": StuffMasks.REFUSED,
    "weigh_scores": False,
    "empty_entries": True,
    "numbering": Numbering.IN_ORDER,
}


@dataclass(frozen=True)
class Preset:
    """What a project's function does with what it is given.

    Attributes
    ----------
    instance_threshold, mask_threshold, stuff_area
        Defaults of the arguments.
    overlap_threshold : (things, stuff)
        The same.
    ignore : int, "last" or None
        The value of semantic maps that is void, unless the caller says: ``"last"`` is the last
        channel of logits.
    thing_labels : bool
        Whether semantic values can be things; otherwise all are stuff.
    offset_labels : bool
        Whether the categories of semantic values follow those of things.
    semantic : bool
        Whether there is a semantic map.
    void : int
        Void in the project's map; -1: the category of the ignored value.
    dtype : str
        Of the project's map.
    paired : bool
        Whether its pixels are pairs.
    rules : mapping
        What differs from the common rules.
    """

    instance_threshold: float = 0.5
    mask_threshold: float = 0.5
    overlap_threshold: tuple[float, float] = (0.5, 0.5)
    stuff_area: int = 4096
    ignore: int | str | None = None
    thing_labels: bool = True
    offset_labels: bool = False
    semantic: bool = True
    void: int = 0
    dtype: str = "int32"
    paired: bool = False
    rules: Mapping[str, Any] = field(default_factory=dict)

    def all_rules(self) -> dict[str, Any]:
        """Return the rules as the kernels take them, but for the knobs."""
        return {**_COMMON, **self.rules}


DEFAULT = Preset(rules={"empty_entries": False})

PRESETS: Mapping[str, Preset] = {
    "detectron2": Preset(ignore=0, thing_labels=False),
    "panopticapi": Preset(dtype="uint32"),
    "mmdet": Preset(
        instance_threshold=-np.inf,
        ignore="last",
        thing_labels=False,
        offset_labels=True,
        void=-1,
        rules={
            "overlap": Overlap.SINGLE_OFFSET,
            "numbering": Numbering.CATEGORY_AND_INDEX,
        },
    ),
    "seamseg": Preset(
        dtype="int64",
        rules={
            "score_strict": True,
            "single_thresholds": True,
            "mask_strict": True,
            "overlap": Overlap.SINGLE,
            "leftover": Leftover.CROWD,
        },
    ),
    "upsnet_combined": Preset(
        instance_threshold=0.6,
        overlap_threshold=(0.3, 0.3),
        stuff_area=16384,
        void=255,
        dtype="uint8",
        paired=True,
        rules={
            "overlap": Overlap.REMAINING,
            "stuff_area_before": True,
            "numbering": Numbering.CATEGORY_AND_RANK,
        },
    ),
    "knet": Preset(
        instance_threshold=0.3,
        semantic=False,
        rules={
            "mask_strict": True,
            "stuff_masks": StuffMasks.AFTER_THINGS,
            "empty_entries": False,
        },
    ),
    "panoptic_segformer": Preset(
        instance_threshold=0.25,
        overlap_threshold=(0.4, 0.2),
        stuff_area=0,
        semantic=False,
        dtype="int64",
        paired=True,
        rules={
            "mask_strict": True,
            "single_thresholds": True,
            "stuff_masks": StuffMasks.AMONG_THINGS,
            "weigh_scores": True,
            "numbering": Numbering.CATEGORY_AND_THING,
        },
    ),
}


@dataclass(frozen=True, eq=False)
class PairedOriginal:
    """Make the map of a preset's project, whose pixels are pairs, from that of the ids.

    Attributes
    ----------
    ids : integer array (H, W)
        The fused map.
    values : int64 (N,)
        What id k + 1 is in the project's map: the first of the pair, and the second from bit 32 on.
    void : int
        The first of the pair where `ids` is 0; the second is 0.
    dtype : str
        The project's dtype.
    """

    ids: Any
    values: npt.NDArray[np.int64]
    void: int
    dtype: str

    def __call__(self) -> Any:
        codes = np.concatenate([np.array([self.void], np.int64), self.values])
        pairs = np.stack([codes & (2**32 - 1), codes >> 32], axis=1)
        return _maps.relabel(self.ids, np.arange(len(codes)), pairs.astype(self.dtype))
