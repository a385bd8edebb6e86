"""The knobs that the presets of the vote and of centres freeze, as data.

What the knobs mean stands in ``cpp/fusion/centers.h`` and ``cpp/fusion/vote_rule.h``; enums are
numbers in their order there.
"""

from __future__ import annotations

from dataclasses import dataclass

# CenterOptions::Top.
EXACTLY, ABOVE_LAST, ABOVE_LAST_IF_MORE = range(3)
# VoteRules::Leftover.
NOTHING, INSTANCE, CROWD = range(3)
# VoteRules::Numbers.
BY_INDEX, BY_FIRST_PIXEL, GIVEN = range(3)


@dataclass(frozen=True)
class CenterPreset:
    """How centres are found."""

    threshold: float = 0.1
    nms_kernel: int = 7
    top_k: int | None = 200
    first_of_equals: bool = True
    nan_hides: bool = True
    top: int = EXACTLY


@dataclass(frozen=True)
class VotePreset:
    """How instances get their class, and what becomes of other pixels.

    ``foreground``: ``"things"``, pixels of a thing are foreground where no mask says what is;
    ``"instances"``, pixels of an instance; ``"given"``, as ``"things"``, and a mask may be given.
    ``void``: the label of void in the project's map, times the divisor if ``void_is_label``.
    """

    all_vote: bool = False
    all_painted: bool = True
    stuff_everywhere: bool = True
    stuff_above: bool = False
    stuff_area: int = 0
    leftover: int = NOTHING
    crowd_needs_instances: bool = False
    numbers: int = BY_INDEX
    number_first: bool = False
    divisor: int = 1000
    foreground: str = "instances"
    void: int = 0
    void_is_label: bool = False
    dtype: str = "int64"


CENTERS = {
    None: CenterPreset(),
    "detectron2": CenterPreset(first_of_equals=False, top=ABOVE_LAST),
    "panoptic_deeplab": CenterPreset(first_of_equals=False, top=ABOVE_LAST),
    "deeplab2": CenterPreset(
        nms_kernel=13,
        top_k=400,
        first_of_equals=False,
        nan_hides=False,
        top=ABOVE_LAST_IF_MORE,
    ),
    "deeplab2_op": CenterPreset(
        nms_kernel=13,
        top_k=400,
        first_of_equals=False,
        nan_hides=False,
        top=ABOVE_LAST_IF_MORE,
    ),
    "empanada": CenterPreset(top_k=None, first_of_equals=False),
}

VOTES = {
    None: VotePreset(),
    "detectron2": VotePreset(
        all_vote=True, stuff_everywhere=False, stuff_area=2048, foreground="given", void=-1
    ),
    "panoptic_deeplab": VotePreset(
        all_painted=False,
        stuff_everywhere=False,
        stuff_area=2048,
        foreground="given",
        void=255,
        void_is_label=True,
    ),
    "deeplab2": VotePreset(
        all_painted=False,
        stuff_everywhere=False,
        stuff_area=2048,
        numbers=BY_FIRST_PIXEL,
        foreground="things",
        void=255,
        void_is_label=True,
        dtype="int32",
    ),
    "deeplab2_op": VotePreset(
        all_painted=False,
        stuff_above=True,
        stuff_area=2048,
        leftover=INSTANCE,
        foreground="things",
        void=255,
        void_is_label=True,
        dtype="int32",
    ),
    "empanada": VotePreset(
        all_painted=False, stuff_everywhere=False, stuff_area=64, foreground="things"
    ),
    "ds_net": VotePreset(
        all_vote=True,
        leftover=CROWD,
        numbers=GIVEN,
        number_first=True,
        divisor=2**16,
        dtype="uint32",
    ),
    "panoptic_polarnet": VotePreset(
        all_painted=False,
        leftover=CROWD,
        crowd_needs_instances=True,
        numbers=GIVEN,
        number_first=True,
        divisor=2**16,
        foreground="given",
    ),
}
