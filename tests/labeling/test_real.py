"""Known totals of real data, and the labels of other libraries where they are installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import _cpu
from tests.labeling.kernels import label, using
from tests.labeling.test_components import COLUMNS, assert_components
from tests.reference import labeling as reference


def images_of(path: Any) -> np.ndarray:
    """Read every page of a picture."""
    pillow = pytest.importorskip("PIL.Image", reason="reading real data needs Pillow")
    sequence = pytest.importorskip("PIL.ImageSequence")
    with pillow.open(path) as file:
        return np.stack([np.asarray(page) for page in sequence.Iterator(file)]).squeeze()


def test_nuclei(isa: str, data: Any) -> None:
    """Hand-made masks of 664 microscope images."""
    totals = {4: 0, 8: 0}
    pixels = 0
    for path in sorted((data / "dsb2018" / "labels").glob("*.png")):
        labels = images_of(path)
        for connectivity in totals:
            found = pf.components(labels, connectivity=connectivity)
            totals[connectivity] += found.count
            pixels += int(found.area.sum()) - int(np.count_nonzero(labels))
    assert totals == {4: 29_147, 8: 28_988}
    assert pixels == 0


def test_some_nuclei(backend: Any, data: Any) -> None:
    """Few enough for the emulator, which takes a second for each million pixels."""
    for path in sorted((data / "dsb2018" / "labels").glob("*.png"))[::60]:
        labels = images_of(path)
        with using(_cpu.isa_available()[0]):
            expected = pf.components(labels, min_area=30, reassign="neighbor")
        found = pf.components(backend.put(labels), min_area=30, reassign="neighbor")
        columns = {name: getattr(expected, name) for name in ("labels", *COLUMNS)}
        assert_components(found, columns, backend.get)


def test_stardist(backend: Any, data: Any) -> None:
    flat = images_of(data / "stardist" / "mask2d.tif")
    for connectivity in (4, 8):
        labels, count = label(backend, flat, connectivity=connectivity)
        expected = reference.label(flat, connectivity)
        assert count == expected[1]
        np.testing.assert_array_equal(labels, expected[0])
    volume = images_of(data / "stardist" / "mask3d.tif")
    assert volume.shape == (31, 61, 57)
    for connectivity in (6, 18, 26):
        assert label(backend, volume, connectivity=connectivity, threads=3)[1] == 51


def scenes() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    smooth = rng.standard_normal((150, 333))
    for axis in (0, 1):
        smooth = sum(np.roll(smooth, shift, axis) for shift in range(-4, 5))
    return [
        (smooth > 0).astype(np.uint8),
        *((rng.random((97, 131)) < density).astype(np.uint8) for density in (0.1, 0.4, 0.6, 0.9)),
    ]


def volumes() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [
        rng.integers(0, 3, (9, 20, 70), dtype=np.uint8),
        np.repeat(np.repeat(rng.integers(0, 4, (8, 9, 23)), 3, 1), 3, 2).astype(np.int32),
        (rng.random((20, 21, 65)) < 0.25).astype(np.uint16),
    ]


@pytest.mark.parametrize("connectivity", [4, 8])
def test_as_opencv(backend: Any, connectivity: int) -> None:
    cv2: Any = pytest.importorskip("cv2", reason="OpenCV is not installed")
    for image in scenes():
        count, labels, stats, centroids = cv2.connectedComponentsWithStatsWithAlgorithm(
            image, connectivity, cv2.CV_32S, cv2.CCL_WU
        )
        found = pf.components(backend.put(image), connectivity=connectivity)
        assert found.count == count - 1
        np.testing.assert_array_equal(backend.get(found.labels), labels)
        np.testing.assert_array_equal(backend.get(found.bbox), stats[1:, :4])
        np.testing.assert_array_equal(backend.get(found.area), stats[1:, 4])
        np.testing.assert_allclose(backend.get(found.centroid)[:, ::-1], centroids[1:], rtol=1e-12)


def test_as_scipy(backend: Any) -> None:
    ndimage: Any = pytest.importorskip("scipy.ndimage", reason="scipy is not installed")
    for image in (*scenes(), *volumes()):
        for steps in range(1, image.ndim + 1):
            structure = ndimage.generate_binary_structure(image.ndim, steps)
            labels, count = ndimage.label(image, structure)
            result = label(backend, image, connectivity=steps, binary=True)
            assert result[1] == count
            np.testing.assert_array_equal(result[0], labels)


def test_as_skimage(backend: Any) -> None:
    measure: Any = pytest.importorskip("skimage.measure", reason="scikit-image is not installed")
    for image in (*scenes(), *volumes()):
        for steps in range(1, image.ndim + 1):
            for background in (0, None):
                labels = measure.label(
                    image, connectivity=steps, background=-1 if background is None else 0
                )
                result = label(backend, image, connectivity=steps, background=background)
                np.testing.assert_array_equal(result[0], labels)


def test_as_cc3d(backend: Any) -> None:
    cc3d: Any = pytest.importorskip("cc3d", reason="connected-components-3d is not installed")
    for image, connectivities in (
        *((image, (4, 8)) for image in scenes()),
        *((volume, (6, 18, 26)) for volume in volumes()),
    ):
        for connectivity in connectivities:
            labels = cc3d.connected_components(image, connectivity=connectivity)
            found = pf.components(backend.put(image), connectivity=connectivity)
            np.testing.assert_array_equal(backend.get(found.labels), labels)
            statistics = cc3d.statistics(labels)
            np.testing.assert_array_equal(backend.get(found.area), statistics["voxel_counts"][1:])
            np.testing.assert_allclose(
                backend.get(found.centroid), statistics["centroids"][1:], rtol=1e-6
            )
            dusted = pf.components(backend.put(image), connectivity=connectivity, min_area=6)
            dust = cc3d.dust(image, threshold=6, connectivity=connectivity)
            np.testing.assert_array_equal(backend.get(dusted.labels) != 0, dust != 0)
