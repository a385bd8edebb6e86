"""The part of ``panfuse demo`` about connected components."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from panfuse.labeling import components, split_instances
from panfuse.report import overlay, write_png

if TYPE_CHECKING:
    from pathlib import Path

    from panfuse.scenes import Scene

_VOID = 255  # no category of a street
_LEAST_PIXELS = 20
_COIN = 130  # gray values above it are coin
_LEAST_COIN = 400


def split_street(scene: Scene, picture: Path) -> dict[str, Any]:
    """Make instances of a street's categories alone, as its components, and draw them.

    Returns
    -------
    dict
        ``picture``; ``things`` (how many components), ``true_things`` (how many instances the scene
        has), ``smallest`` (pixels a component has at least).
    """
    semantic = scene.panoptic.semantic(void=_VOID)
    split = split_instances(semantic, things=scene.categories, ignore=_VOID, min_area=_LEAST_PIXELS)
    write_png(picture, overlay(split, scene.image))
    return {
        "picture": str(picture),
        "things": int(split.segments.is_thing.sum()),
        "true_things": int(scene.panoptic.segments.is_thing.sum()),
        "smallest": _LEAST_PIXELS,
    }


def count_coins() -> dict[str, Any] | None:
    """Count scikit-image's picture of coins; None where it is not installed."""
    if importlib.util.find_spec("skimage") is None:
        return None
    from skimage import data

    image = data.coins()
    found = components(image > _COIN, fill_holes=image.size, min_area=_LEAST_COIN)
    return {"coins": found.count, "areas": sorted(found.area.tolist())}
