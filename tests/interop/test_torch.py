"""Torch tensors on the CPU come in as they are, and results go out as torch tensors."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Callable

torch = pytest.importorskip("torch")


def get(column: Any) -> np.ndarray:
    assert type(column) is torch.Tensor
    assert column.device == torch.device("cpu")
    assert column.is_contiguous()
    return column.numpy()


@pytest.mark.parametrize("pred_dtype", DTYPES)
@pytest.mark.parametrize("gt_dtype", DTYPES)
def test_every_integer_dtype(gt_dtype: str, pred_dtype: str) -> None:
    gt, pred = label_map(1, dtype=gt_dtype), label_map(2, dtype=pred_dtype)
    table = pf.contingency(torch.from_numpy(gt), torch.from_numpy(pred))
    assert_counts(table, gt, pred, get)
    assert table.gt_ids.dtype == getattr(torch, gt_dtype)
    assert table.pred_labels.dtype == getattr(torch, pred_dtype)
    assert table.counts.dtype == table.gt_areas.dtype == table.pred_areas.dtype == torch.int64


@pytest.mark.parametrize("dtype", DTYPES)
def test_matches_are_tensors(dtype: str) -> None:
    gt, pred = label_maps(dtype=dtype)
    matches = pf.match(pf.contingency(torch.from_numpy(gt), torch.from_numpy(pred)))
    assert_matches(matches, gt, pred, get)
    assert matches.iou.dtype == torch.float64
    assert matches.pairs == pf.match(pf.contingency(gt, pred)).pairs


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x.permute(2, 0, 1),
    "sliced": lambda x: x[1:5, 2:, 3:7],
    "every second": lambda x: x[::2, :, 1::3],
    "expanded": lambda x: x[:, :1].expand(-1, 50, -1),
    "expanded scalar": lambda x: x[0, 0, 0].expand(4, 5),
    "overlapping": lambda x: x.as_strided((5, 6, 7), (1, 2, 3), 4),
    "one row": lambda x: x[3, 2],
    "0-d": lambda x: x[3, 2, 1],
    "empty": lambda x: x[:, :0],
    "empty and long": lambda x: x[:0].expand(-1, -1, -1).reshape(0, 4, 1).expand(0, 4, 2**40),
    "channels last": lambda x: x[None].contiguous(memory_format=torch.channels_last),
    "many axes": lambda x: x.reshape((2, 3, 1, 1, 4, 1, 2, 2, 2)),
    "odd place in memory": lambda x: x.reshape(-1)[1:191].reshape(5, 38),
}


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(layout: str, dtype: str) -> None:
    gt, pred = (LAYOUTS[layout](torch.from_numpy(x)) for x in label_maps((6, 4, 8), dtype))
    before = gt.clone(), pred.clone()
    assert_counts(pf.contingency(gt, pred), gt.numpy(), pred.numpy(), get)
    assert torch.equal(gt, before[0])
    assert torch.equal(pred, before[1])


def test_batches_of_tensors() -> None:
    gt, pred = label_maps((3, 5, 9), "uint8")
    tables = pf.contingency(torch.from_numpy(gt), torch.from_numpy(pred), batched=True, ignore=2)
    for item, table in enumerate(tables):
        void = [np.where(x[item] == 2, np.uint8(0), x[item]) for x in (gt, pred)]
        assert_counts(table, *void, get)


def test_results_can_be_written_and_outlive_the_call() -> None:
    gt, pred = label_maps()
    tensors = torch.from_numpy(gt), torch.from_numpy(pred)
    table, again = pf.contingency(*tensors), pf.contingency(*tensors)
    table.counts[:] = 0
    del table
    assert_counts(again, gt, pred, get)


def test_the_first_argument_gives_the_type() -> None:
    gt, pred = label_maps()
    table = pf.contingency(torch.from_numpy(gt), pred)
    assert_counts(table, gt, pred, get)
    table = pf.contingency(gt, torch.from_numpy(pred))
    assert all(type(getattr(table, name)) is np.ndarray for name in COLUMNS)
    assert_counts(table, gt, pred)
    assert all(type(getattr(pf.match(table), name)) is np.ndarray for name in MATCH_COLUMNS)


def test_views_are_taken_through_the_exchange_api(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(torch.Tensor, "__dlpack_c_exchange_api__"):
        pytest.skip("this torch has no C exchange API")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the slow protocol was used")

    for name in ("__dlpack__", "__dlpack_device__", "__array__", "numpy"):
        monkeypatch.setattr(torch.Tensor, name, refuse)
    gt = torch.tensor([[1, 1, 2]])
    assert pf.match(pf.contingency(gt, gt)).pairs == [(1, 1), (2, 2)]


def test_torch_without_the_exchange_api() -> None:
    class Older(torch.Tensor):
        __dlpack_c_exchange_api__ = None

    gt, pred = label_maps(dtype="uint16")
    table = pf.contingency(*(torch.from_numpy(x).as_subclass(Older) for x in (gt, pred)))
    assert_counts(table, gt, pred, get)


def test_a_parameter_and_an_inference_tensor() -> None:
    gt, pred = label_maps()
    with torch.inference_mode():
        inside = torch.from_numpy(pred).clone()
    parameter = torch.nn.Parameter(torch.from_numpy(gt), requires_grad=False)
    assert_counts(pf.contingency(parameter, inside), gt, pred, get)


def test_the_default_device_does_not_matter() -> None:
    gt, pred = label_maps()
    with torch.device("meta"):
        table = pf.contingency(torch.from_numpy(gt), torch.from_numpy(pred))
    assert_counts(table, gt, pred, get)


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float32", "float64", "complex64", "float8_e4m3fn"]
)
def test_floats_are_refused(dtype: str) -> None:
    ids, floats = torch.zeros(2, 3, dtype=torch.int32), torch.zeros(2, 3).to(getattr(torch, dtype))
    with pytest.raises(TypeError, match=rf"gt: expected integers or bool, got torch\.{dtype}"):
        pf.contingency(floats, ids)
    with pytest.raises(TypeError, match=rf"pred: expected integers or bool, got torch\.{dtype}"):
        pf.contingency(ids, floats)


def test_floats_that_need_a_gradient_are_refused_for_being_floats() -> None:
    floats = torch.zeros(2, 3, requires_grad=True)
    with pytest.raises(TypeError, match=r"gt: expected integers or bool, got torch\.float32"):
        pf.contingency(floats, floats)


def test_elements_that_dlpack_has_no_word_for() -> None:
    bits = torch.zeros(2, 3, dtype=torch.uint8).view(torch.bits8)
    with pytest.raises(TypeError, match=r"gt: Tensor lends DLPack no view of its memory"):
        pf.contingency(bits, bits)


def test_sparse_tensors_are_refused() -> None:
    dense = torch.tensor([[0, 1], [2, 0]])
    with pytest.raises(TypeError, match="gt: expected a strided tensor, got layout"):
        pf.contingency(dense.to_sparse(), dense)
    with pytest.raises(TypeError, match="pred: expected a strided tensor, got layout"):
        pf.contingency(dense, dense.to_sparse())


def test_meta_tensors_are_refused() -> None:
    meta = torch.zeros(2, 3, dtype=torch.int32, device="meta")
    with pytest.raises(TypeError, match="gt: expected a tensor on cpu or cuda, got one on meta"):
        pf.contingency(meta, meta)


def test_tensors_without_memory_are_refused() -> None:
    freed = torch.zeros(2, 3, dtype=torch.int32)
    freed.untyped_storage().resize_(0)
    with pytest.raises(ValueError, match="gt: the array has elements but no memory"):
        pf.contingency(freed, freed)
    functional = torch._to_functional_tensor(torch.zeros(2, 3, dtype=torch.int32))
    with pytest.raises(ValueError, match="gt: the array has elements but no memory"):
        pf.contingency(functional, functional)


def test_tensors_under_vmap_are_refused() -> None:
    def inside(ids: Any) -> Any:
        with pytest.raises(TypeError, match="gt: Tensor lends DLPack no view"):
            pf.contingency(ids, ids)
        return ids

    torch.vmap(inside)(torch.zeros(2, 3, dtype=torch.int32))


def test_more_axes_than_numpy_had() -> None:
    tensor = torch.zeros((1,) * 33, dtype=torch.uint8)
    with pytest.raises(ValueError, match="gt: expected at most 32 axes, got 33"):
        pf.contingency(tensor, tensor)


def test_unequal_shapes() -> None:
    with pytest.raises(ValueError, match=r"one shape, got \(2, 3\) and \(3, 2\)"):
        pf.contingency(
            torch.zeros((2, 3), dtype=torch.uint8), torch.zeros((3, 2), dtype=torch.int8)
        )


def test_the_class_is_no_tensor() -> None:
    with pytest.raises(TypeError, match="gt: expected an array, got the type Tensor"):
        pf.contingency(torch.Tensor, torch.Tensor)


class DeviceMemory:
    """What Numba or PyCUDA hand out: an address, by CUDA's array interface."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.__cuda_array_interface__ = {
            "shape": array.shape,
            "typestr": array.dtype.str,
            "data": (array.__array_interface__["data"][0], False),
            "version": 3,
        }


