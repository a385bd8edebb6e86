"""
panfuse's kernels for the CPU; the public functions stand in front of them.
"""
from __future__ import annotations
import collections.abc
import typing
from . import evaluation
from . import png
from . import runs
__all__: list[str] = ['compiler', 'contingency', 'evaluation', 'forced_backend', 'isa_available', 'isa_current', 'isa_use', 'match', 'png', 'runs', 'version']
def contingency(gt: typing.Any, pred: typing.Any, ignored_gt: collections.abc.Iterable, ignored_pred: collections.abc.Iterable, batched: bool, threads: typing.SupportsInt | typing.SupportsIndex | None, library: typing.Any) -> list:
    ...
def forced_backend() -> str:
    ...
def isa_available() -> list[str]:
    ...
def isa_current() -> str:
    ...
def isa_use(name: str) -> None:
    ...
def match(contingency: tuple, iou_threshold: typing.SupportsFloat | typing.SupportsIndex, ignore_void: bool, library: typing.Any) -> tuple:
    ...
compiler: str
version: str
