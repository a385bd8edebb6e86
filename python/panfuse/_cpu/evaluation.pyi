from __future__ import annotations
import collections.abc
import typing
__all__: list[str] = ['compare_files', 'compare_images']
def compare_files(gt_files: collections.abc.Sequence, pred_files: collections.abc.Sequence, gt: typing.Any, pred: typing.Any, category_ids: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], as_panopticapi: bool, names: collections.abc.Sequence[str], threads: typing.SupportsInt | typing.SupportsIndex | None, max_pixels: typing.SupportsInt | typing.SupportsIndex, progress: typing.Any) -> tuple:
    ...
def compare_images(tables: collections.abc.Sequence, gt: typing.Any, pred: typing.Any, category_ids: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], as_panopticapi: bool, names: collections.abc.Sequence[str]) -> tuple:
    ...
