"""Every instruction set scans as the reference does."""

from __future__ import annotations

import numpy as np
import pytest

from panfuse import _cpu
from tests.reference import runs as reference

WIDTHS = (np.uint8, np.uint16, np.uint32, np.uint64)
LENGTHS = (1, 2, 3, 31, 63, 64, 65, 66, 127, 128, 129, 191, 192, 193, 255, 1000, 2048, 2049)


def unpack(bits: np.ndarray, n: int) -> np.ndarray:
    flags = np.unpackbits(bits.view(np.uint8), bitorder="little").astype(bool)
    assert not flags[n:].any()
    return flags[:n]


def rows(rng: np.random.Generator, n: int, dtype: type, change: float) -> np.ndarray:
    """A row whose runs are about 1 / change long, at an odd place in memory."""
    ids = rng.integers(0, np.iinfo(dtype).max, n, dtype=dtype, endpoint=True)
    steps = np.cumsum(rng.random(n) < change)
    memory = np.empty(n + 1, dtype=dtype)
    memory[1:] = ids[np.minimum(steps, n - 1)]
    return memory[1:]


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("change", [0.0, 0.02, 0.3, 1.0])
def test_changes_and_differences(isa: str, dtype: type, change: float) -> None:
    rng = np.random.default_rng(7)
    for n in LENGTHS:
        row, other = rows(rng, n, dtype, change), rows(rng, n, dtype, change)
        above = np.where(rng.random(n) < change, other, row)
        np.testing.assert_array_equal(
            unpack(_cpu.runs.changes(row), n), reference.changes(row), err_msg=f"{n} pixels"
        )
        np.testing.assert_array_equal(
            unpack(_cpu.runs.differences(row, above), n), reference.differences(row, above)
        )


@pytest.mark.parametrize("b_dtype", WIDTHS)
@pytest.mark.parametrize("a_dtype", WIDTHS)
@pytest.mark.parametrize("change", [0.0, 0.02, 0.3, 1.0])
def test_joint_starts(isa: str, a_dtype: type, b_dtype: type, change: float) -> None:
    rng = np.random.default_rng(11)
    for n in LENGTHS:
        a, b = rows(rng, n, a_dtype, change), rows(rng, n, b_dtype, change)
        np.testing.assert_array_equal(_cpu.runs.joint_starts(a, b), reference.joint_starts(a, b))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.0])
def test_joint_bits(isa: str, share: float) -> None:
    rng = np.random.default_rng(13)
    for n in LENGTHS:
        a, b = rng.random((2, n)) < share
        words = [np.packbits(row, bitorder="little") for row in (a, b)]
        a_bits, b_bits = (np.pad(w, (0, -len(w) % 8)).view(np.uint64) for w in words)
        np.testing.assert_array_equal(
            _cpu.runs.joint_bits(a_bits, b_bits, n), np.flatnonzero(a | b), err_msg=f"{n} pixels"
        )


@pytest.mark.parametrize("dtype", WIDTHS)
def test_every_bit_of_a_pixel_counts(isa: str, dtype: type) -> None:
    for bit in range(8 * np.dtype(dtype).itemsize):
        row = np.zeros(130, dtype=dtype)
        row[70:] = dtype(1) << dtype(bit)
        np.testing.assert_array_equal(_cpu.runs.joint_starts(row, row), [0, 70])


def test_empty_row(isa: str) -> None:
    row = np.empty(0, dtype=np.uint8)
    assert _cpu.runs.changes(row).shape == (0,)
    assert _cpu.runs.joint_starts(row, row).shape == (0,)


def test_bad_rows() -> None:
    row = np.zeros(10, dtype=np.uint8)
    with pytest.raises(ValueError, match="one length"):
        _cpu.runs.joint_starts(row, row[:5].copy())
    with pytest.raises(ValueError, match="too long"):
        _cpu.runs.joint_starts(np.zeros(65536, np.uint8), np.zeros(65536, np.uint8))
    with pytest.raises(ValueError, match="contiguous"):
        _cpu.runs.changes(row[::2])


def test_unknown_isa() -> None:
    with pytest.raises(ValueError, match="instruction sets"):
        _cpu.isa_use("mmx")
