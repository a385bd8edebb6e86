"""What has the buffer protocol comes in; what is no array of integers is refused by name."""

from __future__ import annotations

import array
import ctypes
import mmap
import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.interop.tables import COLUMNS, assert_counts, label_map, label_maps

if TYPE_CHECKING:
    from pathlib import Path

FOREIGN = ">" if sys.byteorder == "little" else "<"


def check(gt: Any, pred: Any, gt_values: np.ndarray, pred_values: np.ndarray) -> None:
    table = pf.contingency(gt, pred)
    assert {type(getattr(table, name)) for name in COLUMNS} == {np.ndarray}
    assert_counts(table, gt_values, pred_values)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(kind: Any) -> None:
    gt, pred = (x.ravel() for x in label_maps(dtype="uint8"))
    check(kind(gt.tobytes()), kind(pred.tobytes()), gt, pred)


@pytest.mark.parametrize("code", "bBhHiIlLqQ")
def test_array_array(code: str) -> None:
    gt, pred = ([*range(9), 100, 100] for _ in range(2))
    values = np.array(gt, dtype=array.array(code).typecode)
    check(array.array(code, gt), array.array(code, pred), values, values)


@pytest.mark.parametrize("kind", ["c_int8", "c_uint16", "c_int32", "c_uint64", "c_long", "c_bool"])
def test_ctypes_arrays(kind: str) -> None:
    element = getattr(ctypes, kind)
    gt, pred = (element * 4 * 3)(), (element * 4 * 3)()
    gt[1][2] = pred[2][1] = 1
    check(gt, pred, np.array(gt), np.array(pred))
    assert np.array(gt).shape == (3, 4)


def test_a_ctypes_scalar() -> None:
    check(ctypes.c_int(7), ctypes.c_short(7), np.array(7, np.intc), np.array(7, np.short))


@pytest.mark.parametrize("layout", [np.s_[::-1], np.s_[::2, 1::3], np.s_[:0], np.s_[2, 3, ...]])
def test_memoryviews_of_every_layout(layout: Any) -> None:
    gt, pred = (x[layout] for x in label_maps((6, 9), "int16"))
    check(memoryview(gt), memoryview(pred), gt, pred)


def test_a_memory_map(tmp_path: Path) -> None:
    gt, pred = (x.ravel() for x in label_maps((64, 64), "uint8"))
    for name, values in (("gt", gt), ("pred", pred)):
        (tmp_path / name).write_bytes(values.tobytes())
    with (
        (tmp_path / "gt").open("rb") as gt_file,
        (tmp_path / "pred").open("rb") as pred_file,
        mmap.mmap(gt_file.fileno(), 0, access=mmap.ACCESS_READ) as gt_map,
        mmap.mmap(pred_file.fileno(), 0, access=mmap.ACCESS_READ) as pred_map,
    ):
        check(gt_map, pred_map, gt, pred)
        mapped = np.memmap(gt_file, dtype=np.uint8, mode="r")
        check(mapped, pred_map, gt, pred)
        mapped._mmap.close()
    with pytest.raises(ValueError, match="gt: mmap closed"):
        pf.contingency(gt_map, gt)


def test_a_released_memoryview() -> None:
    view = memoryview(b"abc")
    view.release()
    with pytest.raises(ValueError, match="pred: operation forbidden on released memoryview"):
        pf.contingency(b"abc", view)


@pytest.mark.parametrize("value", [np.bool_(True), np.int8(-3), np.uint64(2**63), np.array(5)])
def test_numpy_scalars(value: Any) -> None:
    check(value, np.uint8(7), np.asarray(value), np.asarray(np.uint8(7)))


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_subclasses_of_numpy_arrays() -> None:
    class Tagged(np.ndarray):
        pass

    gt, pred = label_maps()
    for kind in (np.matrix, Tagged, np.recarray):
        check(gt.view(kind), pred.view(kind), gt, pred)
        check(gt.view(kind), pred, gt, pred)


def test_a_field_of_records() -> None:
    records = np.zeros((7, 40), dtype=[("class", "u1"), ("id", "<i4"), ("big", FOREIGN + "i4")])
    records["id"] = label_map(1)
    check(records["id"], records["class"], label_map(1), np.zeros((7, 40), np.uint8))
    with pytest.raises(TypeError, match="gt: expected the machine's byte order"):
        pf.contingency(records["big"], records["id"])


NO_ARRAYS: list[Any] = [
    None, 5, 2.5, True, "abc", "", [1, 2], [[1], [2]], (1, 2), {1, 2}, {}, range(3), iter([1]),
    object(), int, print, Ellipsis,
]  # fmt: skip


@pytest.mark.parametrize("value", NO_ARRAYS, ids=lambda value: type(value).__name__)
def test_what_is_no_array(value: Any) -> None:
    good = label_map(1)
    got = re.escape(type(value).__name__)
    with pytest.raises(TypeError, match=f"gt: expected an array .* got {got}$"):
        pf.contingency(value, good)
    with pytest.raises(TypeError, match=f"pred: expected an array .* got {got}$"):
        pf.contingency(good, value)


