"""The per-pixel work of the data model, in the caller's array library and on its device.

Segments are a few rows on the host; a map has millions of pixels wherever the caller keeps it.
Everything that reads or writes pixels for `Panoptic` and `Categories` goes through this module.
Host arrays of any library are viewed as NumPy arrays without a copy and walked per run of equal
values; torch and CuPy arrays on a device are walked there, with one synchronisation a call because
the number of labels depends on the data.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from types import ModuleType

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_INT32_MAX = 2**31 - 1
_DLPACK_CPU = 1


def require_map(array: Any, name: str) -> None:
    """Raise unless `array` is an integer map of a known array library, of rank 1 or more."""
    expected = "an integer NumPy, torch, CuPy or array-API array"
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name}: expected {expected}, got a masked array; fill it first")
    if isinstance(array, np.ndarray):
        if not array.dtype.isnative:
            raise TypeError(f"{name}: expected native byte order, got dtype {array.dtype.str}")
        integer = array.dtype.kind in "iu"
    elif (torch := _torch_of(array)) is not None:
        dtype = array.dtype
        integer = not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)
    elif hasattr(array, "__array_namespace__") and hasattr(array, "__dlpack_device__"):
        integer = array.__array_namespace__().isdtype(array.dtype, "integral")
        if not _is_cupy(array) and array.__dlpack_device__()[0] != _DLPACK_CPU:
            raise TypeError(f"{name}: expected {expected}, got {_type(array)} on a device")
    else:
        raise TypeError(f"{name}: expected {expected}, got {_type(array)}")
    if not integer:
        raise TypeError(f"{name}: expected {expected}, got dtype {array.dtype}")
    if len(array.shape) == 0:
        raise ValueError(f"{name}: expected a map of rank 1 or more, got a 0-d array")
    if max(array.shape) > _INT32_MAX:
        raise ValueError(f"{name}: expected axes below 2**31, got shape {tuple(array.shape)}")


def statistics(ids: Any, name: str = "ids") -> tuple[Int64, Int64, Int32]:
    """Count the labels of a map, background included.

    Parameters
    ----------
    ids : integer array of rank R, checked by `require_map`
    name : str
        What errors call the map.

    Returns
    -------
    labels : int64 (N,), ascending
    areas : int64 (N,)
        Pixels of each label.
    boxes : int32 (N, 2 * R)
        The smallest index along each axis, last axis first, then the extents in the same order:
        (x, y, w, h) for a 2-D map.

    Raises
    ------
    ValueError
        If a label does not fit int64.
    """
    rank = len(ids.shape)
    if 0 in ids.shape:
        empty = np.zeros(0, np.int64)
        return empty, empty.copy(), np.zeros((0, 2 * rank), np.int32)
    host = _host_view(ids)
    if host is not None:
        labels, areas, start, stop = _statistics(np, host, name)
    elif (torch := _torch_of(ids)) is not None:
        columns = _statistics_torch(torch, ids, name)
        labels, areas, start, stop = (column.cpu().numpy() for column in columns)
    else:
        cupy = sys.modules["cupy"]
        labels, areas, start, stop = (
            cupy.asnumpy(column) for column in _statistics(cupy, ids, name)
        )
    boxes = np.concatenate([start[:, ::-1], (stop - start)[:, ::-1]], axis=1)
    return labels, areas, boxes.astype(np.int32)


def relabel(ids: Any, keys: Int64, values: npt.NDArray[Any], name: str = "ids") -> Any:
    """Replace every label by the value of its key.

    Parameters
    ----------
    ids : integer array of any rank, checked by `require_map`
    keys : int64 (K,), strictly ascending, on the host
    values : integer (K,) or, for a map on the host or of CuPy, (K, C), on the host
        Its dtype is the result's, which has one more axis for the C values of a key.
    name : str
        What errors call the map.

    Returns
    -------
    array of the library, device and shape of `ids`

    Raises
    ------
    KeyError
        With the smallest label that is no key.
    ValueError
        If a label does not fit int64.
    TypeError
        If the library of `ids` cannot hold the values.
    """
    host = _host_view(ids)
    if host is not None:
        return _like(_relabel(np, host, keys, values, name), ids, name)
    if (torch := _torch_of(ids)) is not None:
        return _relabel_torch(torch, ids, keys, values, name)
    cupy = sys.modules["cupy"]
    return _relabel(cupy, ids, cupy.asarray(keys), cupy.asarray(values), name)


def equal(a: Any, b: Any) -> bool:
    """Tell whether two maps hold the same values in the same shape, whatever their integer dtypes.

    Raises
    ------
    ValueError
        If the maps are on different devices, since comparing them would copy one.
    """
    if tuple(a.shape) != tuple(b.shape):
        return False
    host_a, host_b = _host_view(a), _host_view(b)
    if host_a is not None and host_b is not None:
        return bool(np.array_equal(host_a, host_b))
    if type(a) is not type(b) or a.device != b.device:
        raise ValueError(
            f"ids: expected two maps on one device, got {describe(a)} and {describe(b)}"
        )
    return bool((a == b).all())


def dtype_of(ids: Any) -> np.dtype[Any]:
    """Translate the dtype of a map to NumPy's."""
    return np.dtype(str(ids.dtype).rsplit(".", 1)[-1])


