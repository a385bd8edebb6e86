"""CuPy and torch on a GPU, spelled alike."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# A tenth of a second and more; calls take some tens of microseconds.
DELAY_CYCLES = 400_000_000

SPIN = r"""
extern "C" __global__ void spin(long long cycles) {
    const long long begin = clock64();
    while (clock64() - begin < cycles) {}
}
"""


class CuPy:
    """What the tests ask of CuPy; work goes to its current stream, which `using` sets."""

    name = "cupy"

    def __init__(self) -> None:
        self.module = pytest.importorskip("cupy")

    def put(self, array: np.ndarray) -> Any:
        return self.module.asarray(array)

    def get(self, array: Any) -> np.ndarray:
        return array.get()

    def owns(self, array: Any) -> bool:
        return isinstance(array, self.module.ndarray)

    def fill(self, target: Any, source: Any) -> None:
        target[...] = source

    def address(self, array: Any) -> int:
        return array.data.ptr

    def stream(self) -> Any:
        """Make a stream that neither waits for the default stream nor is waited for."""
        return self.module.cuda.Stream(non_blocking=True)

    def using(self, stream: Any) -> AbstractContextManager[Any]:
        return stream

    def handle(self, stream: Any) -> int:
        return stream.ptr

    def delay(self) -> None:
        """Keep the current stream busy."""
        _spin()((1,), (1,), (np.int64(DELAY_CYCLES),))

    def mark(self) -> Any:
        """Record an event in the current stream."""
        return self.module.cuda.get_current_stream().record()

    def reached(self, mark: Any) -> bool:
        return mark.done

    def idle(self, stream: Any) -> bool:
        return stream.done

    def synchronize(self) -> None:
        """Wait for the whole device."""
        self.module.cuda.Device().synchronize()

    def device_count(self) -> int:
        return self.module.cuda.runtime.getDeviceCount()

    def current_device(self) -> int:
        return self.module.cuda.runtime.getDevice()

    def on_device(self, index: int) -> AbstractContextManager[Any]:
        return self.module.cuda.Device(index)

    def device_of(self, array: Any) -> int:
        return array.device.id


class Torch:
    """The same of torch."""

    name = "torch"

    def __init__(self) -> None:
        self.module = pytest.importorskip("torch")
        if not self.module.cuda.is_available():
            pytest.skip("torch sees no GPU")

    def put(self, array: np.ndarray) -> Any:
        return self.module.from_numpy(array).cuda()

    def get(self, array: Any) -> np.ndarray:
        return array.cpu().numpy()

    def owns(self, array: Any) -> bool:
        return isinstance(array, self.module.Tensor) and array.is_cuda

    def fill(self, target: Any, source: Any) -> None:
        target.copy_(source)

    def address(self, array: Any) -> int:
        return array.data_ptr()

    def stream(self) -> Any:
        return self.module.cuda.Stream()  # torch makes all of its streams non-blocking

    def using(self, stream: Any) -> AbstractContextManager[Any]:
        return self.module.cuda.stream(stream)

    def handle(self, stream: Any) -> int:
        return stream.cuda_stream

    def delay(self) -> None:
        self.module.cuda._sleep(DELAY_CYCLES)

    def mark(self) -> Any:
        event = self.module.cuda.Event()
        event.record()
        return event

    def reached(self, mark: Any) -> bool:
        return mark.query()

    def idle(self, stream: Any) -> bool:
        return stream.query()

    def synchronize(self) -> None:
        self.module.cuda.synchronize()

    def device_count(self) -> int:
        return self.module.cuda.device_count()

    def current_device(self) -> int:
        return self.module.cuda.current_device()

    def on_device(self, index: int) -> AbstractContextManager[Any]:
        return self.module.cuda.device(index)

    def device_of(self, array: Any) -> int:
        return array.device.index


LIBRARIES = {"cupy": CuPy, "torch": Torch}


class OnlyAnAddress:
    """Device memory as Numba or PyCUDA hand it out: by CUDA's array interface, version 3."""

    def __init__(self, array: Any, address: int, typestr: str, stream: int | None) -> None:
        self._owner = array
        self.__cuda_array_interface__ = {
            "shape": tuple(array.shape),
            "typestr": typestr,
            "data": (address, False),
            "version": 3,
            "stream": stream,
        }


@cache
def _spin() -> Any:
    return pytest.importorskip("cupy").RawKernel(SPIN, "spin")
