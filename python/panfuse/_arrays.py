"""Whose array is it? The door between the caller's array library and the kernels.

Libraries are recognised by ``sys.modules``, so nothing is imported for the user. The C++ side of
the door is ``cpp/bindings/array.h``.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

# DLPack's device numbers.
CPU, CUDA, CUDA_HOST, CUDA_MANAGED = 1, 2, 3, 13

Place = tuple[int, int]


class Library:
    """One array library on one device: how to make results the caller can use.

    Attributes
    ----------
    place : (int, int)
        DLPack's device type and index.
    stream : int
        The caller's current CUDA stream; 0 is the legacy default stream, or no stream on a CPU.
    must_wait : bool
        Whether results must be complete on return, because nobody knows the caller's stream, or
        when the memory of an argument is used again.
    """

    place: Place = (CPU, 0)
    stream: int = 0
    must_wait = False

    @property
    def kernel_side(self) -> Library | None:
        """What the kernels are handed: ``None`` lets them make NumPy arrays themselves."""
        return self

    def empty(self, n: int, dtype: str) -> Any:
        """Return a new array of one axis; `dtype` as NumPy spells it."""
        raise NotImplementedError

    def wrap(self, array: Any) -> Any:
        """Turn what the kernels filled into the caller's kind of array."""
        return array

    def shaped(self, array: Any, shape: tuple[int, ...]) -> Any:
        """Give what the kernels filled, which has one axis, its shape, and `wrap` it."""
        return self.wrap(array.reshape(shape))

    def viewed(self, array: Any, dtype: str) -> Any:
        """Take the bytes of an array that has one axis for elements of another dtype."""
        return array.view(dtype)


class _NumPy(Library):
    @property
    def kernel_side(self) -> None:
        return None


class _Torch(Library):
    def __init__(self, tensor: Any) -> None:
        self._torch = sys.modules["torch"]
        self._device = tensor.device
        if tensor.is_cuda:
            self.place = (CUDA, tensor.device.index)
            self._stream = self._torch.cuda.current_stream(tensor.device)  # kept alive
            self.stream = self._stream.cuda_stream

    def empty(self, n: int, dtype: str) -> Any:
        return self._torch.empty(n, dtype=getattr(self._torch, dtype), device=self._device)

    def viewed(self, array: Any, dtype: str) -> Any:
        return array.view(getattr(self._torch, dtype))


class _CuPy(Library):
    def __init__(self, array: Any) -> None:
        self._cupy = sys.modules["cupy"]
        self.place = (CUDA, array.device.id)
        with array.device:
            self._stream = self._cupy.cuda.get_current_stream()  # kept alive
            self.stream = self._stream.ptr

    def empty(self, n: int, dtype: str) -> Any:
        with self._cupy.cuda.Device(self.place[1]):
            return self._cupy.empty(n, dtype=dtype)


class _Jax(_NumPy):
    """JAX on the CPU. Its arrays are immutable, so it is given fresh ones.

    Without ``jax_enable_x64`` JAX would halve 64-bit results in silence. They are handed over under
    its switch for that, and stay what they are until the caller computes with them.
    """

    def __init__(self) -> None:
        self._from_dlpack = importlib.import_module("jax.dlpack").from_dlpack
        self._enable_x64: Any = getattr(sys.modules["jax"], "enable_x64", None)
        if self._enable_x64 is None:  # before JAX 0.8
            self._enable_x64 = importlib.import_module("jax.experimental").enable_x64

    def wrap(self, array: Any) -> Any:
        with self._enable_x64(True):
            return self._from_dlpack(array)


class _Other(Library):
    """Any other producer of DLPack; the array API's namespace is used where it has one."""

    def __init__(self, array: Any, place: Place) -> None:
        self._namespace = _namespace(array)
        self._device = getattr(array, "device", None)
        self.place = place
        self.must_wait = place[0] != CPU

    @property
    def kernel_side(self) -> Library | None:
        return None if self.place[0] == CPU else self

    def empty(self, n: int, dtype: str) -> Any:
        return self._namespace.empty(
            (n,), dtype=getattr(self._namespace, dtype), device=self._device
        )

    def wrap(self, array: Any) -> Any:
        if self.place[0] != CPU or self._namespace is None:
            return array
        result = self._namespace.from_dlpack(array)
        if self._device is not None and result.device != self._device:
            result = result.to_device(self._device)
        return result

    def shaped(self, array: Any, shape: tuple[int, ...]) -> Any:
        if self.place[0] == CPU:
            return self.wrap(array.reshape(shape))
        return self._namespace.reshape(array, shape)

    def viewed(self, array: Any, dtype: str) -> Any:
        raise TypeError(f"table: {type(array).__name__} cannot be viewed as {dtype}")


