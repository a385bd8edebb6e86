"""What files of cpp/ and cuda/ may include and hold. A rule yields its breaches, as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Rooms whose ops are defined by another room's, beside runs and support.
ROOM_PAIRS = {"evaluation": {"png", "matching"}, "fusion": {"labeling", "rle"}}
CUDA_HEADER = re.compile(r"cuda\w*\.h|device_\w+\.h|nv\w+\.h|cub/|thrust/|cooperative_groups")
DLPACK = re.compile(r"\w*dlpack\w*|\bDL[A-Z]\w+|dltensor\w*", re.IGNORECASE)
# An instruction set's unit may include intrinsics, its table, and text for its unnamed namespace.
ISA_UNIT = re.compile(r".*_(baseline|avx2|avx512|neon)\.cpp")
ISA_INCLUDE = re.compile(r"(\w+intrin|arm_neon)\.h|\w+/\w+_tables\.h|\w+/\w+\.inc")
ISA_TABLE = re.compile(r"namespace panfuse::\w+ \{ const \w+& \w+\(\) \{ return \w+; \} \}")


def files(root: Path) -> Iterator[tuple[str, str, str, str]]:
    """Tree, room, path from the root, and text."""
    for tree in ("cpp", "cuda"):
        for path in sorted((root / tree).rglob("*")):
            if path.suffix in (".h", ".cpp", ".inc", ".cu", ".cuh"):
                name = path.relative_to(root).as_posix()
                yield tree, name.split("/")[1], name, path.read_text(encoding="utf-8")


def includes(text: str) -> list[tuple[str, bool]]:
    """What a file includes, and whether with quotes."""
    found = re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)', text, re.MULTILINE)
    return [(name, mark == '"') for mark, name in found]


def outside_headers(root: Path) -> Iterator[str]:
    """pybind11 only in bindings/, CUDA only in cuda/, CUB and launches in one file each."""
    for tree, room, path, text in files(root):
        for name, _ in includes(text):
            if re.match(r"pybind11/|Python\.h", name) and room != "bindings":
                yield f"{path}: {name} outside of bindings/"
            if CUDA_HEADER.match(name) and tree == "cpp":
                yield f"{path}: {name} outside of cuda/"
            if re.match(r"cub/|thrust/", name) and path != "cuda/support/primitives.cu":
                yield f"{path}: {name} outside of cuda/support/primitives.cu"
        if "<<<" in text:
            yield f"{path}: a launch without launch()"


def rooms(root: Path) -> Iterator[str]:
    """A room includes support, runs and itself; a room of cuda/ also its twin in cpp/."""
    for tree, room, path, text in files(root):
        allowed = {"support", room}
        if room not in ("support", "emulated"):
            allowed |= {"runs", *ROOM_PAIRS.get(room, ())}
        if path == "cuda/support/launch.h":
            allowed.add("emulated")
        for name, quoted in includes(text):
            if not quoted:
                continue
            in_cuda = name.startswith("cuda/")
            if not (root / ("" if in_cuda else "cpp") / name).is_file():
                yield f"{path}: {name} is no file of cpp/ or cuda/"
            elif in_cuda and tree == "cpp":
                yield f"{path}: {name} in cpp/"
            elif room != "bindings" and name.split("/")[in_cuda] not in allowed:
                yield f"{path}: {name} in the room {room}"


def dlpack(root: Path) -> Iterator[str]:
    """Only the door knows DLPack."""
    for _, _, path, text in files(root):
        if not path.startswith("cpp/bindings/array."):
            yield from (f"{path}: {word}" for word in DLPACK.findall(text))


def instruction_sets(root: Path) -> Iterator[str]:
    """A unit with flags of its own holds an unnamed namespace, and the function of its table."""
    for _, _, path, text in files(root):
        if not ISA_UNIT.fullmatch(path):
            continue
        for name, _ in includes(text):
            if not ISA_INCLUDE.fullmatch(name):
                yield f"{path}: {name}, whose templates it would share"
        code = re.sub(r"//.*|^\s*#.*", "", text, flags=re.MULTILINE)
        if not ISA_TABLE.fullmatch(" ".join(outside_unnamed_namespace(code).split())):
            yield f"{path}: more than one table outside of the unnamed namespace"


def outside_unnamed_namespace(code: str) -> str:
    start = code.find("namespace {")
    depth = 0
    for place in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[place], 0)
        if code[place] == "}" and depth == 0:
            return code[:start] + code[place + 1 :]
    return code
