"""Maps on a GPU: counted at once, read at `compute`. The GPU is an emulated one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import _backend
from panfuse.metrics import PanopticQuality
from tests.interop.devices import DeviceLibrary, NamespacedArray
from tests.metrics import files
from tests.metrics.streams import GOOD, IDS, ROWS, lists, one_by_one, panoptic, scenes
from tests.metrics.unsound import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterator


class Readable:
    """Counts how often columns on a device are read."""

    def __init__(self) -> None:
        self.library = DeviceLibrary()
        self.reads = 0

    def put(self, array: np.ndarray) -> Any:
        return self.library.put(array)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Readable]:
    """A GPU of host memory, whose arrays can be read by `tolist` alone."""
    state = pf.backends()["emulated"]
    if not state.available:
        pytest.skip(state.detail)
    device = Readable()

    def tolist(array: NamespacedArray) -> list[int]:
        device.reads += 1
        values: list[int] = array.to_host().tolist()
        return values

    monkeypatch.setattr(NamespacedArray, "tolist", tolist, raising=False)
    monkeypatch.delenv("PANFUSE_BACKEND", raising=False)
    monkeypatch.setitem(_backend._MODULES, "cuda", _backend._MODULES["emulated"])
    _backend._load.cache_clear()
    yield device
    _backend._load.cache_clear()


class OnDevice(pf.Panoptic):
    """A result whose map is on a device, and whose segments are read from there."""

    def __init__(self, ids: np.ndarray, rows: pf.Segments, device: Readable) -> None:
        super().__init__(ids, rows)
        self.device = device
        self.on_device = device.put(ids)

    @property
    def ids(self) -> Any:
        return self.on_device

    @property
    def segments(self) -> pf.Segments:
        self.device.reads += 1
        return super().segments


def test_maps_on_a_device_are_read_at_compute(device: Readable) -> None:
    images = scenes(12)
    expected = files.everything(one_by_one(images).compute())
    quality = PanopticQuality(CATEGORIES)
    for image_id, scene in enumerate(images[:6]):
        gt, pred = panoptic(scene.gt, scene.gt_segments), panoptic(scene.pred, scene.pred_segments)
        quality.update(
            OnDevice(scene.gt, gt.segments, device),
            OnDevice(scene.pred, pred.segments, device),
            image_id=image_id,
        )
    for image_id, scene in enumerate(images[6:], 6):
        quality.update(
            device.put(scene.gt),
            device.put(scene.pred),
            gt_segments=scene.gt_segments,
            pred_segments=scene.pred_segments,
            image_id=image_id,
        )
    assert device.reads == 0
    assert len(quality) == 12
    assert files.everything(quality.compute()) == expected
    reads = device.reads
    assert reads > 0
    assert files.everything(quality.compute()) == expected
    assert device.reads == reads


def test_faults_of_maps_on_a_device_are_raised_at_compute(device: Readable) -> None:
    quality = PanopticQuality(CATEGORIES)
    arguments = GOOD | {"gt": device.put(IDS), "pred": device.put(IDS)}
    quality.update(**arguments)
    quality.update(**(arguments | {"image_id": 6, "pred_segments": ROWS[:1]}))
    for _ in range(2):
        with pytest.raises(pf.FormatError, match=r"image 6: .*segment 2"):
            quality.compute()
    with pytest.raises(ValueError, match="image 5 has been evaluated before"):
        quality.update(**arguments)
    quality.reset()
    quality.update(**arguments)
    assert quality.compute().pq == 1.0


def test_batches_on_a_device(device: Readable) -> None:
    images = scenes(6, (7, 9))
    quality = PanopticQuality(CATEGORIES)
    gt, pred = np.stack([s.gt for s in images]), np.stack([s.pred for s in images])
    quality.update(device.put(gt), device.put(pred), **lists(images), image_id=range(6))
    assert device.reads == 0
    assert files.everything(quality.compute()) == files.everything(one_by_one(images).compute())
