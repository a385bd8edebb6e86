"""What modules of python/panfuse may import, and what they must say. A rule yields its breaches."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMEWORKS = {"cupy", "cupyx", "jax", "jaxlib", "tensorflow", "torch", "torchvision"}
# _maps.py walks a map on a device by its own library's functions, where no kernel exists yet.
FRAMEWORK_FILES = ("_arrays", "_maps", "integrations.")
KERNELS = {"panfuse._cpu", "panfuse._cuda", "panfuse._cuda_emulated"}
KERNEL_FILES = ("__init__", "_backend")
# Helpers without kernels or arrays, for every height of the house.
HELPERS = ("panfuse._files",)
PUBLIC_USERS = {"formats", "metrics", "qa", "targets", "distributed", "report", "cli"}
# While a module is imported it may import what stands at its own height and below. The rooms, the
# data model and their helpers are not listed: they stand at ROOM_HEIGHT.
ROOM_HEIGHT = 2
HEIGHTS = {
    "errors": 0,
    "_arrays": 0,
    "_checks": 0,
    "_files": 0,
    "_cpu": 0,
    "_backend": 1,
    "__init__": 3,
}
HEIGHTS |= {"scenes": 4, "formats": 4, "metrics": 4, "qa": 4, "targets": 4, "distributed": 4}
HEIGHTS |= {"integrations": 4, "report": 5, "cli": 6}
# Public functions without an example, and why.
NO_EXAMPLE = {"cli.main": "it ends the interpreter"}


class Module(NamedTuple):
    """A Python file; `name` is dotted, without the package, and ``__init__`` for the package."""

    name: str
    path: str
    text: str
    tree: ast.Module
    is_package: bool

    @property
    def room(self) -> str:
        return self.name.split(".")[0]


parse = cache(ast.parse)


def modules(root: Path) -> list[Module]:
    package = root / "python" / "panfuse"
    result = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package and len(parts) > 1 else parts)
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(root).as_posix()
        result.append(Module(name, where, text, parse(text), is_package))
    return result


class Imported(NamedTuple):
    """One imported name; `at_once` unless in a function, or for type checkers alone."""

    source: str
    name: str
    at_once: bool

    @property
    def full(self) -> str:
        return f"{self.source}.{self.name}" if self.name else self.source


def imports(module: Module) -> Iterator[Imported]:
    package = ["panfuse"] if module.name == "__init__" else ["panfuse", *module.name.split(".")]
    if not module.is_package:
        package.pop()

    def walk(node: ast.AST, at_once: bool) -> Iterator[Imported]:
        if isinstance(node, ast.Import):
            yield from (Imported(alias.name, "", at_once) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from (Imported(source, alias.name, at_once) for alias in node.names)
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        later = for_types or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, at_once and not later)

    return walk(module.tree, True)


def strings(module: Module) -> set[object]:
    return {node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant)}


def frameworks(root: Path) -> Iterator[str]:
    """Array libraries are named by the door and the integrations alone."""
    for module in modules(root):
        if f"{module.name}.".startswith(tuple(f"{name.rstrip('.')}." for name in FRAMEWORK_FILES)):
            continue
        named = {imported.source.split(".")[0] for imported in imports(module)} | strings(module)
        yield from (f"{module.path}: {name}" for name in FRAMEWORKS & named)


def kernels(root: Path) -> Iterator[str]:
    """Compiled modules are imported by `_backend` alone; the version comes from `_cpu`."""
    for module in modules(root):
        if module.name not in KERNEL_FILES:
            named = {name for i in imports(module) for name in (i.source, i.full)}
            yield from (f"{module.path}: {name}" for name in KERNELS & (named | strings(module)))


def private_modules(root: Path) -> Iterator[str]:
    """What stands on the rooms uses what any user could, and private files of its own."""
    for module in modules(root):
        for imported in imports(module) if module.room in PUBLIC_USERS else ():
            own = imported.full.startswith(f"panfuse.{module.room}.")
            inside = imported.full.startswith("panfuse.") and not own
            inside = inside and not imported.full.startswith(HELPERS)
            if inside and re.search(r"\._(?!_)", imported.full):
                yield f"{module.path}: {imported.full}"


def heights(root: Path) -> Iterator[str]:
    """Imports go down, from the command line to the door."""
    files = modules(root)
    known = {module.room for module in files} | {name.partition(".")[2] for name in KERNELS}
    for module in files:
        for imported in imports(module):
            first, _, rest = imported.full.partition(".")
            if first == "panfuse" and imported.at_once:
                room = rest.split(".")[0] if rest.split(".")[0] in known else "__init__"
                if height(room) > height(module.room):
                    yield f"{module.path}: {imported.full} stands higher"


def height(room: str) -> int:
    return HEIGHTS.get(room, ROOM_HEIGHT)


def public_modules(root: Path) -> Iterator[Module]:
    """Top-level modules and packages; files within a package are its own affair."""
    for module in modules(root):
        if ("." not in module.name or module.is_package) and not re.search(
            r"(^|\.)_(?!_init)", module.name
        ):
            yield module


def public_names(module: Module) -> list[str] | None:
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def all_lists(root: Path) -> Iterator[str]:
    """`__all__` is in each public module, and complete."""
    for module in public_modules(root):
        names = public_names(module)
        if names is None:
            yield f"{module.path}: no __all__"
            continue
        for node in module.tree.body:
            # A decorated function may be handed to somebody else, as commands are to typer.
            defined = isinstance(node, ast.ClassDef) or (
                isinstance(node, ast.FunctionDef) and not node.decorator_list
            )
            if defined and not node.name.startswith("_") and node.name not in names:
                yield f"{module.path}: {node.name} is not in __all__"


Definition = ast.FunctionDef | ast.ClassDef


def definition(files: dict[str, Module], module: Module, name: str) -> Definition | None:
    """Where a public name is defined; None if it is no function or class of the package's."""
    for node in reversed(module.tree.body):  # the last one, since overloads come first
        if isinstance(node, Definition) and node.name == name:
            return node
    for imported in imports(module):
        source = files.get(imported.source.partition("panfuse.")[2])
        if imported.name == name and source is not None:
            return definition(files, source, name)
    return None


