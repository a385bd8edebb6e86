from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from panfuse import _maps
from tests.reference import panoptic as reference

INTEGERS: list[type[np.integer[Any]]] = [
    np.uint8,
    np.int8,
    np.uint16,
    np.int16,
    np.uint32,
    np.int32,
    np.uint64,
    np.int64,
]


@st.composite
def label_maps(draw: st.DrawFn) -> npt.NDArray[Any]:
    """Maps of few labels, so that runs and repeats occur, of rank 1 to 4 and any order."""
    dtype = draw(st.sampled_from(INTEGERS))
    info = np.iinfo(dtype)
    label = st.integers(int(info.min), min(int(info.max), 2**63 - 1))
    few = draw(st.lists(label, min_size=1, max_size=4))
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=6))
    ids = draw(hnp.arrays(dtype, shape, elements=st.sampled_from(few)))
    return (
        np.asfortranarray(ids)
        if draw(st.booleans())
        else ids[..., :: draw(st.sampled_from([1, -1, 2]))]
    )


def assert_statistics(ids: npt.NDArray[Any], columns: tuple[Any, Any, Any]) -> None:
    labels, areas, boxes = columns
    expected = reference.statistics(ids)
    assert labels.tolist() == list(expected)
    assert areas.tolist() == [area for area, _ in expected.values()]
    assert boxes.tolist() == [box for _, box in expected.values()]
    assert (labels.dtype, areas.dtype, boxes.dtype) == (np.int64, np.int64, np.int32)


@settings(deadline=None)
@given(label_maps())
def test_statistics_of_numpy_maps(ids: npt.NDArray[Any]) -> None:
    before = ids.copy()
    assert_statistics(ids, _maps.statistics(ids))
    assert np.array_equal(ids, before)


@settings(deadline=None)
@given(label_maps(), st.sampled_from([np.uint8, np.int32, np.int64]))
def test_relabel_of_numpy_maps(ids: npt.NDArray[Any], dtype: type[Any]) -> None:
    keys = np.unique(ids).astype(np.int64)
    values = np.arange(len(keys))[::-1].astype(dtype)
    result = _maps.relabel(ids, keys, values)
    table = dict(zip(keys.tolist(), values.tolist(), strict=True))
    assert result.dtype == dtype
    assert result.shape == ids.shape
    assert result.tolist() == np.vectorize(table.__getitem__, otypes=[object])(ids).tolist()


@settings(max_examples=50, deadline=None)
@given(label_maps())
def test_torch_on_the_host_and_its_device_path(ids: npt.NDArray[Any]) -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(ids.copy())
    assert_statistics(ids, _maps.statistics(tensor))
    # What a CUDA tensor goes through, run here on the tensor's own device.
    labels, areas, start, stop = _maps._statistics_torch(torch, tensor, "ids")
    boxes = np.concatenate([start.numpy()[:, ::-1], (stop - start).numpy()[:, ::-1]], 1)
    assert_statistics(ids, (labels.numpy(), areas.numpy(), boxes.astype(np.int32)))

    keys = np.unique(ids).astype(np.int64)
    values = np.arange(len(keys), dtype=np.int32)
    values.flags.writeable = False
    expected = _maps.relabel(ids, keys, values)
    for result in (
        _maps.relabel(tensor, keys, values),
        _maps._relabel_torch(torch, tensor, keys, values, "ids"),
    ):
        assert isinstance(result, torch.Tensor)
        assert result.dtype == torch.int32
        assert np.array_equal(result.numpy(), expected)


def relabels() -> list[Any]:
    def torch_device(ids: Any, keys: Any, values: Any) -> Any:
        torch = pytest.importorskip("torch")
        return _maps._relabel_torch(torch, torch.from_numpy(ids), keys, values, "ids")

    def cupy_device(ids: Any, keys: Any, values: Any) -> Any:
        # NumPy under another name: the lines that CuPy runs, not CuPy itself.
        cupy = ModuleType("cupy")
        vars(cupy).update(vars(np))
        return _maps._relabel(cupy, ids, keys, values, "ids")

    return [
        pytest.param(_maps.relabel, id="numpy"),
        pytest.param(torch_device, id="torch"),
        pytest.param(cupy_device, id="cupy"),
    ]


@pytest.mark.parametrize("relabel", relabels())
def test_relabel_of_every_path(relabel: Any) -> None:
    ids = np.array([[4, 4, 0], [0, 9, 4]], np.uint16)
    result = relabel(ids, np.array([0, 4, 9]), np.array([7, 1, 2], np.int32))
    assert np.asarray(result).tolist() == [[1, 1, 7], [7, 2, 1]]


@pytest.mark.parametrize("relabel", relabels())
def test_missing_keys_name_the_smallest_label(relabel: Any) -> None:
    ids = np.array([[3, 9, 9], [-2, 1, 7]], np.int32)
    for keys, missing in (([1, 3], -2), ([-2, 1, 3], 7), ([-2, 1, 3, 7], 9), ([], -2)):
        with pytest.raises(KeyError) as caught:
            relabel(ids, np.array(keys, np.int64), np.zeros(len(keys), np.int32))
        assert caught.value.args == (missing,)


