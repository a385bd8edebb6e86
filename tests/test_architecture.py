"""The dependency rules of the house hold, and each rule catches a breach planted in a copy."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("cpp", "cuda", "python")
MOST_LINES = 450

# Rooms that one room's ops are defined by, beside runs and support.
ROOM_PAIRS = {"evaluation": {"png", "matching"}, "fusion": {"labeling", "rle"}}

CUDA_HEADER = re.compile(r"cuda\w*\.h|device_\w+\.h|cub/|thrust/|cuda/|cooperative_groups|nv\w+\.h")
DLPACK = re.compile(r"dlpack|\bDL[A-Z]\w+|dltensor", re.IGNORECASE)
ISA_UNIT = re.compile(r"_(baseline|avx2|avx512|neon)\.cpp$")
# Intrinsics, the header of the tables, and text that goes into the unit's unnamed namespace.
ISA_INCLUDE = re.compile(r"\w+mmintrin\.h|immintrin\.h|arm_neon\.h|\w+/\w+_tables\.h|\w+/\w+\.inc")
ISA_TABLE = re.compile(r"const \w+& \w+_(baseline|avx2|avx512|neon)?\w*\(\) \{ return \w+; \}")

FRAMEWORKS = {"cupy", "cupyx", "jax", "jaxlib", "tensorflow", "torch", "torchvision"}
# _maps.py walks maps that lie on a device in the caller's library: no kernel does that yet.
FRAMEWORK_FILES = ("_arrays.py", "_maps.py", "integrations/")
KERNEL_MODULES = {"_cpu", "_cuda", "_cuda_emulated"}
KERNEL_FILES = ("__init__.py", "_backend.py")
PUBLIC_USERS = {"formats", "metrics", "qa", "targets", "distributed", "report", "cli"}
# What a module may import when it is imported itself: its own height and below. The rooms, the
# data model and their helpers are the rest; the package's public names stand above them.
HEIGHTS = {"errors": 0, "_arrays": 0, "_checks": 0, "_cpu": 0, "_backend": 1}
HEIGHTS |= {"panfuse": 3, "report": 5, "cli": 6}
HEIGHTS |= dict.fromkeys(
    ("scenes", "formats", "metrics", "qa", "targets", "distributed", "integrations"), 4
)
REST = 2

# Public functions without an example, and why.
NO_EXAMPLE = {"cli.main": "it runs the command line and exits"}


def sources(root: Path, *suffixes: str) -> Iterator[tuple[str, str]]:
    """Paths from the root, with '/', and texts."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and "build" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def cpp_sources(root: Path) -> Iterator[tuple[str, str]]:
    return sources(root, ".h", ".cpp", ".inc", ".cu", ".cuh")


def includes(text: str) -> list[tuple[str, bool]]:
    """What is included, and whether in angle brackets."""
    found = re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text, re.MULTILINE)
    return [(name, bracket == "<") for bracket, name in found]


def parts(path: str) -> tuple[str, str]:
    """The tree and the room of a C++ file."""
    tree, room, *_ = path.split("/")
    return tree, room


def foreign_headers(root: Path) -> Iterator[str]:
    """pybind11 and Python.h only in bindings/, CUDA only in cuda/, CUB and launches in one file."""
    for path, text in cpp_sources(root):
        tree, room = parts(path)
        for name, _ in includes(text):
            if re.match(r"pybind11/|Python\.h", name) and room != "bindings":
                yield f"{path}: includes {name} outside of bindings/"
            if tree == "cpp" and CUDA_HEADER.match(name):
                yield f"{path}: includes {name} in cpp/"
            if name.startswith(("cub/", "thrust/")) and path != "cuda/support/primitives.cu":
                yield f"{path}: includes {name} outside of cuda/support/primitives.cu"
        if "<<<" in text:
            yield f"{path}: launches a kernel without launch()"


def rooms(root: Path) -> Iterator[str]:
    """A room includes runs, support and itself; the rooms of cuda/ also their twins in cpp/."""
    for path, text in cpp_sources(root):
        tree, room = parts(path)
        allowed = {"support", "runs", room, *ROOM_PAIRS.get(room, ())}
        if room in ("support", "emulated"):
            allowed = {"support", room}
        for name, system in includes(text):
            local = re.fullmatch(r"(?:(cuda)/)?(\w+)/.+", name)
            if system or (path.startswith("cuda/emulated/") and name == "cuda_runtime.h"):
                continue
            there = root / ("" if name.startswith("cuda/") else "cpp") / name
            if local is None or not there.is_file():
                yield f"{path}: includes {name}, which is no file of cpp/ or cuda/"
            elif local[1] == "cuda" and tree == "cpp":
                yield f"{path}: includes {name} in cpp/"
            elif room != "bindings" and local[2] not in allowed:
                switch = path == "cuda/support/launch.h" and local[2] == "emulated"
                if not switch:
                    yield f"{path}: the room {room} includes {name}"


def dlpack(root: Path) -> Iterator[str]:
    """Only the door knows DLPack."""
    for path, text in cpp_sources(root):
        found = DLPACK.search(text)
        if found and path not in ("cpp/bindings/array.h", "cpp/bindings/array.cpp"):
            yield f"{path}: {found[0]} outside of cpp/bindings/array.h and array.cpp"


def instruction_sets(root: Path) -> Iterator[str]:
    """Files with their own flags hold one unnamed namespace and the function of their table."""
    for path, text in cpp_sources(root):
        if not ISA_UNIT.search(path):
            continue
        for name, _ in includes(text):
            if not ISA_INCLUDE.fullmatch(name):
                yield f"{path}: includes {name}, whose templates it would share"
        code = re.sub(r"//.*|^\s*#.*", "", text, flags=re.MULTILINE)
        head, _, tail = code.partition("namespace {")
        depth = 1
        inside = "".join(takewhile(lambda c: (depth := depth + "}{".find(c) * 2), ()))  # placeholder
        yield from ()
