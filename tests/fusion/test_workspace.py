"""`workspace`: taken by every fusion, checked, and left alone on a CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import panfuse as pf


class OnGpu:
    """An array of which nothing but its place is known."""

    def __dlpack__(self, **_: Any) -> Any:
        raise AssertionError("memory that is not used is not looked at")

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 1

    def __array_namespace__(self) -> Any:
        return np


def centers(**knobs: Any) -> Any:
    heatmap = np.zeros((4, 6), np.float32)
    heatmap[1, 2] = 1
    offsets = np.zeros((2, 4, 6), np.float32)
    return pf.fuse_centers(np.eye(4, 6, dtype=int), heatmap, offsets, things={1}, **knobs)


def instances(**knobs: Any) -> Any:
    masks = np.eye(4, 6, dtype=bool)[None]
    semantic = np.full((4, 6), 7)
    return pf.fuse_instances(masks, np.ones(1), np.ones(1, int), semantic, things={1}, **knobs)


def queries(**knobs: Any) -> Any:
    masks = np.eye(4, 6, dtype=np.float32)[None]
    return pf.fuse_queries(masks, np.array([[9, 0]], np.float32), size=(4, 6), **knobs)


@pytest.mark.parametrize("fuse", [centers, instances, queries])
def test_workspace(fuse: Any) -> None:
    scratch = np.arange(100, dtype=np.uint8)
    assert fuse(workspace=scratch) == fuse()
    np.testing.assert_array_equal(scratch, np.arange(100))
    with pytest.raises(TypeError, match="workspace: expected an array"):
        fuse(workspace=100)
    with pytest.raises(ValueError, match="workspace must lie on one device"):
        fuse(workspace=OnGpu())
