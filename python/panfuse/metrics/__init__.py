"""How good a panoptic result is: evaluators over pair counts."""

from panfuse.metrics.dataset import evaluate
from panfuse.metrics.quality import PanopticQuality, panoptic_quality
from panfuse.metrics.result import PanopticResult

__all__ = ["PanopticQuality", "PanopticResult", "evaluate", "panoptic_quality"]