def test_numpys_array_type_is_no_array() -> None:
    with pytest.raises(TypeError, match="gt: expected an array, got the type ndarray"):
        pf.contingency(np.ndarray, np.ndarray)


OTHER_DTYPES = (
    "float16", "float32", "float64", "longdouble", "complex64", "datetime64[s]", "timedelta64[ns]",
    "S4", "U4", "V8", "object", "i4,u1",
)  # fmt: skip


@pytest.mark.parametrize("dtype", OTHER_DTYPES)
def test_other_dtypes_are_refused(dtype: str) -> None:
    good, other = np.zeros((2, 3), dtype=np.int32), np.zeros((2, 3), dtype=dtype)
    got = re.escape(str(other.dtype))
    with pytest.raises(TypeError, match=f"gt: expected integers or bool, got {got}"):
        pf.contingency(other, good)
    with pytest.raises(TypeError, match=f"pred: expected integers or bool, got {got}"):
        pf.contingency(good, other)


@pytest.mark.parametrize(
    "value", [np.float32(1), np.str_("a"), np.datetime64("2020"), np.void(b"a")]
)
def test_other_scalars_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="gt: expected integers or bool, got"):
        pf.contingency(value, value)


class Pair(ctypes.Structure):
    _fields_ = (("gt", ctypes.c_int), ("pred", ctypes.c_int))


OTHER_BUFFERS: dict[str, Any] = {
    "floats": array.array("f", [1, 2]),
    "doubles": memoryview(array.array("d", [1, 2])),
    "characters": memoryview(b"abc").cast("c"),
    "ctypes characters": (ctypes.c_char * 3)(),
    "ctypes wide characters": (ctypes.c_wchar * 3)(),
    "ctypes long doubles": (ctypes.c_longdouble * 3)(),
    "ctypes pointers": (ctypes.POINTER(ctypes.c_int) * 3)(),
    "ctypes structures": (Pair * 3)(),
}


@pytest.mark.parametrize("name", OTHER_BUFFERS)
def test_other_buffers_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match="gt: expected integers or bool, got"):
        pf.contingency(OTHER_BUFFERS[name], b"abc")


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("kind", "iu")
def test_foreign_byte_order_is_refused(kind: str, width: int) -> None:
    good, foreign = label_map(1), label_map(1).astype(f"{FOREIGN}{kind}{width}")
    told = r"expected the machine's byte order, got [<>][iu]\d; convert with \.astype"
    with pytest.raises(TypeError, match=f"gt: {told}"):
        pf.contingency(foreign, good)
    with pytest.raises(TypeError, match=f"pred: {told}"):
        pf.contingency(good, memoryview(foreign))
    swapped = foreign.astype(foreign.dtype.newbyteorder("="))
    check(swapped, good, swapped, good)


def test_foreign_byte_order_from_ctypes() -> None:
    element = getattr(ctypes.c_int, "__ctype_be__" if FOREIGN == ">" else "__ctype_le__")
    with pytest.raises(TypeError, match="gt: expected the machine's byte order"):
        pf.contingency((element * 3)(), (element * 3)())


def test_bytes_have_no_order() -> None:
    gt = label_map(1).astype(FOREIGN + "i1")
    check(gt, gt.view(FOREIGN + "u1"), gt, gt.view(np.uint8))


def test_masked_arrays_are_refused() -> None:
    masked = np.ma.masked_equal(label_map(1), 2)
    with pytest.raises(TypeError, match=r"gt: a masked array's mask has no meaning here"):
        pf.contingency(masked, label_map(2))
    with pytest.raises(TypeError, match=r"pred: a masked array's mask has no meaning here"):
        pf.contingency(label_map(2), np.ma.masked)


@pytest.mark.parametrize(
    ("gt", "pred"),
    [((2, 3), (3, 2)), ((2, 3), (2, 3, 1)), ((), (1,)), ((0,), (0, 0)), ((6,), (5,))],
)
def test_unequal_shapes(gt: tuple[int, ...], pred: tuple[int, ...]) -> None:
    told = re.escape(f"gt and pred must have one shape, got {gt} and {pred}")
    with pytest.raises(ValueError, match=told):
        pf.contingency(np.zeros(gt, dtype=np.uint8), np.zeros(pred, dtype=np.int64))
    with pytest.raises(ValueError, match=told):
        pf.contingency(memoryview(np.zeros(gt, dtype=np.uint8)), np.zeros(pred, dtype=np.int64))


def test_more_axes_than_the_kernels_take() -> None:
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        pytest.skip("NumPy 1 has 32 axes at most")
    with pytest.raises(ValueError, match="gt: expected at most 32 axes, got 33"):
        pf.contingency(np.zeros((1,) * 33, np.int8), np.zeros((1,) * 33, np.int8))


def test_a_library_that_is_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may be in the middle of it: the module is there, its array type is not."""
    for name in ("torch", "cupy", "jax"):
        monkeypatch.setitem(sys.modules, name, type(sys)(name))
    gt, pred = (x.ravel() for x in label_maps(dtype="uint8"))
    check(gt.tobytes(), pred.tobytes(), gt, pred)