_NUMPY = _NumPy()


def take(**arrays: Any) -> tuple[Library, list[Any]]:
    """Recognise arrays of integers or bool that must lie on one device.

    Returns the first array's library, and the arrays, as something that the kernels take.

    Raises
    ------
    TypeError
        An argument is no array, or lies where no kernel can reach it.
    ValueError
        The arrays lie on two devices; the error names both.
    """
    return _take(arrays, "biu")


def take_numbers(**arrays: Any) -> tuple[Library, list[Any]]:
    """Do as `take`, for arrays that may also hold floats."""
    return _take(arrays, "biuf")


def take_floats(**arrays: Any) -> tuple[Library, list[Any]]:
    """Do as `take`, for arrays that may also hold floats, bfloat16 among them."""
    return _take(arrays, "biufV")


def shape_of(array: Any) -> tuple[int, ...]:
    """Return the shape of an array that `take` has recognised."""
    shape = getattr(array, "shape", None)
    if shape is None:  # a producer of DLPack and nothing else
        shape = np.from_dlpack(array).shape
    return tuple(int(length) for length in shape)


def check_output(array: Any, name: str) -> None:
    """Raise TypeError for an array that nobody may write to."""
    if _is_a(array, sys.modules.get("jax"), "Array"):
        raise TypeError(f"{name}: expected an array to write to, but JAX's are immutable")


def _take(arrays: dict[str, Any], kinds: str) -> tuple[Library, list[Any]]:
    if all(type(array) is np.ndarray for array in arrays.values()):
        return _NUMPY, list(arrays.values())
    taken = {name: _recognise(array, name, kinds) for name, array in arrays.items()}
    (first, (library, _)), *others = taken.items()
    for name, (other, _) in others:
        if _memory(other.place) != _memory(library.place):
            raise ValueError(
                f"{first} and {name} must lie on one device, but {first} is on "
                f"{_device_text(library.place)} and {name} on {_device_text(other.place)}"
            )
        if other.must_wait:
            library.must_wait = True
    return library, [array for _, array in taken.values()]


def imported_libraries() -> dict[str, str]:
    """Return the versions of the array libraries that the caller has imported."""
    return {
        name: getattr(sys.modules[name], "__version__", "unknown version")
        for name in ("torch", "cupy", "jax")
        if name in sys.modules
    }


def _recognise(array: Any, name: str, kinds: str) -> tuple[Library, Any]:
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name}: a masked array's mask has no meaning here; use .filled(0)")
    if isinstance(array, (np.ndarray, np.generic)):
        return _NUMPY, np.asarray(array)
    torch = sys.modules.get("torch")
    if _is_a(array, torch, "Tensor"):
        return _torch_library(torch, array, name), array.detach()
    cupy = sys.modules.get("cupy")
    if _is_a(array, cupy, "ndarray"):
        return _CuPy(array), array
    jax = sys.modules.get("jax")
    if _is_a(array, jax, "Array"):
        _check_jax(array, name, kinds)
        return _Jax(), array
    if hasattr(array, "__dlpack__"):
        return _dlpack_library(array, name), array
    if hasattr(array, "__cuda_array_interface__"):
        return _adopt_cuda_interface(array, name)
    return _NUMPY, _from_buffer(array, name)


