"""Array libraries whose arrays say that they lie on CUDA devices, and lie in host memory.

The emulated kernels serve them. Nothing here can be read as a host array, so a hidden copy fails.
"""

from __future__ import annotations

import copy
import math
import types
import weakref
from typing import Any, NamedTuple

import numpy as np

from tests.interop import producers
from tests.interop.tables import DTYPES


class Log:
    """What was asked of a library, in order.

    Attributes
    ----------
    streams : list of (device index, stream)
        The stream of each ``__dlpack__``.
    allocations : list of (device index, dtype, elements)
        Of each ``empty``.
    events : list of str
        "lend", "return", "empty", "free", and what tests add.
    """

    def __init__(self) -> None:
        self.streams: list[tuple[int, Any]] = []
        self.allocations: list[tuple[int, str, int]] = []
        self.events: list[str] = []
        self.made: weakref.WeakSet[DeviceArray] = weakref.WeakSet()


class DeviceArray:
    """An array on a device: DLPack, a shape, a dtype, and no way to the host but `to_host`."""

    def __init__(self, memory: np.ndarray, place: tuple[int, int], log: Log) -> None:
        self._memory = memory
        self.place = place
        self.log = log

    @property
    def shape(self) -> tuple[int, ...]:
        return self._memory.shape

    @property
    def dtype(self) -> str:
        return self._memory.dtype.name

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.place

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None) -> Any:
        self.log.streams.append((self.place[1], stream))
        self.log.events.append("lend")
        return producers.make_capsule(
            self._memory, device=self.place, on_delete=lambda: self.log.events.append("return")
        )

    def __getitem__(self, rows: slice) -> DeviceArray:
        part = copy.copy(self)
        part._memory = self._memory[rows]
        self.log.made.add(part)
        return part

    def to_host(self) -> np.ndarray:
        return self._memory


class DeviceLibrary(Log):
    """An array API namespace."""

    def __init__(self) -> None:
        super().__init__()
        for name in (*DTYPES, "float64"):
            setattr(self, name, name)

    def put(self, array: np.ndarray, index: int = 0, kind: int = producers.CUDA) -> NamespacedArray:
        """Put an array on a device."""
        return NamespacedArray(array, (kind, index), self)

    def empty(self, shape: tuple[int, ...], *, dtype: str, device: Any) -> NamespacedArray:
        """Return an array full of rubbish."""
        memory = np.full(shape, -1, dtype="int8").astype(dtype)
        self.allocations.append((device[1], dtype, math.prod(shape)))
        self.events.append("empty")
        array = NamespacedArray(memory, device, self)
        weakref.finalize(array, self.events.append, "free")
        self.made.add(array)
        return array

    def reshape(self, array: NamespacedArray, shape: tuple[int, ...]) -> NamespacedArray:
        """Return a view of another shape."""
        view = copy.copy(array)
        view._memory = array._memory.reshape(shape)
        self.made.add(view)
        return view


class NamespacedArray(DeviceArray):
    """An array of a `DeviceLibrary`."""

    log: DeviceLibrary

    @property
    def device(self) -> tuple[int, int]:
        return self.place

    def __array_namespace__(self, *, api_version: str | None = None) -> DeviceLibrary:
        return self.log


class DeviceMemory(NamedTuple):
    """An address by CUDA's array interface alone, as Numba or PyCUDA hand it out."""

    memory: np.ndarray
    index: int

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.memory.shape,
            "typestr": self.memory.dtype.str,
            "data": (self.memory.__array_interface__["data"][0], False),
            "version": 3,
        }


class CupyDevice:
    """``cupy.cuda.Device``: a context in which it is the current one."""

    def __init__(self, index: int, cupy: FakeCupy) -> None:
        self.id = index
        self._cupy = cupy
        self._before: list[int] = []

    def __enter__(self) -> CupyDevice:
        self._before.append(self._cupy.current)
        self._cupy.current = self.id
        return self

    def __exit__(self, *_: object) -> None:
        self._cupy.current = self._before.pop()


class FakeCupy(types.ModuleType):
    """As much of CuPy as the door uses; each device has a current stream of its own."""

    def __init__(self, streams: dict[int, int]) -> None:
        super().__init__("cupy")
        self.log = Log()
        self.current = 0
        cupy = self

        class ndarray(DeviceArray):  # noqa: N801
            def __init__(self, memory: np.ndarray, index: int) -> None:
                super().__init__(memory, (producers.CUDA, index), cupy.log)

            @property
            def device(self) -> CupyDevice:
                return CupyDevice(self.place[1], cupy)

        def get_current_stream() -> types.SimpleNamespace:
            return types.SimpleNamespace(ptr=streams[cupy.current])

        self.ndarray = ndarray
        self.cuda = types.SimpleNamespace(
            get_current_stream=get_current_stream, Device=lambda index: CupyDevice(index, cupy)
        )

    def empty(self, shape: int, dtype: str) -> Any:
        """Allocate on the current device."""
        self.log.allocations.append((self.current, dtype, shape))
        array = self.ndarray(np.full(shape, -1, dtype="int8").astype(dtype), self.current)
        self.log.made.add(array)
        return array

    def asarray(self, memory: DeviceMemory) -> Any:
        """View device memory, on the device where it lies."""
        return self.ndarray(memory.memory, memory.index)
