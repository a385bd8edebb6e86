"""One step of the way from a network's masks to an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from panfuse import _checks

__all__ = ["Resize"]

_MOST = 2**24  # lengths are exact in float32
DOMAINS = ("logit", "prob")


@dataclass(frozen=True)
class Resize:
    """One bilinear resize of a network's masks, as torch's ``interpolate`` does it.

    Attributes
    ----------
    size : (H, W), optional
        What the masks become; None is the size of the result.
    crop : (H, W), optional
        The upper left part that is taken then: what is no padding. Default: all.
    align_corners : bool, default False
        Whether the centres of the corner pixels stay in place, rather than the corners.
    domain : {"logit", "prob"}
        What is resized: logits, or probabilities, which logits become once and for all.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.Resize((800, 1088), crop=(800, 1067))
    Resize(size=(800, 1088), crop=(800, 1067), align_corners=False, domain='logit')
    """

    size: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    align_corners: bool = False
    domain: str = "logit"

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS:
            raise ValueError(f"domain: expected 'logit' or 'prob', got {self.domain!r}")
        for name in ("size", "crop"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, image_size(value, name, least=1))


Step = tuple[tuple[int, int], tuple[int, int], bool, bool]


def image_size(value: Any, name: str, *, least: int = 0) -> tuple[int, int]:
    """Take (H, W)."""
    try:
        height, width = value
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected (H, W), got {value!r}") from None
    pair = _checks.integer(height, name), _checks.integer(width, name)
    if not all(least <= length <= _MOST for length in pair):
        raise ValueError(f"{name}: expected lengths of {least} to 2**24, got {pair}")
    return pair


def steps(resize: Any, size: tuple[int, int]) -> list[Step]:
    """Write the steps as the kernels take them; the last yields `size`.

    Raises
    ------
    TypeError, ValueError
        `resize` is no sequence of `Resize`, a step goes back to logits, crops to more than there
        is, or the last does not yield `size`.
    """
    if isinstance(resize, Resize) or not isinstance(resize, (list, tuple)):
        raise TypeError(f"resize: expected a list of Resize, got {type(resize).__name__}")
    result: list[Step] = []
    probabilities = False
    for step in resize:
        if not isinstance(step, Resize):
            raise TypeError(f"resize: expected a list of Resize, got {type(step).__name__} in it")
        if probabilities and step.domain == "logit":
            raise ValueError("resize: expected no logits after probabilities, got 'logit'")
        probabilities = step.domain == "prob"
        full = size if step.size is None else step.size
        crop = full if step.crop is None else step.crop
        if crop[0] > full[0] or crop[1] > full[1]:
            raise ValueError(f"resize: expected a crop of at most {full}, got {crop}")
        result.append((full, crop, bool(step.align_corners), probabilities))
    if not result or result[-1][1] != size:
        last = result[-1][1] if result else "no step"
        raise ValueError(f"resize: expected a last step that yields {size}, the size, got {last}")
    return result