@pytest.mark.parametrize("relabel", relabels())
def test_empty_maps(relabel: Any) -> None:
    ids = np.zeros((0, 5), np.int32)
    result = relabel(ids, np.zeros(0, np.int64), np.zeros(0, np.int32))
    assert tuple(result.shape) == (0, 5)
    labels, areas, boxes = _maps.statistics(ids)
    assert labels.size == areas.size == 0
    assert boxes.shape == (0, 4)


def test_labels_beyond_int64() -> None:
    ids = np.array([0, 2**63], np.uint64)
    key, value = np.zeros(1, np.int64), np.zeros(1, np.int32)
    for call in (
        lambda: _maps.statistics(ids, "map"),
        lambda: _maps.relabel(ids, key, value, "map"),
    ):
        with pytest.raises(ValueError, match=r"^map: expected labels below 2\*\*63, got 92233720"):
            call()
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(ids)
    for call in (
        lambda: _maps._statistics_torch(torch, tensor, "map"),
        lambda: _maps._relabel_torch(torch, tensor, key, value, "map"),
    ):
        with pytest.raises(ValueError, match=r"^map: expected labels below 2\*\*63, got 92233720"):
            call()


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        ([[1, 2]], TypeError, "ids: expected an integer NumPy.* got builtins.list"),
        (np.zeros((2, 2)), TypeError, "ids: expected an integer .* got dtype float64"),
        (np.zeros((2, 2), bool), TypeError, "got dtype bool"),
        (np.zeros((2, 2), object), TypeError, "got dtype object"),
        (np.zeros((2, 2), np.dtype(np.int32).newbyteorder()), TypeError, "native byte order"),
        (np.ma.masked_equal([1, 2], 1), TypeError, "masked array"),
        (np.array(3), ValueError, "ids: expected a map of rank 1 or more"),
        (np.broadcast_to(np.int8(0), 2**31), ValueError, r"axes below 2\*\*31"),
        (None, TypeError, "got builtins.NoneType"),
    ],
)
def test_require_map(array: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _maps.require_map(array, "ids")


def test_require_map_of_torch() -> None:
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bool, torch.complex64):
        with pytest.raises(TypeError, match="expected an integer"):
            _maps.require_map(torch.zeros(2, dtype=dtype), "ids")
    _maps.require_map(torch.zeros(2, dtype=torch.uint16), "ids")
    assert _maps.describe(torch.zeros(2, dtype=torch.int32)) == "torch int32"
    assert _maps.dtype_of(torch.zeros(2, dtype=torch.uint16)) == np.uint16


class Narrow:
    """An array-API array of a library without int64, as JAX is by default."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values.astype(np.int32) if values.dtype == np.int64 else values
        self.shape, self.dtype = self.values.shape, self.values.dtype

    def __array_namespace__(self) -> type[Narrow]:
        return Narrow

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()

    @staticmethod
    def from_dlpack(array: npt.NDArray[Any]) -> Narrow:
        return Narrow(array)

    @staticmethod
    def isdtype(dtype: np.dtype[Any], kind: str) -> bool:
        return np.isdtype(dtype, kind)


def strict_array(values: npt.NDArray[Any]) -> Any:
    return pytest.importorskip("array_api_strict").asarray(values)


@pytest.mark.parametrize("convert", [Narrow, strict_array])
def test_array_api_arrays(convert: Any) -> None:
    ids = np.array([[0, 4, 4], [9, 9, 4]], np.int32)
    array = convert(ids)
    _maps.require_map(array, "ids")
    assert_statistics(ids, _maps.statistics(array))
    result = _maps.relabel(array, np.array([0, 4, 9]), np.array([0, 1, 2]))
    assert type(result) is type(array)
    assert np.from_dlpack(result).tolist() == [[0, 1, 1], [2, 2, 1]]
    assert _maps.equal(array, ids)
    with pytest.raises(TypeError, match="expected an integer"):
        _maps.require_map(convert(np.array([0.5])), "ids")


def test_values_are_not_wrapped_into_a_narrower_dtype() -> None:
    array = Narrow(np.array([0, 4], np.int32))
    with pytest.raises(TypeError, match=r"^ids: expected arrays that can hold int64, .* int32$"):
        _maps.relabel(array, np.array([0, 4]), np.array([0, 2**40]))


def test_equal() -> None:
    ids = np.array([[0, 1]], np.int32)
    assert _maps.equal(ids, ids.astype(np.uint8))
    assert not _maps.equal(ids, ids + 1)
    assert not _maps.equal(ids, ids[0])
    torch = pytest.importorskip("torch")
    assert _maps.equal(ids, torch.from_numpy(ids))
    with pytest.raises(ValueError, match="numpy int32 and torch int32 on meta"):
        _maps.equal(ids, torch.zeros((1, 2), dtype=torch.int32, device="meta"))
