"""Pairs of label maps to count: generated streets, warped real COCO maps, noise."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from panfuse.scenes import street

Pair = tuple[np.ndarray, np.ndarray]


def street_pair(size: tuple[int, int], dtype: str, seed: int = 1) -> Pair:
    """A generated ground truth and a prediction of it."""
    scene = street(size, seed=seed)
    return (
        scene.panoptic.ids.astype(dtype),
        scene.prediction(seed=seed).ids.astype(dtype),
    )


def coco_pair(size: tuple[int, int], dtype: str) -> Pair | None:
    """A real COCO map at that size and the same map warped; None where the data is absent.

    Ids keep their 24 bits in 32-bit maps and are renumbered for narrower ones.
    """
    folder = _data_folder()
    if folder is None:
        return None
    from PIL import Image

    path = folder / "coco_panoptic_sample" / "panoptic_examples" / "000000142238.png"
    rgb = np.asarray(Image.open(path).convert("RGB")).astype(np.int32)
    ids = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
    gt, pred = _resampled(ids, size, 0.0), _resampled(ids, size, 4.0)
    if np.dtype(dtype).itemsize < 4:
        labels = np.unique(ids)
        gt, pred = np.searchsorted(labels, gt), np.searchsorted(labels, pred)
    return gt.astype(dtype), pred.astype(dtype)


def noise_pair(size: tuple[int, int], dtype: str, high: int) -> Pair:
    """Independent random ids."""
    rng = np.random.default_rng(0)
    gt, pred = rng.integers(0, high, (2, *size), dtype=dtype)
    return gt, pred


def _resampled(ids: np.ndarray, size: tuple[int, int], shift: float) -> np.ndarray:
    """Nearest neighbour along a smooth wave, whose amplitude is `shift` pixels of `ids`."""
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    phase = 2 * np.pi * np.array([3.3, 2.1]) / np.array([height, width])
    scale = np.array(ids.shape) / np.array(size)
    rows = y * scale[0] + shift * np.sin(phase[1] * x)
    columns = x * scale[1] + shift * np.cos(phase[0] * y)
    rows = np.clip(np.rint(rows), 0, ids.shape[0] - 1).astype(np.intp)
    columns = np.clip(np.rint(columns), 0, ids.shape[1] - 1).astype(np.intp)
    return ids[rows, columns]


def _data_folder() -> Path | None:
    given = os.environ.get("PANFUSE_DATA")
    folders = (
        [Path(given)]
        if given
        else [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    )
    return next((folder for folder in folders if folder.is_dir()), None)
