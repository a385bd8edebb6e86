from __future__ import annotations
import numpy
import numpy.typing
import typing
__all__: list[str] = ['changes', 'differences', 'joint_starts']
def changes(row: typing.Any) -> numpy.typing.NDArray[numpy.uint64]:
    ...
def differences(row: typing.Any, above: typing.Any) -> numpy.typing.NDArray[numpy.uint64]:
    ...
def joint_starts(a: typing.Any, b: typing.Any) -> numpy.typing.NDArray[numpy.uint16]:
    ...