def docstrings(root: Path) -> Iterator[str]:
    """Public functions and classes tell their arguments and results, functions by example too."""
    files = {module.name: module for module in modules(root)}
    for module in public_modules(root):
        for name in public_names(module) or ():
            node = definition(files, module, name)
            if node is not None:
                missing = missing_parts(node, f"{module.name}.{name}")
                yield from (f"{module.path}: {name}: no {part}" for part in missing)


def missing_parts(node: Definition, name: str) -> Iterator[str]:
    text = ast.get_docstring(node) or ""
    sections = dict(re.findall(r"^(\w+)\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", text, re.M | re.S))
    described = sections.get("Parameters", "") + "\n" + sections.get("Attributes", "")
    entries = re.findall(r"^(\w[\w, *]*?)(?: :|$)", described, re.MULTILINE)
    if not text:
        yield "docstring"
    for argument in arguments(node):
        if argument not in re.findall(r"\w+", " ".join(entries)):
            yield f"word on {argument}"
    if isinstance(node, ast.FunctionDef):
        if ast.unparse(node.returns or ast.Constant(None)) != "None" and "Returns" not in sections:
            yield "Returns"
        if ">>> " not in sections.get("Examples", "") and name not in NO_EXAMPLE:
            yield "Examples"


def arguments(node: Definition) -> list[str]:
    """A function's or constructor's arguments; the fields of a class that lists them."""
    if isinstance(node, ast.ClassDef):
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                return arguments(method)[1:]
        if not (node.decorator_list or node.bases):
            return []
        fields = [field.target for field in node.body if isinstance(field, ast.AnnAssign)]
        return [name for name in map(ast.unparse, fields) if not name.startswith("_")]
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [argument.arg for argument in every if argument is not None]