def test_device_memory_is_viewed_through_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    gt, pred = label_maps()
    arrays = {id(memory := DeviceMemory(x)): (memory, x) for x in (gt, pred)}
    asked = []

    def as_tensor(memory: Any, device: Any) -> Any:
        asked.append(device)
        return torch.from_numpy(arrays[id(memory)][1])

    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(torch, "as_tensor", as_tensor)
    table = pf.contingency(*(memory for memory, _ in arrays.values()))
    assert_counts(table, gt, pred, get)
    assert asked == ["cuda", "cuda"]


@pytest.mark.parametrize(
    ("named", "waits"),
    [
        ({}, []),
        ({"stream": None}, []),
        ({"stream": 1}, ["default"]),
        ({"stream": 0x7770}, [0x7770]),
    ],
)
def test_device_memory_comes_after_its_stream(
    monkeypatch: pytest.MonkeyPatch, named: dict[str, Any], waits: list[Any]
) -> None:
    memory, waited = DeviceMemory(array := label_map(1)), []
    memory.__cuda_array_interface__ |= named
    streams = {
        "current_stream": lambda _: types.SimpleNamespace(wait_stream=waited.append),
        "default_stream": lambda _: "default",
        "ExternalStream": lambda stream, device: stream,
    }
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(torch, "as_tensor", lambda *_, **__: torch.from_numpy(array))
    for name, function in streams.items():
        monkeypatch.setattr(torch.cuda, name, function)
    table = pf.contingency(memory, torch.from_numpy(array))
    assert waited == waits
    assert table.counts.sum() == array.size


def test_device_memory_is_not_copied_to_another_device(monkeypatch: pytest.MonkeyPatch) -> None:
    array = label_map(1)
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(torch, "as_tensor", lambda *_, **__: torch.from_numpy(array.copy()))
    with pytest.raises(ValueError, match=r"gt: expected an array on torch's current device"):
        pf.contingency(DeviceMemory(array), DeviceMemory(array))


def test_device_memory_without_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = DeviceMemory(label_map(1))
    for name in ("cupy", "torch"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(TypeError, match="gt: DeviceMemory has only __cuda_array_interface__"):
        pf.contingency(memory, memory)
