"""detectron2's panoptic post-processing: its arguments, its results, none of its passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panfuse.fusion import fuse_centers, fuse_instances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from panfuse.panoptic import Panoptic

__all__ = ["combine_semantic_and_instance_outputs", "panoptic_deeplab"]


def combine_semantic_and_instance_outputs(
    instance_results: Any,
    semantic_results: Any,
    overlap_threshold: float,
    stuff_area_thresh: int,
    instances_score_thresh: float,
    *,
    size: tuple[int, int] | None = None,
    semantic_size: tuple[int, int] | None = None,
    mask_threshold: float | None = None,
    threads: int | None = None,
) -> tuple[Any, list[dict[str, Any]]]:
    """Do as detectron2's function of this name (Panoptic FPN), and take its inputs unpasted too.

    Replace ``detectron2.modeling.meta_arch.panoptic_fpn.combine_semantic_and_instance_outputs`` by
    it as it stands; or leave out ``paste_masks_in_image`` and ``sem_seg_postprocess``, which cost
    most, and hand over the RoI masks and the logits of the semantic head.

    Parameters
    ----------
    instance_results : Instances
        With ``scores``, ``pred_classes`` and ``pred_masks``: (N, H, W), or RoI masks, (N, m, m) or
        (N, 1, m, m), with ``pred_boxes`` in output pixels.
    semantic_results : tensor (H, W), or (C, h, w)
        Labels of which 0 stands for all things, or logits, which are upsampled.
    overlap_threshold, stuff_area_thresh, instances_score_thresh
        As there.
    size : (H, W), optional
        Of the output; needed with RoI masks and logits.
    semantic_size : (H, W), optional
        What the logits cover, where the image was padded.
    mask_threshold : float, optional
        Of masks that are not bool. Default 0.5.
    threads : int, optional
        As for `panfuse.label`.

    Returns
    -------
    panoptic_seg : int32 tensor (H, W)
        1..N, void 0.
    segments_info : list of dict
        ``id, isthing, score, category_id, instance_id`` of things, ``id, isthing, category_id,
        area`` of stuff. (With an overlap threshold of 1 or more detectron2 lists instances of which
        no pixel is seen. They are left out here.)

    Raises
    ------
    TypeError, ValueError
        As `panfuse.fuse_instances` does; tensors must be on the CPU.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from panfuse.integrations.detectron2 import combine_semantic_and_instance_outputs
    >>> masks = np.zeros((1, 2, 4), bool)
    >>> masks[0, :, :2] = True
    >>> instances = SimpleNamespace(
    ...     scores=np.array([0.75]), pred_classes=np.array([17]), pred_masks=masks
    ... )
    >>> labels = np.full((2, 4), 3)
    >>> panoptic_seg, info = combine_semantic_and_instance_outputs(instances, labels, 0.5, 4, 0.5)
    >>> panoptic_seg
    array([[1, 1, 2, 2],
           [1, 1, 2, 2]], dtype=int32)
    >>> info[0]
    {'id': 1, 'isthing': True, 'score': 0.75, 'category_id': 17, 'instance_id': 0}
    >>> info[1]
    {'id': 2, 'isthing': False, 'category_id': 3, 'area': 4}
    """
    masks = instance_results.pred_masks
    masks = getattr(masks, "tensor", masks)
    boxes = None
    if len(masks.shape) == 4:
        masks = masks[:, 0]
    if tuple(masks.shape[1:]) != (size or tuple(semantic_results.shape[-2:])):
        boxes = instance_results.pred_boxes
        boxes = getattr(boxes, "tensor", boxes)
    result: Panoptic = fuse_instances(
        masks,
        instance_results.scores,
        instance_results.pred_classes,
        semantic_results,
        things=set(instance_results.pred_classes.tolist()),
        boxes=boxes,
        size=size,
        semantic_size=semantic_size,
        instance_threshold=instances_score_thresh,
        mask_threshold=mask_threshold,
        overlap_threshold=overlap_threshold,
        stuff_area=stuff_area_thresh,
        preset="detectron2",
        threads=threads,
    )
    return result.ids, _segments_info(result)


def _segments_info(result: Panoptic) -> list[dict[str, Any]]:
    rows = result.segments
    records: list[dict[str, Any]] = []
    for row in range(len(rows)):
        record: dict[str, Any] = {"id": int(rows.id[row]), "isthing": bool(rows.is_thing[row])}
        if rows.is_thing[row]:
            record["score"] = float(rows.score[row])
        record["category_id"] = int(rows.category_id[row])
        if rows.is_thing[row]:
            record["instance_id"] = int(rows.source_index[row])
        else:
            record["area"] = int(rows.area[row])
        records.append(record)
    return records


def panoptic_deeplab(
    sem_seg: Any,
    center_heatmap: Any,
    offsets: Any,
    thing_ids: Iterable[int],
    *,
    stuff_area: int = 2048,
    threshold: float = 0.1,
    nms_kernel: int = 7,
    top_k: int = 200,
    foreground_mask: Any = None,
) -> tuple[Any, list[dict[str, Any]]]:
    """Fuse the outputs of detectron2's Panoptic-DeepLab.

    The arguments and defaults are those of detectron2's ``get_panoptic_segmentation``, and the
    segments those of its map (preset ``"detectron2"`` of `panfuse.fuse_centers`). Where its model
    returns ``(panoptic_seg, None)``, a map of ``category * label_divisor + instance`` that only its
    evaluator can read, this returns what detectron2's other panoptic models do.

    Parameters
    ----------
    sem_seg : tensor
        Labels (H, W) or (1, H, W), or logits (C, h, w) with more than one channel.
    center_heatmap : float tensor (H, W) or (1, H, W)
    offsets : float tensor (2, H, W)
    thing_ids : iterable of int
        Contiguous category ids of things: ``meta.thing_dataset_id_to_contiguous_id.values()``.
    stuff_area, threshold, nms_kernel, top_k
        As ``cfg.MODEL.PANOPTIC_DEEPLAB`` has them.
    foreground_mask : tensor (H, W) or (1, H, W), optional
        Which pixels are of things; by default those whose label says so.

    Returns
    -------
    panoptic_seg : int32 tensor (H, W)
        Ids 1..N, void 0.
    segments_info : list of dict
        ``id``, ``isthing``, ``category_id``, and ``area``; things also have ``score``, the heat at
        their centre, and ``instance_id``, their index among the things.

    Raises
    ------
    TypeError, ValueError
        As `panfuse.fuse_centers`.

    Examples
    --------
    >>> import numpy as np
    >>> from panfuse.integrations.detectron2 import panoptic_deeplab
    >>> heatmap, offsets = np.zeros((1, 4, 6), np.float32), np.zeros((2, 4, 6), np.float32)
    >>> heatmap[0, 1, 4] = 0.5
    >>> labels = np.array([[[0, 0, 0, 3, 3, 3]] * 4])
    >>> panoptic_seg, segments_info = panoptic_deeplab(labels, heatmap, offsets, {3}, stuff_area=1)
    >>> panoptic_seg[0]
    array([2, 2, 2, 1, 1, 1], dtype=int32)
    >>> segments_info[0]["category_id"], segments_info[0]["score"]
    (3, 0.5)
    """
    fused = fuse_centers(
        _single(sem_seg),
        _single(center_heatmap),
        offsets,
        things=set(thing_ids),
        preset="detectron2",
        stuff_area=stuff_area,
        threshold=threshold,
        nms_kernel=nms_kernel,
        top_k=top_k,
        foreground=_single(foreground_mask),
    )
    segments_info: list[dict[str, Any]] = []
    for row in fused.segments_info():
        is_thing = bool(row["isthing"])
        info = {"id": row["id"], "isthing": is_thing, "category_id": row["category_id"]}
        if "score" in row:
            info |= {"score": row["score"], "instance_id": len(segments_info)}
        segments_info.append(info | {"area": row["area"]})
    return fused.ids, segments_info


def _single(tensor: Any) -> Any:
    """Take the one item of a tensor with a channel axis of length 1."""
    if tensor is not None and len(tensor.shape) == 3 and tensor.shape[0] == 1:
        return tensor[0]
    return tensor