def _from_buffer(array: Any, name: str) -> Any:
    try:
        view = memoryview(array)
    except TypeError:
        raise TypeError(
            f"{name}: expected an array (NumPy, torch, CuPy, JAX, or anything "
            f"with DLPack or the buffer protocol), got {type(array).__name__}"
        ) from None
    except (BufferError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from error
    try:
        return np.asarray(view)
    except ValueError:
        raise TypeError(
            f"{name}: expected integers or bool, got a buffer of format {view.format!r}"
        ) from None


def _is_a(array: Any, library: Any, name: str) -> bool:
    # A library that another thread is importing has no array type yet, and so no arrays.
    return isinstance(array, getattr(library, name, ()))


def _torch_library(torch: Any, tensor: Any, name: str) -> Library:
    if tensor.device.type not in ("cpu", "cuda"):
        raise TypeError(f"{name}: expected a tensor on cpu or cuda, got one on {tensor.device}")
    if tensor.layout != torch.strided:
        raise TypeError(f"{name}: expected a strided tensor, got layout {tensor.layout}")
    return _Torch(tensor)


def _check_jax(array: Any, name: str, kinds: str) -> None:
    try:
        devices = array.devices()
    except TypeError as error:
        raise TypeError(
            f"{name}: a traced JAX array has no values yet; call outside jit"
        ) from error
    except RuntimeError as error:  # deleted, or given away by donation
        raise ValueError(f"{name}: {error}") from error
    # JAX's random keys are of no kind, and bfloat16 of the one that also small integers are of.
    kind = getattr(array.dtype, "kind", None)
    if kind not in tuple(kinds) or (kind == "V" and str(array.dtype) != "bfloat16"):
        wanted = "integers, floats or bool" if "f" in kinds else "integers or bool"
        raise TypeError(f"{name}: expected {wanted}, got {array.dtype}")
    if len(devices) != 1 or next(iter(devices)).platform != "cpu":
        raise TypeError(
            f"{name}: JAX arrays are taken on one CPU device only, got {sorted(map(str, devices))}"
        )


def _dlpack_library(array: Any, name: str) -> Library:
    if isinstance(array, type):
        raise TypeError(f"{name}: expected an array, got the type {array.__name__}")
    if not hasattr(array, "__dlpack_device__"):
        raise TypeError(f"{name}: {type(array).__name__} has __dlpack__ but no __dlpack_device__")
    device = array.__dlpack_device__()
    try:
        kind, index = (int(number) for number in device)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name}: expected two integers from {type(array).__name__}.__dlpack_device__, "
            f"got {device!r}"
        ) from None
    if kind == CUDA_HOST:
        kind, index = CPU, 0
    if kind not in (CPU, CUDA, CUDA_MANAGED):
        raise TypeError(
            f"{name}: expected an array on a CPU or a CUDA device, got DLPack device "
            f"({kind}, {index})"
        )
    library = _Other(array, (kind, index))
    if kind != CPU and _namespace(array) is None:
        raise TypeError(
            f"{name}: {type(array).__name__} has no __array_namespace__, so no results can be made "
            "for it; pass cupy.from_dlpack(x) or torch.from_dlpack(x)"
        )
    return library


def _adopt_cuda_interface(array: Any, name: str) -> tuple[Library, Any]:
    """View a device array that knows nothing newer through the caller's CuPy or torch."""
    library: Library
    if (cupy := sys.modules.get("cupy")) is not None:
        view = cupy.asarray(array)  # waits for the stream that the interface names
        library = _CuPy(view)
    elif (torch := sys.modules.get("torch")) is not None:
        view = torch.as_tensor(array, device="cuda")
        interface = array.__cuda_array_interface__
        if view.numel() > 0 and view.data_ptr() != interface["data"][0]:
            raise ValueError(
                f"{name}: expected an array on torch's current device, {view.device}, which torch "
                "would have to copy this one to; call under torch.cuda.device"
            )
        if interface.get("stream") is not None:
            _wait_for(torch, interface["stream"], view.device)
        library = _Torch(view)
    else:
        raise TypeError(
            f"{name}: {type(array).__name__} has only __cuda_array_interface__, so no results can "
            "be made for it; import cupy or torch"
        )
    library.must_wait = True  # whoever owns the memory may reuse it as soon as the call returns
    return library, view


def _wait_for(torch: Any, stream: int, device: Any) -> None:
    """Let torch's current stream wait for one that CUDA's array interface names."""
    legacy_default = 1  # which torch would take for a stream of its own
    producer = (
        torch.cuda.default_stream(device)
        if stream == legacy_default
        else torch.cuda.ExternalStream(stream, device=device)
    )
    torch.cuda.current_stream(device).wait_stream(producer)


def _namespace(array: Any) -> Any:
    namespace = getattr(array, "__array_namespace__", None)
    return None if namespace is None else namespace()


def _memory(place: Place) -> Place:
    return (CPU, 0) if place[0] in (CPU, CUDA_HOST) else (CUDA, place[1])


def _device_text(place: Place) -> str:
    return "the CPU" if _memory(place)[0] == CPU else f"CUDA device {place[1]}"