def describe(ids: Any) -> str:
    """Name the library, dtype and, off the host, device: ``"torch int32 on cuda:0"``."""
    text = f"{type(ids).__module__.split('.', 1)[0]} {dtype_of(ids)}"
    return text if _host_view(ids) is not None else f"{text} on {ids.device}"


def _type(array: Any) -> str:
    return f"{type(array).__module__}.{type(array).__qualname__}"


def _torch_of(array: Any) -> ModuleType | None:
    torch = sys.modules.get("torch")
    return torch if torch is not None and isinstance(array, torch.Tensor) else None


def _is_cupy(array: Any) -> bool:
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(array, cupy.ndarray)


def _host_view(array: Any) -> npt.NDArray[Any] | None:
    """View `array` as a NumPy array over the same memory, or None where it is on a device."""
    if isinstance(array, np.ndarray):
        return array
    if _torch_of(array) is not None:
        return np.asarray(array.detach().numpy()) if array.device.type == "cpu" else None
    return None if _is_cupy(array) else np.from_dlpack(array)


def _like(result: npt.NDArray[Any], array: Any, name: str) -> Any:
    """Hand a host result to the library of `array`, over the same memory."""
    if isinstance(array, np.ndarray):
        return result
    if (torch := _torch_of(array)) is not None:
        return torch.from_numpy(result)
    converted = array.__array_namespace__().from_dlpack(result)
    # JAX without jax_enable_x64 gives int32 for int64, and wraps values that do not fit.
    if dtype_of(converted) != result.dtype and not np.array_equal(
        np.from_dlpack(converted), result
    ):
        raise TypeError(
            f"{name}: expected arrays that can hold {result.dtype}, got {_type(array)}, "
            f"which made it {dtype_of(converted)}"
        )
    return converted


def _as_int64(xp: ModuleType, labels: Any, name: str) -> Any:
    if labels.dtype == np.uint64 and labels.size and int(labels.max()) > np.iinfo(np.int64).max:
        raise ValueError(f"{name}: expected labels below 2**63, got {int(labels.max())}")
    return labels.astype(xp.int64)


def _run_mask(xp: ModuleType, flat: Any, width: int) -> Any:
    """Mark where a run of equal values starts; a row of `width` pixels always starts one."""
    starts = xp.empty(flat.size, dtype=bool)
    xp.not_equal(flat[1:], flat[:-1], out=starts[1:])
    starts[::width] = True
    return starts


