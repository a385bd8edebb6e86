"""What `label` and `components` refuse, and how they say it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse import _cpu
from tests.labeling.kernels import kernel_names, using

IMAGE = np.random.default_rng(0).integers(0, 2, (12, 30), dtype=np.uint8)


@pytest.mark.parametrize(
    ("image", "arguments", "error", "text"),
    [
        (IMAGE, {"connectivity": 6}, ValueError, r"connectivity: expected 4, 8, 1 to 2"),
        (IMAGE, {"connectivity": 3}, ValueError, "connectivity"),
        (IMAGE, {"connectivity": 0}, ValueError, "connectivity"),
        (IMAGE, {"connectivity": -(2**70)}, ValueError, "connectivity"),
        (IMAGE, {"connectivity": "full"}, TypeError, "connectivity"),
        (IMAGE[0], {"connectivity": 2}, ValueError, "connectivity"),
        (np.ones((2, 3, 4)), {"connectivity": 8}, ValueError, "6, 18, 26, 1 to 3"),
        (np.ones((2, 3, 4)), {"connectivity": 26, "batched": True}, ValueError, "4, 8"),
        (np.uint8(3), {}, ValueError, "image: expected 1 to 3 axes, got 0"),
        (np.ones((2, 2, 2, 2)), {}, ValueError, "got 4"),
        (np.ones(2), {"batched": True}, ValueError, "after that of the batch, got 0"),
        (IMAGE.astype(complex), {}, TypeError, "image: .*complex"),
        (IMAGE.astype(">i4"), {}, TypeError, "byte order"),
        (IMAGE.astype(">f4"), {}, TypeError, "byte order"),
        (np.array(["a"]), {}, TypeError, "image"),
        ([[1, 2]], {}, TypeError, "image"),
        (IMAGE, {"dtype": "uint8"}, ValueError, "dtype: .*uint8"),
        (IMAGE, {"dtype": np.float32}, ValueError, "dtype: .*float32"),
        (IMAGE, {"out": np.zeros((12, 29), np.int32)}, ValueError, "out: expected the shape"),
        (IMAGE, {"out": np.zeros((12, 30), np.uint8)}, TypeError, "out: expected int32"),
        (IMAGE, {"out": np.zeros((12, 30), np.float32)}, TypeError, "out"),
        (
            IMAGE,
            {"out": np.zeros((12, 30), np.int64), "dtype": "int32"},
            TypeError,
            "out: expected int32, got int64",
        ),
        (IMAGE, {"out": np.zeros((30, 12), np.int32).T}, ValueError, "C order"),
        (IMAGE, {"out": np.broadcast_to(np.int32(0), (12, 30))}, ValueError, "read-only"),
        (IMAGE, {"threads": 0}, ValueError, "threads"),
        (IMAGE, {"background": "black"}, TypeError, "background: expected"),
    ],
)
def test_refused(image: Any, arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    for name in {_cpu.isa_current(), *kernel_names()[-1:]}:
        for call in (pf.label, pf.components):
            with using(name), pytest.raises(error, match=text):
                call(image, **arguments)


@pytest.mark.parametrize("name", ["min_area", "max_area", "keep_largest", "fill_holes"])
def test_filters_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        pf.components(IMAGE, **{name: -1})
    with pytest.raises(TypeError, match=name):
        pf.components(IMAGE, **{name: 1.5})
    with pytest.raises(ValueError, match="reassign"):
        pf.components(IMAGE, reassign="nearest")


def test_overlapping_output(backend: Any) -> None:
    memory = backend.put(np.zeros((4, 12, 30), np.int32))
    with pytest.raises(ValueError, match="out: expected memory of its own"):
        pf.label(memory[1], out=memory[1])
    with pytest.raises(ValueError, match="memory of its own"):
        pf.label(memory.reshape(-1, 30)[6:18], out=memory[0])
    pf.label(memory[0], out=memory[1])


def test_too_many_for_the_dtype(backend: Any) -> None:
    image = np.zeros((512, 514), np.uint8)
    image[::2, ::2] = 1
    image = backend.put(image)
    assert pf.label(image[:508], dtype="uint16")[1] == 254 * 257
    with pytest.raises(OverflowError, match="65792 components are more than uint16"):
        pf.label(image, dtype="uint16")
    out = backend.put(np.zeros(image.shape, np.uint16))
    with pytest.raises(OverflowError, match="out"):
        pf.components(image, out=out)
    assert not out.any()
    assert pf.components(image, dtype="uint16", min_area=2).count == 0


def test_too_long() -> None:
    with pytest.raises(ValueError, match=r"axes below 2\*\*31"):
        pf.label(np.broadcast_to(np.uint8(0), (2**31,)))
