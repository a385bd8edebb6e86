"""Generated scenes: label maps and network outputs, for the demo, tests and benchmarks.

`street` makes a `Scene` with its ground truth; the scene makes predictions and the outputs of
three families of panoptic networks. Everything is seeded, and the same on every platform.
"""

from .centers import CenterOutputs
from .instances import InstanceOutputs
from .queries import QueryOutputs
from .scene import Scene, street

__all__ = ["CenterOutputs", "InstanceOutputs", "QueryOutputs", "Scene", "street"]
