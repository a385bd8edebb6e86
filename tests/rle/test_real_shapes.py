"""Polygons, bands and encodings of the masks of a real video."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import rle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def masks(data: Path) -> list[dict[str, Any]]:
    content = json.loads((data / "sam2_sav" / "sav_000001_auto.json").read_text())
    return [mask for frame in content["masklet"] for mask in frame]


def test_all_come_back(masks: list[dict[str, Any]]) -> None:
    assert len(masks) == 1089
    assert rle.check(masks, strict=True) == []
    size = masks[0]["size"]
    assert rle.from_polygons(rle.to_polygons(masks), size, batched=True, text=True) == masks
    assert rle.flip(rle.flip(masks, 1), 1, text=True) == masks
    assert rle.invert(rle.invert(masks), text=True) == masks
    wide = rle.pad(masks, left=7, bottom=3)
    assert rle.crop(wide, (7, 0, size[1] + 7, size[0]), text=True) == masks
    assert rle.from_kaggle(rle.to_kaggle(masks, order="C"), size, order="C", text=True) == masks
    some = masks[::20]
    assert rle.from_label_studio(rle.to_label_studio(some), size, text=True) == some


def test_components_and_bands(masks: list[dict[str, Any]]) -> None:
    cv2 = pytest.importorskip("cv2")
    for mask in masks[::97]:
        pixels = rle.decode(mask)
        labels, count = pf.label(pixels)
        parts = rle.components(mask)
        assert len(parts) == count
        for number, part in enumerate(parts, start=1):
            np.testing.assert_array_equal(rle.decode(part), labels == number)
        times = max(1, round(0.02 * np.sqrt(pixels.shape[0] ** 2 + pixels.shape[1] ** 2)))
        bordered = cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        eroded = cv2.erode(bordered, np.ones((3, 3), np.uint8), iterations=times)[1:-1, 1:-1]
        np.testing.assert_array_equal(rle.decode(rle.boundary(mask)), pixels - eroded)
