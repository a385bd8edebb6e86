"""What the kernels of the room `labeling` cost, and that the order of threads does not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf
from tests.cuda.test_launches import cost, emulated
from tests.interop.devices import DeviceLibrary
from tests.labeling.test_components import assert_components
from tests.reference import labeling as reference


@pytest.fixture(autouse=True)
def _use_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", "emulated")


BATCH = np.repeat(np.random.default_rng(0).integers(0, 3, (40, 30, 11), np.uint8), 3, 2)
OPS: dict[str, tuple[Any, int, int]] = {
    # What is called, its launches, and how often the host waits.
    "label": (lambda images: pf.label(images, batched=True), 5, 1),
    "components": (lambda images: pf.components(images, batched=True), 8, 1),
    "min_area": (lambda images: pf.components(images, batched=True, min_area=4), 17, 2),
    "fill_holes": (lambda images: pf.components(images, batched=True, fill_holes=4), 14, 1),
    "neighbor": (
        lambda images: pf.components(images, batched=True, min_area=4, reassign="neighbor"),
        21,
        3,
    ),
    "fill_holes of masks": (lambda images: pf.fill_holes(images, 4), 5, 0),
    "remove_small": (lambda images: pf.remove_small(images, 4), 5, 0),
    "clean_mask_logits": (
        lambda images: pf.clean_mask_logits(images.astype(np.float32) - 1, 4, 4),
        11,
        0,
    ),
}


@pytest.mark.parametrize("name", list(OPS))
def test_a_batch_costs_the_launches_of_one_image(name: str) -> None:
    call, launches, waits = OPS[name]
    assert cost(lambda: call(BATCH[:1])) == (launches, waits)
    assert cost(lambda: call(BATCH)) == (launches, waits)
    assert cost(lambda: call(BATCH[:0])) == (0, 0)


def test_an_image_costs_what_a_batch_of_one_does() -> None:
    assert cost(lambda: pf.label(BATCH[0])) == (5, 1)
    assert cost(lambda: pf.label(BATCH[0, :3, :7])) == (4, 1)  # there are no seams
    assert cost(lambda: pf.split_instances(BATCH[0], things={1})) == (17, 2)


def test_the_order_of_threads_does_not_show() -> None:
    rng = np.random.default_rng(1)
    images = [
        np.repeat(rng.integers(0, 3, (23, 15)), 3, 1).astype(np.uint8),
        (rng.random((40, 37)) < 0.6).astype(np.int64),
        (rng.random((9, 10, 11)) < 0.4).astype(np.float32),
    ]
    filters = {"min_area": 3, "keep_largest": 6, "fill_holes": 5, "reassign": "neighbor"}
    logits = rng.normal(size=(3, 25, 30)).astype(np.float32)
    expected = [
        (reference.label(image), reference.components(image, 1, **filters)) for image in images
    ]
    cleaned = [reference.clean_mask_logits(one, 4, 4) for one in logits]
    split = reference.split_instances(images[0], {1})[0]
    try:
        for seed in range(1, 6):
            emulated.set_seed(seed)
            for image, (labels, described) in zip(images, expected, strict=True):
                np.testing.assert_array_equal(pf.label(image)[0], labels[0])
                assert_components(pf.components(image, connectivity=1, **filters), described)
            np.testing.assert_array_equal(pf.clean_mask_logits(logits, 4, 4), cleaned)
            np.testing.assert_array_equal(pf.split_instances(images[0], things={1}).ids, split)
    finally:
        emulated.set_seed(0)


def test_results_stay_on_the_device() -> None:
    """Nothing of these arrays can be read on the host, so a hidden copy fails."""
    library = DeviceLibrary()
    images = library.put(BATCH[:2], 1)
    labels, counts = pf.label(images, batched=True)
    found = pf.components(images, batched=True, min_area=4, reassign="neighbor")
    filled = pf.fill_holes(images, 4)
    assert {index for index, _, _ in library.allocations} == {1}
    for item, image in enumerate(BATCH[:2]):
        expected = reference.label(image)
        assert counts[item] == expected[1]
        np.testing.assert_array_equal(labels.to_host()[item], expected[0])
        described = reference.components(image, min_area=4, reassign="neighbor")
        assert_components(found[item], described, lambda array: array.to_host())
        np.testing.assert_array_equal(filled.to_host()[item], reference.fill_holes(image, 4))


def test_more_pixels_than_32_bits_can_number() -> None:
    """Said before any memory is asked for: the image has one byte."""
    image = np.broadcast_to(np.uint8(1), (2**16, 2**16))
    for call in (pf.label, pf.components):
        with pytest.raises(ValueError, match="image: expected at most 2147483392 pixels on a GPU"):
            call(image)
    with pytest.raises(ValueError, match="on a GPU, got 4294967296"):
        pf.split_instances(image, things={1})
