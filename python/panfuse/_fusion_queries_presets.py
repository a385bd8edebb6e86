"""The dialects of query fusion, as the rules of ``cpp/fusion/query_rules.h``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from panfuse._resize import Resize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Score(IntEnum):
    """fusion::QueryScore."""

    SOFTMAX, SIGMOID, SIGMOID_SOFTMAX = range(3)


class Overlap(IntEnum):
    """fusion::QueryOverlap."""

    AT_LEAST, ABOVE_SINGLE = range(2)


class Numbering(IntEnum):
    """fusion::QueryNumbering."""

    FROM_ONE, FROM_ONE_REUSED, FROM_ZERO, CLASS_AND_INDEX, CLASS_AND_SEGMENT = range(5)


Chain = list[Resize]

_COMMON: Mapping[str, Any] = {
    "weigh_foreground": False,
    "write_foreground": True,
    "overlap": Overlap.AT_LEAST,
    "numbering": Numbering.FROM_ONE,
}


def _once(_: int, __: int) -> Chain:
    return [Resize()]


def _padded(height: int, width: int) -> Chain:
    """By way of the network's input, four times the size of its masks."""
    return [Resize((4 * height, 4 * width)), Resize()]


def _by_384(_: int, __: int) -> Chain:
    return [Resize((384, 384)), Resize(domain="prob")]


def _probabilities(_: int, __: int) -> Chain:
    return [Resize(domain="prob")]


def _padded_probabilities(height: int, width: int) -> Chain:
    return [Resize((4 * height, 4 * width)), Resize(domain="prob")]


@dataclass(frozen=True)
class Preset:
    """What a project's function does with what it is given.

    Attributes
    ----------
    score, threshold, mask_threshold, overlap_threshold
        Defaults of the arguments; `score` may be a pair with its temperature.
    chain : callable
        The default resizes of masks of a height and width.
    fuses : bool
        Whether it joins stuff, so that it must know the things.
    void : int
        Void in the project's map; plus the number of classes if `void_class`.
    dtype : str
        Of the project's map.
    void_class, paired : bool
        Whether void is a class after the others; whether pixels are pairs.
    empty : (void, dtype), optional
        The same where no query has enough score.
    rules : mapping
        What differs from the common rules.
    """

    score: Any = "softmax"
    threshold: float = 0.8
    mask_threshold: float = 0.5
    overlap_threshold: float = 0.8
    chain: Callable[[int, int], Chain] = _once
    fuses: bool = False
    void: int = 0
    dtype: str = "int32"
    void_class: bool = False
    paired: bool = False
    empty: tuple[int, str] | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)

    def all_rules(self) -> dict[str, Any]:
        """Return the rules as the kernels take them, but for the knobs."""
        return {**_COMMON, **self.rules}


DEFAULT = Preset()

_MASK2FORMER = Preset(chain=_padded, fuses=True)
_SIGMOIDS = Preset(score=("sigmoid_softmax", 0.06), threshold=0.25, chain=_padded, fuses=True)
_TRANSFORMERS_RULES = {
    "weigh_foreground": True,
    "write_foreground": False,
    "overlap": Overlap.ABOVE_SINGLE,
}
_DETR = Preset(
    threshold=0.5, chain=_probabilities, empty=(-1, "float32"), rules=_TRANSFORMERS_RULES
)

PRESETS: Mapping[str, Preset] = {
    "mask2former": _MASK2FORMER,
    "maskformer": _MASK2FORMER,
    "hf_mask2former": Preset(
        threshold=0.5, chain=_by_384, empty=(-1, "float32"), rules=_TRANSFORMERS_RULES
    ),
    "hf_maskformer": _DETR,
    "hf_detr": _DETR,
    "hf_eomt": Preset(
        chain=_padded,
        void=-1,
        dtype="int64",
        empty=(-1, "float32"),
        rules={"overlap": Overlap.ABOVE_SINGLE, "numbering": Numbering.FROM_ZERO},
    ),
    "eomt": Preset(
        chain=_padded,
        fuses=True,
        void=-(2**32),
        void_class=True,
        dtype="int64",
        paired=True,
        rules={"numbering": Numbering.CLASS_AND_SEGMENT},
    ),
    "mmdet": Preset(
        chain=_padded,
        fuses=True,
        void_class=True,
        rules={"write_foreground": False, "numbering": Numbering.CLASS_AND_INDEX},
    ),
    "maskdino": _SIGMOIDS,
    "openseed": _SIGMOIDS,
    "dvis": Preset(chain=_padded_probabilities, fuses=True),
}
