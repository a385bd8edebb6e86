"""JAX's arrays on the CPU come in, and results go out as JAX arrays of full width."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from tests.interop.tables import (
    COLUMNS,
    DTYPES,
    MATCH_COLUMNS,
    assert_counts,
    assert_matches,
    label_map,
    label_maps,
)

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")

pytestmark = pytest.mark.skipif(
    jax.default_backend() != "cpu", reason="JAX's arrays are taken on the CPU only"
)
NARROW = [dtype for dtype in DTYPES if dtype not in ("int64", "uint64")]


def get(column: Any) -> np.ndarray:
    assert isinstance(column, jax.Array)
    assert {device.platform for device in column.devices()} == {"cpu"}
    return np.asarray(column)


def test_wide_integers_are_off() -> None:
    """The other tests here are about JAX as most people run it."""
    assert not jax.config.jax_enable_x64


@pytest.mark.parametrize("pred_dtype", NARROW)
@pytest.mark.parametrize("gt_dtype", NARROW)
def test_every_narrow_dtype(gt_dtype: str, pred_dtype: str) -> None:
    gt, pred = label_map(1, dtype=gt_dtype), label_map(2, dtype=pred_dtype)
    table = pf.contingency(jnp.asarray(gt), jnp.asarray(pred))
    assert_counts(table, gt, pred, get)
    assert table.counts.dtype == jnp.dtype("int64")


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_wide_dtypes(dtype: str) -> None:
    gt, pred = label_maps(dtype=dtype)
    gt[3:] += np.array(2**40, dtype=dtype)
    with jax.enable_x64(True):
        wide = jnp.asarray(gt), jnp.asarray(pred)
        assert_counts(pf.contingency(*wide), gt, pred, get)
    assert_counts(pf.contingency(*wide), gt, pred, get)


@pytest.mark.parametrize("dtype", NARROW)
def test_matches_are_jax_arrays_of_full_width(dtype: str) -> None:
    gt, pred = label_maps(dtype=dtype)
    matches = pf.match(pf.contingency(jnp.asarray(gt), jnp.asarray(pred)))
    assert_matches(matches, gt, pred, get)
    assert matches.iou.dtype == jnp.dtype("float64")


def test_counts_beyond_32_bits_are_not_truncated() -> None:
    wide = np.array([2**33, 5 * 2**33], dtype=np.int64)
    table = pf.Contingency(
        *(jnp.asarray(np.array([1, 2], dtype=np.int32)) for _ in range(2)),
        wide,
        jnp.asarray(np.array([1, 2], dtype=np.int32)),
        wide,
        jnp.asarray(np.array([1, 2], dtype=np.int32)),
        wide,
    )
    matches = pf.match(table)
    np.testing.assert_array_equal(get(matches.intersection), wide)
    np.testing.assert_array_equal(get(matches.union), wide)
    assert matches.intersection.tolist() == [2**33, 5 * 2**33]


def test_the_switch_for_wide_integers_is_put_back() -> None:
    gt, pred = label_maps()
    pf.contingency(jnp.asarray(gt), jnp.asarray(pred))
    assert not jax.config.jax_enable_x64
    assert jnp.asarray(np.arange(3)).dtype == jnp.dtype("int32")


LAYOUTS = {
    "transposed": lambda x: x.transpose(2, 0, 1),
    "sliced": lambda x: x[1:5, 2:, 3:7],
    "broadcast": lambda x: jnp.broadcast_to(x[:, :1], x.shape),
    "one row": lambda x: x[3, 2],
    "0-d": lambda x: x[3, 2, 1],
    "empty": lambda x: x[:, :0],
    "just computed": lambda x: jnp.cumsum(x, axis=0) % 7,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(layout: str) -> None:
    gt, pred = (LAYOUTS[layout](jnp.asarray(x)) for x in label_maps((6, 4, 8)))
    assert_counts(pf.contingency(gt, pred), np.asarray(gt), np.asarray(pred), get)


def test_work_that_jax_has_not_finished_is_waited_for() -> None:
    """JAX runs behind the caller's back; what it lends must be complete."""
    start = jnp.asarray(label_map(1, (1500, 1500)))

    @jax.jit
    def slow(ids: Any) -> Any:
        return jax.lax.fori_loop(0, 60, lambda i, x: (x * 5 + i) % 11, ids)

    expected = np.asarray(slow(start))
    for _ in range(3):
        table = pf.contingency(slow(start), slow(start))
        np.testing.assert_array_equal(
            get(table.gt_areas), np.bincount(expected.ravel())[get(table.gt_labels)]
        )


def test_the_first_argument_gives_the_type() -> None:
    gt, pred = label_maps()
    table = pf.contingency(jnp.asarray(gt), pred)
    assert_counts(table, gt, pred, get)
    table = pf.contingency(gt, jnp.asarray(pred))
    assert {type(getattr(table, name)) for name in COLUMNS} == {np.ndarray}
    assert {type(getattr(pf.match(table), name)) for name in MATCH_COLUMNS} == {np.ndarray}
    assert_counts(table, gt, pred)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "complex64", "int4", "uint4"])
def test_other_dtypes_are_refused(dtype: str) -> None:
    ids, other = jnp.zeros((2, 3), dtype="int32"), jnp.zeros((2, 3), dtype=dtype)
    with pytest.raises(TypeError, match=f"gt: expected integers or bool, got {dtype}"):
        pf.contingency(other, ids)
    with pytest.raises(TypeError, match=f"pred: expected integers or bool, got {dtype}"):
        pf.contingency(ids, other)


def test_random_keys_are_refused() -> None:
    key = jax.random.key(0)
    with pytest.raises(TypeError, match=r"gt: expected integers or bool, got key<\w+>"):
        pf.contingency(key, key)


@pytest.mark.parametrize("transform", ["jit", "vmap", "grad"])
def test_traced_arrays_are_refused(transform: str) -> None:
    def inside(ids: Any) -> Any:
        with pytest.raises(TypeError, match=r"gt: .*call outside jit|gt: expected integers"):
            pf.contingency(ids, ids)
        return ids.sum()

    dtype = "float32" if transform == "grad" else "int32"
    getattr(jax, transform)(inside)(jnp.ones((4, 5), dtype=dtype))


def test_deleted_arrays_are_refused() -> None:
    gone = jnp.zeros((2, 3), dtype="int32")
    gone.delete()
    with pytest.raises(ValueError, match="gt: Array has been deleted"):
        pf.contingency(gone, gone)


TWO_DEVICES = """
import warnings
warnings.simplefilter("error")
import numpy as np, jax, jax.numpy as jnp, panfuse as pf
from jax.sharding import Mesh, NamedSharding, PartitionSpec
first, second = jax.devices()
ids = jnp.ones((4, 6), dtype="int32")
table = pf.contingency(jax.device_put(ids, second), ids)
assert table.counts.tolist() == [24]
rows = NamedSharding(Mesh(np.array([first, second]), "x"), PartitionSpec("x"))
spread = jax.device_put(ids, rows)
try:
    pf.contingency(ids, spread)
except TypeError as error:
    assert "pred: JAX arrays are taken on one CPU device only" in str(error), error
else:
    raise SystemExit("a sharded array was taken")
"""


def test_two_devices_of_the_cpu() -> None:
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES],
        env=os.environ | flags,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
