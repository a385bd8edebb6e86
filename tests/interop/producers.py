"""Producers of DLPack that are not NumPy: capsules made by hand over host memory.

They can tell every lie that the protocol has room for, and they count what becomes of their memory.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

CPU, CUDA, CUDA_HOST, METAL, ROCM, CUDA_MANAGED = 1, 2, 3, 8, 10, 13
INT, UINT, FLOAT, OPAQUE, BFLOAT, COMPLEX, BOOL = range(7)
READ_ONLY, COPIED = 1, 2
CODES = {"i": INT, "u": UINT, "f": FLOAT, "c": COMPLEX, "b": BOOL}


class Device(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int32), ("id", ctypes.c_int32))


class DataType(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


class Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", Device),
        ("ndim", ctypes.c_int32),
        ("dtype", DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Managed(ctypes.Structure):
    _fields_ = (("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", Deleter))


class Version(ctypes.Structure):
    _fields_ = (("major", ctypes.c_uint32), ("minor", ctypes.c_uint32))


class ManagedVersioned(ctypes.Structure):
    _fields_ = (
        ("version", Version),
        ("context", ctypes.c_void_p),
        ("deleter", Deleter),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    )


# Capsules keep the pointers to their names.
NAME, NAME_VERSIONED = b"dltensor", b"dltensor_versioned"
Destructor = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, Destructor)
# The destructor's capsule has no references left, so it must stay an address.
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_IsValid", ctypes.pythonapi)
)
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(
    ("PyCapsule_GetName", ctypes.pythonapi)
)

TensorFromObject = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.POINTER(Tensor))
CurrentStream = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int32, ctypes.c_int32, ctypes.POINTER(ctypes.c_void_p)
)


class ExchangeApi(ctypes.Structure):
    """DLPack's table of C functions; those that nobody calls here are left out."""

    _fields_ = (
        ("version", Version),
        ("previous", ctypes.c_void_p),
        ("allocate", ctypes.c_void_p),
        ("managed_tensor_from_object", ctypes.c_void_p),
        ("object_from_managed_tensor", ctypes.c_void_p),
        ("tensor_from_object", TensorFromObject),
        ("current_stream", CurrentStream),
    )


EXCHANGE = b"dlpack_exchange_api"

_alive: dict[int, tuple[Any, ...]] = {}


@Destructor
def _destroy(capsule: int) -> None:
    """Free what no consumer has taken over, as the protocol asks of producers."""
    for name, kind in ((NAME, Managed), (NAME_VERSIONED, ManagedVersioned)):
        if _is_valid(capsule, name):
            address = _pointer(capsule, name)
            if deleter := kind.from_address(address).deleter:
                deleter(address)


def capsule_name(capsule: object) -> str:
    """Return a capsule's name, by which a consumer says that it has taken it over."""
    name = _name(capsule)
    assert name is not None
    return name.decode()


def make_capsule(
    array: np.ndarray,
    *,
    device: tuple[int, int] = (CPU, 0),
    versioned: bool = True,
    version: tuple[int, int] = (1, 1),
    flags: int = 0,
    borrowed: bool = False,
    edit: Callable[[Tensor], None] | None = None,
    on_delete: Callable[[], None] = lambda: None,
) -> Any:
    """Wrap an array's memory; `edit` may then spoil the tensor in place.

    Where `borrowed`, nobody is to be told that the memory is no longer in use.
    """
    managed = ManagedVersioned(Version(*version), flags=flags) if versioned else Managed()
    shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    strides = (ctypes.c_int64 * max(array.ndim, 1))(
        *(stride // array.itemsize for stride in array.strides)
    )
    tensor = managed.tensor
    tensor.data = array.__array_interface__["data"][0]
    tensor.device = Device(*device)
    tensor.ndim = array.ndim
    tensor.dtype = DataType(CODES[array.dtype.kind], 8 * array.itemsize, 1)
    tensor.shape = ctypes.cast(shape, ctypes.POINTER(ctypes.c_int64))
    tensor.strides = ctypes.cast(strides, ctypes.POINTER(ctypes.c_int64))
    if edit is not None:
        edit(tensor)

    def delete(address: int) -> None:
        del _alive[address]  # fails, and fails the test, if it is done twice
        on_delete()

    managed.deleter = Deleter() if borrowed else Deleter(delete)
    address = ctypes.addressof(managed)
    _alive[address] = (managed, managed.deleter, array, shape, strides)
    return _new(address, NAME_VERSIONED if versioned else NAME, _destroy)


class Producer:
    """An object that has DLPack and nothing else.

    Attributes
    ----------
    calls : list of dict
        The arguments of each call of ``__dlpack__``.
    deleted : int
        How many of the capsules' tensors have been given back.
    capsule : capsule or None
        The last one made, where `keep_capsule`.
    """

    def __init__(
        self,
        array: np.ndarray,
        *,
        device: tuple[int, int] = (CPU, 0),
        keep_capsule: bool = False,
        **options: Any,
    ) -> None:
        self._array = array
        self._device = device
        self._keep = keep_capsule
        self._options = {"device": device, "on_delete": self._count, **options}
        self.calls: list[dict[str, Any]] = []
        self.deleted = 0
        self.capsule: Any = None

    def _count(self) -> None:
        self.deleted += 1

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._device

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None) -> Any:
        self.calls.append({"stream": stream, "max_version": max_version})
        capsule = make_capsule(self._array, **self._options)
        if self._keep:
            self.capsule = capsule
        return capsule


class OldProducer(Producer):
    """One from before DLPack 1.0: no ``max_version``, capsules without a version."""

    def __init__(self, array: np.ndarray, **options: Any) -> None:
        super().__init__(array, versioned=False, **options)

    def __dlpack__(self, *, stream: Any = None) -> Any:  # type: ignore[override]
        return super().__dlpack__(stream=stream)


def make_exchange_api(
    lend: Callable[[Any], tuple[np.ndarray, tuple[int, int]]], streams: Callable[[int], int]
) -> tuple[Any, ExchangeApi]:
    """Return a capsule of C functions for a type, and the table, which must outlive it.

    `lend` gives an object's memory and device, `streams` a device's current stream.
    """

    def tensor_from_object(array: Any, out: Any) -> int:
        memory, device = lend(array)
        tensor = out.contents
        tensor.data = memory.__array_interface__["data"][0]
        tensor.device = Device(*device)
        tensor.ndim = memory.ndim
        tensor.dtype = DataType(CODES[memory.dtype.kind], 8 * memory.itemsize, 1)
        array.lengths = (ctypes.c_int64 * max(memory.ndim, 1))(*memory.shape)
        tensor.shape = ctypes.cast(array.lengths, ctypes.POINTER(ctypes.c_int64))
        return 0

    def current_stream(_: int, index: int, out: Any) -> int:
        out[0] = streams(index)
        return 0

    api = ExchangeApi(
        Version(1, 3),
        tensor_from_object=TensorFromObject(tensor_from_object),
        current_stream=CurrentStream(current_stream),
    )
    return _new(ctypes.addressof(api), EXCHANGE, Destructor()), api


def alive() -> int:
    """Count the tensors that have been made and not been given back."""
    return len(_alive)


def forget_borrowed() -> None:
    """Drop the tensors that nobody gives back."""
    for address in [address for address, (managed, *_) in _alive.items() if not managed.deleter]:
        del _alive[address]
