"""Generated street scenes: a ground truth, predictions for it, and network outputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator, default_rng

from panfuse import _checks
from panfuse.categories import Categories

from .centers import CenterOutputs, center_outputs
from .instances import InstanceOutputs, instance_outputs, semantic_logits
from .label_maps import number_segments
from .layout import lay_out
from .photo import photograph
from .prediction import predict
from .queries import QueryOutputs, query_outputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from panfuse.panoptic import Panoptic

    from .canvas import Camera
    from .noise import Float32


def street(
    size: tuple[int, int] = (512, 1024),
    *,
    seed: int = 0,
    things: int | None = None,
    crowds: int = 2,
    void: bool = True,
) -> Scene:
    """Generate a street scene with Cityscapes' categories.

    The same arguments give the same scene on every platform: positions come from a seeded
    `numpy.random.Generator`, and shapes from operations that IEEE 754 rounds correctly.

    Parameters
    ----------
    size : (H, W), default (512, 1024)
        From 1 x 1 up. Small images have fewer segments.
    seed : int, default 0
        Not negative.
    things : int, optional
        How many instances to place, crowds apart. Those hidden, or visible in fewer than
        ``H * W / 20000`` pixels, are not in the scene. Default: 1 per 17 pixels of the image's
        side (that of a square of equal area), at most 48.
    crowds : int, default 2
        How many crowd regions to place; they may be hidden as well.
    void : bool, default True
        Leave pixels without a label: side strips, the car's own hood, outlines around some
        things, and bins. If False, every pixel belongs to a segment.

    Returns
    -------
    Scene

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above; the message names it.

    Examples
    --------
    >>> from panfuse import scenes
    >>> scene = scenes.street((120, 160), seed=3)
    >>> scene.panoptic.ids.shape, scene.panoptic.ids.dtype
    ((120, 160), dtype('int32'))
    >>> bool((scene.panoptic.ids == scenes.street((120, 160), seed=3).panoptic.ids).all())
    True
    """
    size = _image_size(size)
    seed = _at_least(seed, "seed", 0)
    if things is not None:
        things = _at_least(things, "things", 0)
    crowds = _at_least(crowds, "crowds", 0)
    if not isinstance(void, bool | np.bool_):
        raise TypeError(f"void: expected a bool, got {type(void).__name__}")
    layout = lay_out(size, default_rng(seed), things, crowds, bool(void))
    categories = Categories.cityscapes()
    panoptic = number_segments(
        layout.owners,
        np.array([category for category, _ in layout.segments], np.int32),
        categories,
        is_crowd=np.array([crowd for _, crowd in layout.segments]),
    )
    return Scene(panoptic, categories, size, seed, layout.camera)


@dataclass(frozen=True, eq=False)
class Scene:
    """A street and what networks would make of it; see `street`.

    Methods are seeded like the scene: the same arguments give the same bits. ``error`` goes from
    0, as good as the resolution allows, to 1, poor.

    Attributes
    ----------
    panoptic : Panoptic
        The ground truth: ids int32 (H, W), 1..N in the order stuff (by category), then things and
        crowds; void 0.
    categories : Categories
        Cityscapes' trainIds 0..18; things are 11..18.
    size : (H, W)
    seed : int
    camera : Camera
        What the street was seen with.
    """

    panoptic: Panoptic
    categories: Categories
    size: tuple[int, int]
    seed: int
    camera: Camera

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """A synthetic photo of the scene: uint8 (H, W, 3), RGB; made on first use."""
        return photograph(self.panoptic, self.camera, self._generator(0, 1))

    def prediction(self, *, seed: int = 0, error: float = 0.3) -> Panoptic:
        """Make a plausible prediction for the scene.

        Borders are moved; things are dropped, split, merged, taken for another category and seen
        where there are none (at least one of each, where there are things enough); stuff is
        confused in patches; crowds are resolved into some of their instances; void is filled, and
        other patches are left void.

        Parameters
        ----------
        seed : int, default 0
        error : float, default 0.3
            0 gives the ground truth's map, with crowds as plain segments.

        Returns
        -------
        Panoptic
            Ids int32, 1..N; with scores, and no crowds.

        Examples
        --------
        >>> from panfuse import scenes
        >>> scene = scenes.street((120, 160), seed=3)
        >>> bool((scene.prediction(error=0).ids == scene.panoptic.ids).all())
        True
        """
        seed, error = _knobs(seed, error)
        return predict(self.panoptic, self.categories, self._generator(seed, 2), error)

    def queries(
        self, num_queries: int = 100, stride: int = 4, *, seed: int = 0, error: float = 0.2
    ) -> QueryOutputs:
        """Make the outputs of a query network (MaskFormer family).

        Parameters
        ----------
        num_queries : int, default 100
            Q. With fewer than there are segments, the largest are seen.
        stride : int, default 4
            Output pixels per cell of the masks.
        seed : int, default 0
        error : float, default 0.2
            Of the `prediction` that the outputs tell.

        Returns
        -------
        QueryOutputs
        """
        num_queries = _at_least(num_queries, "num_queries", 1)
        stride = _at_least(stride, "stride", 1)
        seed, error = _knobs(seed, error)
        return query_outputs(
            self.prediction(seed=seed, error=error),
            self.categories,
            self._generator(seed, 3),
            num_queries=num_queries,
            stride=stride,
        )

    def instances(
        self, mask_size: int = 28, stride: int = 4, *, seed: int = 0, error: float = 0.2
    ) -> InstanceOutputs:
        """Make the outputs of a detector with masks and a semantic head (Panoptic FPN, UPSNet).

        Parameters
        ----------
        mask_size : int, default 28
            Side of the RoI masks in cells.
        stride : int, default 4
            Output pixels per cell of the semantic logits.
        seed : int, default 0
        error : float, default 0.2
            Of the `prediction` that the outputs tell, and of the boxes.

        Returns
        -------
        InstanceOutputs
        """
        mask_size = _at_least(mask_size, "mask_size", 1)
        stride = _at_least(stride, "stride", 1)
        seed, error = _knobs(seed, error)
        return instance_outputs(
            self.prediction(seed=seed, error=error),
            self.categories,
            self._generator(seed, 4),
            mask_size=mask_size,
            stride=stride,
            error=error,
        )

    def centers(
        self, stride: int = 1, *, semantic: str = "labels", seed: int = 0, error: float = 0.2
    ) -> CenterOutputs:
        """Make the outputs of a bottom-up network (Panoptic-DeepLab).

        Parameters
        ----------
        stride : int, default 1
            Output pixels per point of the grid.
        semantic : {"labels", "logits"}
            Category ids per point, or logits: C times as much memory.
        seed : int, default 0
        error : float, default 0.2
            Of the `prediction` that the outputs tell, and of the offsets.

        Returns
        -------
        CenterOutputs
        """
        stride = _at_least(stride, "stride", 1)
        semantic = _choice(semantic, "semantic", ("labels", "logits"))
        seed, error = _knobs(seed, error)
        return center_outputs(
            self.prediction(seed=seed, error=error),
            self.categories,
            self._generator(seed, 5),
            stride=stride,
            semantic=semantic,
            error=error,
        )

    def semantic_logits(self, stride: int = 4, *, seed: int = 0, error: float = 0.2) -> Float32:
        """Make the logits of a semantic segmentation network.

        Parameters
        ----------
        stride : int, default 4
            Output pixels per cell.
        seed : int, default 0
        error : float, default 0.2
            Of the `prediction` that the logits tell.

        Returns
        -------
        float32 (C, ceil(H / stride), ceil(W / stride))
            Channel c is ``categories.ids[c]``. Upsample to ``(h * stride, w * stride)`` with
            half-pixel centres, then crop to ``size``.
        """
        stride = _at_least(stride, "stride", 1)
        seed, error = _knobs(seed, error)
        return semantic_logits(
            self.prediction(seed=seed, error=error),
            self.categories,
            self._generator(seed, 6),
            stride=stride,
        )

    def _generator(self, seed: int, purpose: int) -> Generator:
        return default_rng([purpose, self.seed, seed])

    def __repr__(self) -> str:
        height, width = self.size
        return f"Scene({height}x{width}, seed={self.seed}, {len(self.panoptic.segments)} segments)"


def _knobs(seed: Any, error: Any) -> tuple[int, float]:
    return _at_least(seed, "seed", 0), _fraction(error, "error")


def _at_least(value: Any, name: str, minimum: int) -> int:
    """Read an integer that is not too small."""
    number = _checks.integer(value, name)
    if number < minimum:
        raise ValueError(f"{name}: expected an integer of at least {minimum}, got {number}")
    return number


def _image_size(value: Any) -> tuple[int, int]:
    """Read ``size=``: (H, W)."""
    try:
        height, width = value
    except (TypeError, ValueError):
        raise TypeError(f"size: expected (H, W), got {value!r}") from None
    return _at_least(height, "size[0]", 1), _at_least(width, "size[1]", 1)


def _fraction(value: Any, name: str) -> float:
    """Read a float from 0 to 1, both included."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}") from None
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{name}: expected a number from 0 to 1, got {number:g}")
    return number


def _choice(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    """Read one of a few words."""
    if value not in allowed:
        words = " or ".join(repr(word) for word in allowed)
        raise ValueError(f"{name}: expected {words}, got {value!r}")
    return str(value)
