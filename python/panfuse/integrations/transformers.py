"""Post-processing of transformers' image processors, with the same dictionaries.

Nothing of transformers is imported: outputs are taken as its models return them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panfuse import _fusion_arguments, _fusion_queries, _resize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["post_process_panoptic_segmentation"]

_PRESETS = ("hf_mask2former", "hf_maskformer", "hf_detr", "hf_eomt")


def post_process_panoptic_segmentation(
    outputs: Any,
    *,
    preset: str,
    threshold: float | None = None,
    mask_threshold: float | None = None,
    overlap_mask_area_threshold: float | None = None,
    label_ids_to_fuse: Iterable[int] | None = None,
    target_sizes: Sequence[tuple[int, int]] | None = None,
    resize: Any = None,
    reuse_ids: bool = False,
    threads: int | None = None,
) -> list[dict[str, Any]]:
    """Do what ``processor.post_process_panoptic_segmentation(outputs, ...)`` does.

    Parameters
    ----------
    outputs : object
        What the model returned, with ``masks_queries_logits`` and ``class_queries_logits``, or
        ``pred_masks`` and ``logits`` (DETR), on the CPU.
    preset : {"hf_mask2former", "hf_maskformer", "hf_detr", "hf_eomt"}
        Whose processor: see `pf.fuse_queries`.
    threshold, mask_threshold, overlap_mask_area_threshold : float, optional
        As there; default: the processor's.
    label_ids_to_fuse : iterable of int, optional
        The labels whose segments become one (EoMT's ``stuff_classes``). Default: none.
    target_sizes : sequence of (H, W), optional
        One for each image. Default: the size of the masks as the processor resizes them first.
    resize : list of Resize, or one for each image, optional
        As in `pf.fuse_queries`: EoMT's own size and the crop of its ``unpad_image``.
    reuse_ids : bool, default False
        Whether ids are reused after fused segments, as transformers does (issue 23461).
    threads : int, optional
        As for `pf.label`.

    Returns
    -------
    list of dict
        For each image ``segmentation``, the map as the processor returns it, and
        ``segments_info``: ``id``, ``label_id`` and ``score`` of each segment, and ``was_fused``
        but for EoMT. But for EoMT, fused segments are listed once per query.

    Raises
    ------
    TypeError, ValueError
        As `pf.fuse_queries` does, and for an unknown preset.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from panfuse.integrations.transformers import post_process_panoptic_segmentation
    >>> outputs = SimpleNamespace(
    ...     masks_queries_logits=np.full((1, 1, 2, 3), 5, np.float32),
    ...     class_queries_logits=np.array([[[0, 9, 0]]], np.float32),
    ... )
    >>> (result,) = post_process_panoptic_segmentation(
    ...     outputs, preset="hf_maskformer", target_sizes=[(2, 6)]
    ... )
    >>> result["segments_info"]
    [{'id': 1, 'label_id': 1, 'was_fused': False, 'score': 0.999753}]
    """
    if preset not in _PRESETS:
        known = ", ".join(map(repr, _PRESETS))
        raise ValueError(f"preset: expected one of {known}, got {preset!r}")
    detr = hasattr(outputs, "pred_masks")
    masks = outputs.pred_masks if detr else outputs.masks_queries_logits
    classes = outputs.logits if detr else outputs.class_queries_logits
    if len(masks.shape) != 4:
        raise ValueError(f"outputs: expected masks of shape (B, Q, h, w), got {masks.shape}")
    count = int(masks.shape[0])
    if target_sizes is None:
        first = (384, 384) if preset == "hf_mask2former" else tuple(masks.shape[2:])
        target_sizes = [first] * count
    if len(target_sizes) != count:
        raise ValueError(f"target_sizes: expected {count} sizes, got {len(target_sizes)}")
    fused = set(label_ids_to_fuse or ())
    things = set(range(int(classes.shape[-1]) - 1)) - fused
    chains = _fusion_arguments.per_image(resize, count, "resize")
    results = []
    for i, size in enumerate(target_sizes):
        panoptic, kept = _fusion_queries.fuse_one(
            masks[i],
            classes[i],
            _resize.image_size([int(length) for length in size], "target_sizes"),
            chains[i],
            None,
            things=things if fused else None,
            preset=preset,
            threshold=threshold,
            mask_threshold=mask_threshold,
            overlap_threshold=overlap_mask_area_threshold,
            reuse_ids=reuse_ids,
            threads=threads,
        )
        results.append(
            {
                "segmentation": panoptic.to_original(),
                "segments_info": _segments(kept, fused, once=preset == "hf_eomt"),
            }
        )
    return results


def _segments(kept: _fusion_queries.Kept, fused: set[int], *, once: bool) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    seen: set[int] = set()
    for label, score, row, number in zip(
        kept.channel.tolist(),
        kept.score.tolist(),
        kept.row.tolist(),
        kept.number.tolist(),
        strict=True,
    ):
        if row < 0 or (once and row in seen):
            continue
        seen.add(row)
        record = {"id": number, "label_id": label}
        if not once:
            record["was_fused"] = label in fused
        records.append(record | {"score": round(score, 6)})
    return records
