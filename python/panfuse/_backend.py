"""Which module serves an array: `_cpu`, `_cuda`, or `_cuda_emulated` in the tests."""

from __future__ import annotations

import importlib
import platform
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from panfuse import _cpu
from panfuse._arrays import CPU, Library, imported_libraries

if TYPE_CHECKING:
    from types import ModuleType

NAMES = ("cpu", "cuda", "emulated")


class Backend(NamedTuple):
    """One set of kernels: whether it can run here, and what it is or why it cannot."""

    available: bool
    detail: str


def kernels(library: Library) -> Any:
    """Return the module whose kernels reach the arrays of `library`."""
    forced = _cpu.forced_backend()
    if forced not in ("", *NAMES):
        raise ValueError(f"PANFUSE_BACKEND: expected one of {', '.join(NAMES)}, got {forced!r}")
    if forced == "emulated":
        return _need("emulated")
    if library.place[0] == CPU:
        if forced == "cuda":
            raise ValueError("PANFUSE_BACKEND=cuda, but the arrays are on the CPU")
        return _cpu
    if forced == "cpu":
        raise ValueError("PANFUSE_BACKEND=cpu, but the arrays are on a CUDA device")
    return _need("cuda")


def cpu(library: Library | None = None, argument: str = "") -> Any:
    """Return the CPU's kernels, for an op that has no others; `argument` is what must lie there."""
    if library is not None and library.place[0] != CPU:
        raise ValueError(f"{argument}: expected an array on the CPU, got one on a CUDA device")
    return _cpu


def is_device(module: Any) -> bool:
    """Tell whether kernels are CUDA's, whose results the host has not read yet."""
    return module is not _cpu


def backends() -> dict[str, Backend]:
    """Say which kernels can run here, and why the others cannot.

    Returns
    -------
    dict of str to Backend
        ``cpu``, ``cuda`` and ``emulated`` (the CUDA kernels on a CPU, for tests), each with the
        fields ``available`` and ``detail``.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.backends()["cpu"].available
    True
    """
    cpu = Backend(True, f"{_cpu.isa_current()} (of {', '.join(_cpu.isa_available())})")
    return {"cpu": cpu, "cuda": _state("cuda"), "emulated": _state("emulated")}


def show_config() -> None:
    """Print versions, instruction sets, CUDA architectures and what can run here.

    Examples
    --------
    >>> import panfuse as pf
    >>> pf.show_config()  # doctest: +ELLIPSIS
    panfuse ...
    """
    lines = {
        "panfuse": _cpu.version,
        "Python": f"{platform.python_version()} on {platform.platform()}",
        "NumPy": np.__version__,
        "compiler": _cpu.compiler,
        "PNG compression": _cpu.png.codec,
        **{name: _describe(backend) for name, backend in backends().items()},
        **imported_libraries(),
    }
    width = max(map(len, lines))
    for name, text in lines.items():
        print(f"{name:<{width}}  {text}")


def _describe(backend: Backend) -> str:
    return backend.detail if backend.available else f"not available: {backend.detail}"


_MODULES = {"cuda": "panfuse._cuda", "emulated": "panfuse._cuda_emulated"}
_NOT_BUILT = {
    "cuda": "panfuse was built without CUDA (no nvcc was found, or PANFUSE_CUDA=OFF)",
    "emulated": "panfuse was built without PANFUSE_EMULATED=ON",
}


@cache
def _load(name: str) -> ModuleType | str:
    """Import a module of kernels, or say why it cannot run."""
    try:
        module = importlib.import_module(_MODULES[name])
    except ModuleNotFoundError:
        return _NOT_BUILT[name]
    except ImportError as error:
        return str(error)
    reason: str = module.why_not()
    return reason or module


def _state(name: str) -> Backend:
    module = _load(name)
    if isinstance(module, str):
        return Backend(False, module)
    return Backend(True, module.description())


def _need(name: str) -> Any:
    module = _load(name)
    if isinstance(module, str):
        raise RuntimeError(f"the arrays need the {name} kernels: {module}")
    return module