def _statistics(xp: ModuleType, ids: Any, name: str) -> tuple[Any, Any, Any, Any]:
    """Labels, areas, and per axis the first index and one past the last. For NumPy and CuPy."""
    shape = ids.shape
    flat = ids.reshape(-1)
    first = xp.flatnonzero(_run_mask(xp, flat, shape[-1]))
    length = xp.diff(first, append=xp.asarray([flat.size]))
    labels, row = xp.unique(_as_int64(xp, flat[first], name), return_inverse=True)
    areas = xp.zeros(labels.size, xp.int64)
    xp.add.at(areas, row, length)
    start = xp.empty((labels.size, len(shape)), xp.int64)
    stop = xp.empty_like(start)
    for axis in range(len(shape) - 1, -1, -1):
        low = first % shape[axis]
        first = first // shape[axis]
        axis_start = xp.full(labels.size, shape[axis], xp.int64)
        axis_stop = xp.zeros(labels.size, xp.int64)
        xp.minimum.at(axis_start, row, low)
        xp.maximum.at(axis_stop, row, low + (length if axis == len(shape) - 1 else 1))
        start[:, axis] = axis_start
        stop[:, axis] = axis_stop
    return labels, areas, start, stop


def _relabel(xp: ModuleType, ids: Any, keys: Any, values: Any, name: str) -> Any:
    """For NumPy and CuPy. The keys are looked up once a run."""
    if ids.size == 0:
        return xp.empty(ids.shape + values.shape[1:], values.dtype)
    flat = ids.reshape(-1)
    mask = _run_mask(xp, flat, flat.size)
    first = xp.flatnonzero(mask)
    labels = _as_int64(xp, flat[first], name)
    if keys.size == 0:
        raise KeyError(int(labels.min()))
    position = xp.minimum(xp.searchsorted(keys, labels), keys.size - 1)
    missing = labels[keys[position] != labels]
    if missing.size:
        raise KeyError(int(missing.min()))
    if xp is np:
        length = np.diff(first, append=flat.size)
        return np.repeat(values[position], length, axis=0).reshape(ids.shape + values.shape[1:])
    # CuPy's repeat takes its counts from the host only; the run index does the same on the device.
    painted = values[position][xp.cumsum(mask, dtype=xp.int64) - 1]
    return painted.reshape(ids.shape + values.shape[1:])


def _as_int64_torch(torch: ModuleType, flat: Any, name: str) -> Any:
    labels = flat.to(torch.int64)
    if flat.dtype == torch.uint64 and bool((labels < 0).any()):
        wrapped = int(labels[labels < 0].max()) + 2**64
        raise ValueError(f"{name}: expected labels below 2**63, got {wrapped}")
    return labels


def _statistics_torch(torch: ModuleType, ids: Any, name: str) -> tuple[Any, Any, Any, Any]:
    shape = tuple(ids.shape)
    flat = ids.reshape(-1)
    mask = torch.empty(flat.shape, dtype=torch.bool, device=flat.device)
    mask[1:] = flat[1:] != flat[:-1]
    mask[:: shape[-1]] = True
    first = mask.nonzero().squeeze(1)
    length = torch.diff(first, append=first.new_full((1,), flat.numel()))
    labels, row = torch.unique(_as_int64_torch(torch, flat[first], name), return_inverse=True)
    areas = torch.zeros_like(labels).index_add_(0, row, length)
    starts, stops = [], []
    for axis in range(len(shape) - 1, -1, -1):
        low = first % shape[axis]
        first = first // shape[axis]
        high = low + (length if axis == len(shape) - 1 else 1)
        axis_start = torch.full_like(labels, shape[axis])
        starts.append(axis_start.scatter_reduce_(0, row, low, "amin"))
        stops.append(torch.zeros_like(labels).scatter_reduce_(0, row, high, "amax"))
    return labels, areas, torch.stack(starts[::-1], 1), torch.stack(stops[::-1], 1)


def _relabel_torch(
    torch: ModuleType, ids: Any, keys: Int64, values: npt.NDArray[Any], name: str
) -> Any:
    device_keys = torch.tensor(keys, device=ids.device)
    device_values = torch.tensor(values, device=ids.device)
    if ids.numel() == 0:
        return device_values.new_empty(tuple(ids.shape))
    flat = ids.reshape(-1)
    labels, run = torch.unique_consecutive(_as_int64_torch(torch, flat, name), return_inverse=True)
    if keys.size == 0:
        raise KeyError(int(labels.min()))
    position = torch.searchsorted(device_keys, labels).clamp_(max=keys.size - 1)
    missing = labels[device_keys[position] != labels]
    if missing.numel():
        raise KeyError(int(missing.min()))
    return device_values[position][run].reshape(ids.shape)
