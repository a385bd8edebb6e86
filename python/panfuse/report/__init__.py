"""Panoptic results for people to look at."""

from panfuse.report.picture import overlay, write_png

__all__ = ["overlay", "write_png"]
