"""Instances laid over a semantic map, best score first (Panoptic FPN and its relatives)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from panfuse import _arrays, _backend, _checks, _fusion_arguments, _fusion_result
from panfuse import _fusion_instances_presets as presets
from panfuse import _labeling_arguments as arguments
from panfuse.categories import Categories, thing_ids

if TYPE_CHECKING:
    from panfuse.panoptic import Panoptic

__all__ = ["fuse_instances"]

_INT32_MAX = 2**31 - 1


def fuse_instances(
    masks: Any,
    scores: Any,
    category_ids: Any,
    semantic: Any,
    *,
    things: Iterable[int] | Categories,
    boxes: Any = None,
    size: tuple[int, int] | None = None,
    semantic_size: tuple[int, int] | None = None,
    semantic_categories: Any = None,
    ignore: int | Iterable[int] | None = None,
    instance_threshold: float | None = None,
    mask_threshold: float | None = None,
    overlap_threshold: float | tuple[float, float] | None = None,
    stuff_area: int | None = None,
    preset: str | None = None,
    out: Any = None,
    workspace: Any = None,
    max_segments: int | None = None,
    threads: int | None = None,
) -> Any:
    """Lay instances over a semantic map, best score first, and fill what is left with stuff.

    The fusion of Panoptic FPN: instances of enough score are taken in the order of their scores;
    one of which earlier ones cover more than a part is dropped, any other gets its pixels that are
    still free. Then every category of stuff gets its free pixels, if they are enough.

    The defaults do what the paper says and what its implementations agree on, and where they part,
    what is right for any data set: equal scores keep the order of the input; the overlap is
    compared as exact numbers; an instance without a pixel, before or after, is dropped; a semantic
    pixel of a thing that no instance covers is void, since nobody can tell which instance it is
    part of; and no label has a meaning of its own (detectron2 skips label 0: pass ``ignore=0``).

    Parameters
    ----------
    masks : array (N, H, W), or (N, m, n) with `boxes`
        Foreground where bool or integers are not 0, or where float32, float16 or bfloat16 reach
        `mask_threshold`. With boxes each is stretched to its box (bilinear, half-pixel centres,
        zeros around, as detectron2's ``paste_masks_in_image``), and never stored in full.
        Or a list of COCO's RLE dicts, all of the size of the image. For a batch a sequence of
        any of these, or one array with a leading axis.
    scores : array (N,)
        Any real dtype. NaN is an error.
    category_ids : integer array (N,)
        Category ids; all must be of `things`, but for the presets without a semantic map.
    semantic : array (H, W), array (C, h, w), mapping, or None
        Labels (any integers and strides), or logits (float32, float16 or bfloat16), which are
        upsampled (bilinear, half-pixel centres, as torch's ``interpolate`` does) and compared
        without being stored at the size of the result; the class of a pixel is the first channel
        with the greatest value, NaN being greater than anything, as in ``torch.argmax``. Logits of
        the size of the result are only compared. Or an RLE dict for each category id, in the
        order in which they are laid; those of things are left out. None: there is no stuff.
    things : set of int, or Categories
        The category ids that are countable. `Categories` also become the result's.
    boxes : array (N, 4), optional
        x0, y0, x1, y1 of each mask in output pixels, as floats; computed with as float32. They may
        reach out of the image; one that is empty or inverted holds no pixel.
    size : (H, W), optional
        The size of the result. Needed with `boxes` unless `semantic` has labels.
    semantic_size : (H, W), optional
        What the logits cover, where that is more than the result (a padded image): they are
        upsampled to it, and cropped. Default: `size`.
    semantic_categories : mapping or sequence of int, optional
        The category id of each label or channel. Default: itself.
    ignore : int or iterable of int, optional
        Labels or channels that become void.
    instance_threshold : float, optional
        The least score. Default 0.5.
    mask_threshold : float, optional
        The least value of foreground in masks of floats. Default 0.5.
    overlap_threshold : float or (float, float), optional
        How much of an instance's area others may have taken. Default 0.5. A pair gives that of
        things and that of stuff, for presets whose stuff has masks.
    stuff_area : int, optional
        Categories of stuff with fewer free pixels become void. Default 4096.
    preset : str, optional
        Do just as another project, whose map `Panoptic.to_original` then returns; explicit
        arguments win. See the notes.
    out : int32 array (H, W), optional
        Where the ids are written, and what `Panoptic.ids` then is: contiguous in C order.
    workspace : array, optional
        On a GPU, scratch memory; on the CPU it is not used.
    max_segments : int, optional
        The most segments there may be.
    threads : int, optional
        As for `label`. The result does not depend on it.

    Returns
    -------
    Panoptic, or a list of them for a batch
        int32 ids 1..N, things by descending score, then stuff by ascending label; void is 0. Each
        segment has its score, area, box and source instance (stuff has no score and no source).
        ``decisions`` says of each instance whether it was kept, or why not: "score", "empty" (no
        pixel), "overlap", or "area" (masks of stuff).

    Raises
    ------
    TypeError
        An argument is no array of those dtypes.
    ValueError
        Shapes, lengths, sizes, categories or thresholds do not fit; a score is NaN; a box is not
        finite; an array lies on a GPU, where this fusion has no kernels yet.
    OverflowError
        There are more segments than `max_segments`.

    Notes
    -----
    Presets; each differs from the default in what is said, and reproduces the original up to the
    order of equal scores where the original's sort leaves it open:

    ``"detectron2"`` (original run: facebookresearch/detectron2@02b5c4e)
        Label 0 is skipped, all other labels are stuff. ``to_original``: int32, ids in order; an
        instance that others cover whole (``overlap_threshold >= 1``) takes an id.
    ``"panopticapi"`` (original run: cocodataset/panopticapi@7bb4655)
        ``to_original``: uint32, ids in order; the original's ids are colours, drawn at random.
    ``"mmdet"`` (original run: open-mmlab/mmdetection@0c51592, HeuristicFusionHead)
        No score threshold; float32 ratio to area + 1e-5. The last channel is void (labels:
        `ignore`, which is needed), the others are categories after those of `things`.
        ``to_original``: int32, category + 1000 * index, stuff its category, void the number of
        categories.
    ``"seamseg"`` (original run: mapillary/seamseg@15bd0b2, PanopticPreprocessing)
        Scores and masks must be above their thresholds; float32 ratio; leftover pixels of a thing
        are a crowd segment, if enough. ``to_original``: int64, an index into its list of
        segments; a mask without a pixel takes one. Masks with boxes are pasted in our arithmetic.
    ``"upsnet_combined"`` (description only: UPSNet's get_combined_pan_result)
        Scores of 0.6; dropped if less than 0.7 is free; stuff of fewer than 16384 pixels, counted
        before instances are laid, is void. ``to_original``: uint8 (H, W, 2): category, index
        within the category; void 255.
    ``"knet"`` (original run: lxtGH/Video-K-Net@a693403, merge_stuff_thing)
        `semantic` is None: masks of other categories are stuff, which is joined by category and
        laid after the things, best score first, without a score threshold. Scores of 0.3, masks
        above their threshold. ``to_original``: int32, ids in order.
    ``"panoptic_segformer"`` (original run: zhiqi-li/Panoptic-SegFormer@cdb9b68)
        `semantic` is None: things and stuff are laid in one order, by score times the square of
        the mean probability of the foreground (area + 1), which becomes the score. Masks are
        probabilities of the size of the image; at most 0.4 (things) and 0.2 (stuff) may be taken;
        no category is 0. ``to_original``: int64 (H, W, 2): category, index among the things.

    References
    ----------
    Kirillov et al., "Panoptic Segmentation", CVPR 2019, section 7; "Panoptic Feature Pyramid
    Networks", CVPR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> masks = np.zeros((2, 4, 6), bool)
    >>> masks[0, :2, :4] = masks[1, 1:, 3:] = True
    >>> semantic = np.full((4, 6), 7)
    >>> panoptic = pf.fuse_instances(
    ...     masks, np.array([0.8, 0.9]), np.array([1, 1]), semantic, things={1}, stuff_area=4
    ... )
    >>> panoptic.ids
    array([[2, 2, 2, 2, 3, 3],
           [2, 2, 2, 1, 1, 1],
           [3, 3, 3, 1, 1, 1],
           [3, 3, 3, 1, 1, 1]], dtype=int32)
    >>> panoptic.segments.category_id, panoptic.segments.source_index
    (array([1, 1, 7], dtype=int32), array([ 1,  0, -1], dtype=int32))
    """
    options: dict[str, Any] = {
        "things": things,
        "semantic_size": semantic_size,
        "semantic_categories": semantic_categories,
        "ignore": ignore,
        "instance_threshold": instance_threshold,
        "mask_threshold": mask_threshold,
        "overlap_threshold": overlap_threshold,
        "stuff_area": stuff_area,
        "preset": preset,
        "workspace": workspace,
        "max_segments": max_segments,
        "threads": threads,
    }
    count = _batch_length(masks, scores)
    if count is None:
        return _fuse(masks, scores, category_ids, semantic, boxes, size, out, **options)
    given = {
        "masks": masks,
        "scores": scores,
        "category_ids": category_ids,
        "semantic": semantic,
        "boxes": boxes,
        "size": size if size is None or isinstance(size[0], Sequence) else [size] * count,
        "out": out,
    }
    columns = [_fusion_arguments.one_each(value, count, name) for name, value in given.items()]
    return [_fuse(*item, **options) for item in zip(*columns, strict=True)]


def _batch_length(masks: Any, scores: Any) -> int | None:
    """Count the images of a batch; None if it is none."""
    if isinstance(masks, (list, tuple)):
        is_batch = not _holds_runs(masks) or isinstance(scores, (list, tuple))
        return len(masks) if is_batch else None
    shape: tuple[int, ...] = getattr(masks, "shape", ())
    return int(shape[0]) if len(shape) == 4 else None


def _fuse(
    masks: Any,
    scores: Any,
    category_ids: Any,
    semantic: Any,
    boxes: Any,
    size: Any,
    out: Any,
    *,
    things: Iterable[int] | Categories,
    semantic_size: Any,
    semantic_categories: Any,
    ignore: Any,
    instance_threshold: Any,
    mask_threshold: Any,
    overlap_threshold: Any,
    stuff_area: Any,
    preset: Any,
    workspace: Any,
    max_segments: Any,
    threads: Any,
) -> Panoptic:
    chosen = _fusion_arguments.preset_of(preset, {None: presets.DEFAULT, **presets.PRESETS})
    if semantic is not None and not chosen.semantic:
        raise ValueError(f"semantic: expected None with preset {preset!r}, whose stuff has masks")
    runs = {"masks": masks} if _holds_runs(masks) else {}
    runs |= {"semantic": dict(semantic)} if isinstance(semantic, Mapping) else {}
    if "masks" in runs and boxes is not None:
        raise ValueError("boxes: expected None with masks as RLEs, which have the image's size")
    if "semantic" in runs and semantic_categories is not None:
        raise ValueError("semantic_categories: expected None with masks by category")
    given = {"masks": masks, "scores": scores, "category_ids": category_ids}
    given |= {} if boxes is None else {"boxes": boxes}
    given |= {} if semantic is None else {"semantic": semantic}
    given = {name: value for name, value in given.items() if name not in runs}
    if out is not None:
        _arrays.check_output(out, "out")
        given["out"] = out
    library, taken = _arrays.take_floats(**given)
    arrays = dict(zip(given, taken, strict=True))
    _fusion_arguments.taken_workspace(workspace, scores=scores)
    module = _backend.cpu(library, "masks")
    shape = _size(size, arrays, runs)
    arrays |= runs
    countable = sorted(thing_ids(things))
    classes, void = _classes(chosen, preset, arrays, things, semantic_categories, ignore)
    rules = chosen.all_rules() | _knobs(
        chosen, instance_threshold, mask_threshold, overlap_threshold, stuff_area
    )
    if boxes is not None and rules["mask_threshold"] <= 0:
        raise ValueError(
            "mask_threshold: expected a number above 0 with boxes, around which masks are 0, got "
            f"{rules['mask_threshold']:g}"
        )
    ids, columns = module.fuse_instances(
        arrays["masks"],
        arrays.get("boxes"),
        arrays["scores"],
        arrays["category_ids"],
        arrays.get("semantic"),
        shape,
        shape if semantic_size is None else _pair(semantic_size, "semantic_size"),
        countable,
        classes,
        rules,
        arrays.get("out"),
        _checks.thread_count(threads),
        library.kernel_side,
    )
    return _fusion_result.panoptic(
        library,
        ids,
        shape,
        columns,
        out=out,
        categories=things if isinstance(things, Categories) else None,
        original=None if preset is None else (void, chosen.dtype),
        make_original=presets.PairedOriginal if chosen.paired else _fusion_result.Original,
        max_segments=_fusion_arguments.capacity(max_segments),
    )


def _pair(value: Any, name: str) -> tuple[int, int]:
    try:
        height, width = value
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected (H, W), got {value!r}") from None
    pair = _checks.integer(height, name), _checks.integer(width, name)
    if not all(0 <= length <= _INT32_MAX for length in pair):
        raise ValueError(f"{name}: expected lengths of 0 to 2**31 - 1, got {pair}")
    return pair


def _holds_runs(masks: Any) -> bool:
    """Tell COCO's dicts, and `RleList`, from arrays."""
    if isinstance(masks, (list, tuple)):
        return all(isinstance(mask, Mapping) for mask in masks)
    return hasattr(masks, "_columns")


def _size(size: Any, arrays: dict[str, Any], runs: dict[str, Any]) -> tuple[int, int]:
    """Find the size of the result; that arrays fit it is checked with them."""
    if size is not None:
        return _pair(size, "size")
    rles = [*runs.get("masks", ()), *runs.get("semantic", {}).values()]
    if rles:
        return _pair(rles[0].get("size"), "masks")
    if "boxes" not in arrays and "masks" in arrays:
        shape = _arrays.shape_of(arrays["masks"])
        if len(shape) != 3:
            raise ValueError(f"masks: expected the shape (N, H, W), got {shape}")
        return _pair(shape[1:], "masks")
    if "semantic" in arrays:
        shape = _arrays.shape_of(arrays["semantic"])
        if len(shape) == 2:
            return _pair(shape, "semantic")
    raise ValueError("size: expected the size of the result, which is not told otherwise, got None")


def _classes(
    chosen: presets.Preset,
    preset: Any,
    arrays: dict[str, Any],
    things: Iterable[int] | Categories,
    semantic_categories: Any,
    ignore: Any,
) -> tuple[_fusion_arguments.ClassRules, int]:
    """Say what semantic values mean, and what void is in the project's map."""
    values = ignore
    if ignore is None and chosen.ignore == "last" and "semantic" in arrays:
        shape = _arrays.shape_of(arrays["semantic"])
        if len(shape) != 3:
            raise ValueError(
                f"ignore: expected the void label, which preset {preset!r} cannot tell from a "
                "label map, got None"
            )
        values = shape[0] - 1
    elif ignore is None and isinstance(chosen.ignore, int):
        values = chosen.ignore
    countable = thing_ids(things)
    ignored = _checks.integers(values, "ignore")
    categories = semantic_categories
    if categories is None and chosen.offset_labels:
        categories = {k: k + len(countable) for k in range(max(ignored, default=-1) + 1)}
    rules = _fusion_arguments.class_rules(things, categories, ignored, complete=False)
    void = chosen.void
    if void < 0:
        void = len(countable) + max(ignored, default=0)
    return (rules if chosen.thing_labels else ((), *rules[1:])), void


def _knobs(
    chosen: presets.Preset,
    instance_threshold: Any,
    mask_threshold: Any,
    overlap_threshold: Any,
    stuff_area: Any,
) -> dict[str, Any]:
    """Fill in what the caller leaves to the preset."""
    overlap = chosen.overlap_threshold
    if overlap_threshold is not None:
        pair = overlap_threshold
        pair = tuple(pair) if isinstance(pair, Iterable) else (pair, pair)
        if len(pair) != 2:
            raise ValueError(f"overlap_threshold: expected a number or two, got {len(pair)}")
        things, stuff = (_checks.number(part, "overlap_threshold", 0, math.inf) for part in pair)
        overlap = (things, stuff)
    area = arguments.area(stuff_area, "stuff_area")
    return {
        "instance_threshold": chosen.instance_threshold
        if instance_threshold is None
        else _checks.number(instance_threshold, "instance_threshold", -math.inf, math.inf),
        "mask_threshold": chosen.mask_threshold
        if mask_threshold is None
        else _checks.number(mask_threshold, "mask_threshold", -math.inf, math.inf),
        "overlap_things": overlap[0],
        "overlap_stuff": overlap[1],
        "stuff_area": chosen.stuff_area if area is None else area,
    }
