"""Query networks' outputs (MaskFormer and its family), fused in one pass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from panfuse import _arrays, _backend, _checks, _fusion_arguments, _fusion_result, _resize
from panfuse import _fusion_queries_presets as presets
from panfuse._fusion_instances_presets import PairedOriginal
from panfuse.categories import Categories, thing_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from panfuse._resize import Resize
    from panfuse.panoptic import Panoptic

__all__ = ["fuse_queries"]

_INDEX_STEP = 1000  # of fusion::QueryNumbering::class_and_index
_SCORES = {score.name.lower(): score for score in presets.Score}


class Kept(NamedTuple):
    """The queries of enough score, in order.

    Attributes
    ----------
    query, channel : int32 (K,)
        Which query, and which class.
    score : float32 (K,)
    row : int32 (K,)
        Of the segments; -1 for none.
    number : int64 (K,)
        What the segment is in the map of the preset's project; -1 for none.
    """

    query: npt.NDArray[np.int32]
    channel: npt.NDArray[np.int32]
    score: npt.NDArray[np.float32]
    row: npt.NDArray[np.int32]
    number: npt.NDArray[np.int64]


def fuse_queries(
    mask_logits: Any,
    class_logits: Any,
    *,
    size: Any,
    things: Iterable[int] | Categories | None = None,
    semantic_categories: Any = None,
    resize: list[Resize] | None = None,
    score: str | tuple[str, float] | None = None,
    threshold: float | None = None,
    mask_threshold: float | None = None,
    overlap_threshold: float | None = None,
    reuse_ids: bool = False,
    preset: str | None = None,
    out: Any = None,
    workspace: Any = None,
    max_segments: int | None = None,
    threads: int | None = None,
) -> Any:
    """Fuse the masks and classes of queries: every pixel goes to the query that weighs most in it.

    A query's score is the greatest probability of a class. Of those with enough, each pixel goes to
    the one with the greatest score times mask probability, the first if there are several. A query
    that wins too little of its own mask is dropped, and its pixels stay void; of any other the
    pixels it won within its mask become a segment. Segments of one category that is no thing are
    one.

    Parameters
    ----------
    mask_logits : float32, float16 or bfloat16 array (Q, h, w), or (B, Q, h, w)
        Any strides. Computed with as float32.
    class_logits : the same (Q, C + 1), or (B, Q, C + 1)
        The last channel is "no object"; for scores of sigmoids there is none: (Q, C).
    size : (H, W), or one for each image of a batch
        Of the result.
    things : set of int, or Categories, optional
        The category ids that are countable. None: all are, so that no segments are joined.
        `Categories` also become the result's.
    semantic_categories : mapping or sequence of int, optional
        The category id of each channel. Default: itself.
    resize : list of Resize, or one for each image of a batch, optional
        How masks come to `size`, step by step. Default: one resize of the logits, or the preset's.
    score : {"softmax", "sigmoid"} or ("sigmoid_softmax", temperature), optional
        Default "softmax".
    threshold : float, optional
        Scores must be above it. Default 0.8.
    mask_threshold : float, optional
        The least probability within a mask. Default 0.5.
    overlap_threshold : float, optional
        The least part of its mask that a query must win. Default 0.8.
    reuse_ids : bool, default False
        Whether ``to_original`` reuses ids as transformers does (issue 23461): after a segment was
        joined, the next new one takes a number that is taken. For its presets alone.
    preset : str, optional
        Do just as another project, whose map `Panoptic.to_original` then returns; explicit
        arguments win. See the notes.
    out : int32 array (H, W), optional
        Where the ids are written, and what `Panoptic.ids` then is; one for each image of a batch.
    workspace : array, optional
        On a GPU, scratch memory; on the CPU it is not used.
    max_segments : int, optional
        The most segments there may be.
    threads : int, optional
        As for `label`. The result does not depend on it.

    Returns
    -------
    Panoptic, or a list of them for a batch
        int32 ids 1..N in the order of queries; void is 0. Joined segments have the score and source
        of the first query. ``decisions`` says of each query whether it was kept, or why not:
        "score" (too low, or no object), "empty" (it won no pixel of its mask), or "overlap".

    Raises
    ------
    TypeError
        An argument is no array of those dtypes, or no `Resize`.
    ValueError
        Shapes, sizes, categories or thresholds do not fit; `things` is missing where the preset
        joins stuff; an array lies on a GPU, where this fusion has no kernels yet.
    OverflowError
        There are more segments than `max_segments`, or than the preset's numbers can tell apart.

    Notes
    -----
    Logits that are NaN act as in torch: NaN is a maximum, so such pixels go to the first query that
    has NaN there. Resizes compute what torch's ``interpolate`` does on a CPU, bit for bit, and
    sigmoids what its ``sigmoid`` does; scores agree with its ``softmax`` to 1e-6.

    Presets; `things` is needed where stuff is joined. "Original run": the project's own function
    ran beside this one, and its maps were the same pixel for pixel; transformers 5.23.0, the others
    at the commits in tests/golden/fusion_queries.py, on logits that torch had resized. "Description
    only": tested against a definition that was written from the project's description.

    ``"mask2former"`` (original run: ``panoptic_inference``)
        Logits are resized to the network's input (four times the masks, or `resize`, which can
        crop what is padding), and from there to `size`. ``to_original``: int32, 1.. in order.
    ``"maskformer"`` (description only)
        The same.
    ``"hf_mask2former"`` (original run)
        By way of 384 x 384, whose probabilities are resized. Scores above 0.5; foreground is where
        score times probability reaches `mask_threshold`; all pixels won are written; the float32
        ratio must be above 0.8. Nothing is joined without `things`. ``to_original``: int32, 1.. in
        order; all -1 and float32 where no query has enough score.
    ``"hf_maskformer"``, ``"hf_detr"`` (original run)
        The same, but probabilities of the masks' size are resized.
    ``"hf_eomt"`` (original run)
        Scores above 0.8, ratio above 0.8 in float32; logits are resized to four times the masks (or
        `resize`, with the crop of its ``unpad_image``), and to `size`. ``to_original``: int64, 0..
        in order, void -1; float32 where no query has enough score.
    ``"eomt"`` (original run: ``to_per_pixel_preds_panoptic``)
        As mask2former. ``to_original``: int64 (H, W, 2): class and number of the segment, 0.. in
        order; void is (C, -1).
    ``"mmdet"`` (original run: MaskFormerFusionHead, ``panoptic_postprocess``)
        All pixels won are written. ``to_original``: int32, class + 1000 * number, stuff its class,
        void C.
    ``"maskdino"``, ``"openseed"`` (description only)
        Scores: the greatest sigmoid must be above 0.25; then the softmax of sigmoids over 0.06.
        ``to_original``: as mask2former.
    ``"dvis"`` (description only; one frame)
        Logits are resized to four times the masks, probabilities from there to `size`.
        ``to_original``: as mask2former.

    References
    ----------
    Cheng et al., "Per-Pixel Classification is Not All You Need for Semantic Segmentation", NeurIPS
    2021, section 3.4.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> mask_logits = np.full((2, 2, 3), -5, np.float32)
    >>> mask_logits[0, :, :2] = mask_logits[1, :, 2:] = 5
    >>> class_logits = np.array([[9, 0, 0], [0, 9, 0]], np.float32)
    >>> panoptic = pf.fuse_queries(mask_logits, class_logits, size=(2, 6), things={1})
    >>> panoptic.ids
    array([[1, 1, 1, 1, 2, 2],
           [1, 1, 1, 1, 2, 2]], dtype=int32)
    >>> panoptic.segments.category_id, panoptic.segments.area, panoptic.decisions.names()
    (array([0, 1], dtype=int32), array([8, 4]), ['kept', 'kept'])
    """
    options: dict[str, Any] = {
        "things": things,
        "semantic_categories": semantic_categories,
        "score": score,
        "threshold": threshold,
        "mask_threshold": mask_threshold,
        "overlap_threshold": overlap_threshold,
        "reuse_ids": reuse_ids,
        "preset": preset,
        "max_segments": max_segments,
        "threads": threads,
    }
    _, taken = _arrays.take_floats(mask_logits=mask_logits, class_logits=class_logits)
    _fusion_arguments.taken_workspace(workspace, mask_logits=mask_logits)
    shape, classes = (_arrays.shape_of(array) for array in taken)
    if len(shape) != 4:
        return fuse_one(mask_logits, class_logits, size, resize, out, **options)[0]
    count = shape[0]
    sizes = _fusion_arguments.per_image(size, count, "size")
    chains = _fusion_arguments.per_image(resize, count, "resize")
    if classes[:1] != shape[:1]:
        raise ValueError(f"class_logits: expected {count} images, got the shape {classes}")
    outs = _fusion_arguments.one_each(out, count, "out")
    return [
        fuse_one(mask_logits[i], class_logits[i], sizes[i], chains[i], outs[i], **options)[0]
        for i in range(count)
    ]


def fuse_one(
    mask_logits: Any,
    class_logits: Any,
    size: Any,
    resize: Any,
    out: Any,
    *,
    things: Iterable[int] | Categories | None = None,
    semantic_categories: Any = None,
    score: Any = None,
    threshold: Any = None,
    mask_threshold: Any = None,
    overlap_threshold: Any = None,
    reuse_ids: bool = False,
    preset: Any = None,
    max_segments: Any = None,
    threads: Any = None,
) -> tuple[Panoptic, Kept]:
    """Fuse one image; return also the queries of enough score."""
    chosen = _fusion_arguments.preset_of(preset, {None: presets.DEFAULT, **presets.PRESETS})
    if things is None and chosen.fuses:
        raise ValueError(f"things: expected category ids, since preset {preset!r} joins stuff")
    given = {"mask_logits": mask_logits, "class_logits": class_logits}
    if out is not None:
        _arrays.check_output(out, "out")
        given["out"] = out
    library, taken = _arrays.take_floats(**given)
    arrays = dict(zip(given, taken, strict=True))
    module = _backend.cpu(library, "mask_logits")
    shape = _resize.image_size(size, "size")
    masks, classes = (_arrays.shape_of(arrays[name]) for name in ("mask_logits", "class_logits"))
    if len(masks) != 3:
        raise ValueError(f"mask_logits: expected the shape (Q, h, w), got {masks}")
    if len(classes) != 2:
        raise ValueError(f"class_logits: expected the shape (Q, C), got {classes}")
    rules = chosen.all_rules() | _knobs(chosen, score, threshold, mask_threshold, overlap_threshold)
    if reuse_ids:
        if rules["numbering"] != presets.Numbering.FROM_ONE or chosen.empty is None:
            raise ValueError(
                f"reuse_ids: expected a preset of transformers that joins so, got {preset!r}"
            )
        rules["numbering"] = presets.Numbering.FROM_ONE_REUSED
    channels = classes[1] - (rules["score"] == presets.Score.SOFTMAX)
    if channels < 1:
        raise ValueError(
            f"class_logits: expected a channel of a class, and the last for no object where scores "
            f"are a softmax, got the shape {classes}"
        )
    if rules["numbering"] == presets.Numbering.CLASS_AND_INDEX and channels >= _INDEX_STEP:
        raise OverflowError(
            f"class_logits: expected fewer than {_INDEX_STEP} classes, which preset {preset!r} "
            f"can tell from its instances, got {channels}"
        )
    categories, is_thing = _classes(channels, things, semantic_categories)
    steps = (
        _resize.steps(chosen.chain(*masks[1:]) if resize is None else resize, shape)
        if 0 not in shape
        else [(shape, shape, False, False)]
    )
    ids, columns, table = module.fuse_queries(
        arrays["mask_logits"],
        arrays["class_logits"],
        steps,
        categories,
        is_thing,
        rules,
        arrays.get("out"),
        _checks.thread_count(threads),
        library.kernel_side,
    )
    query, channel, probability, row = table
    kept = Kept(query, channel, probability, row, np.append(columns[7], -1)[row])
    original = (chosen.void + (channels if chosen.void_class else 0), chosen.dtype)
    if not len(kept.query) and chosen.empty is not None:
        original = chosen.empty
    panoptic = _fusion_result.panoptic(
        library,
        ids,
        shape,
        columns,
        out=out,
        categories=things if isinstance(things, Categories) else None,
        original=None if preset is None else original,
        make_original=PairedOriginal if chosen.paired else _fusion_result.Original,
        max_segments=_fusion_arguments.capacity(max_segments),
    )
    return panoptic, kept


def _classes(
    channels: int, things: Iterable[int] | Categories | None, semantic_categories: Any
) -> tuple[list[int], list[bool]]:
    """Find the category of each channel, and whether it is a thing."""
    if things is None:
        _, _, known = _fusion_arguments.class_rules((), semantic_categories, None)
        countable = None
    else:
        _, _, known = _fusion_arguments.class_rules(things, semantic_categories, None)
        countable = set(thing_ids(things))
    if known is None:
        categories = list(range(channels))
        strangers = sorted((countable or set()) - set(categories))
        if strangers:
            raise ValueError(
                f"things: expected ids below {channels}, the number of classes, got {strangers[0]}"
            )
        if isinstance(things, Categories):
            missing = sorted(set(categories) - set(things.ids.tolist()))
            if missing:
                raise ValueError(
                    f"things: expected the category of channel {missing[0]} among "
                    "the categories; semantic_categories may map it"
                )
    else:
        missing = sorted(set(range(channels)) - set(known))
        if missing:
            raise ValueError(
                f"semantic_categories: expected all {channels} channels, got none for {missing[0]}"
            )
        categories = [known[channel] for channel in range(channels)]
    return categories, [countable is None or category in countable for category in categories]


def _knobs(
    chosen: presets.Preset, score: Any, threshold: Any, mask_threshold: Any, overlap_threshold: Any
) -> dict[str, Any]:
    """Fill in what the caller leaves to the preset."""
    name, temperature = _score(chosen.score if score is None else score)
    return {
        "score": name,
        "temperature": temperature,
        "threshold": chosen.threshold
        if threshold is None
        else _checks.number(threshold, "threshold", -math.inf, math.inf),
        "mask_threshold": chosen.mask_threshold
        if mask_threshold is None
        else _checks.number(mask_threshold, "mask_threshold", 0, math.nextafter(1, 2)),
        "overlap_threshold": chosen.overlap_threshold
        if overlap_threshold is None
        else _checks.number(overlap_threshold, "overlap_threshold", -math.inf, math.inf),
    }


def _score(score: Any) -> tuple[presets.Score, float]:
    name, temperature = (
        score if isinstance(score, (tuple, list)) and len(score) == 2 else (score, 1)
    )
    if not isinstance(name, str) or name not in _SCORES:
        raise ValueError(
            "score: expected 'softmax', 'sigmoid' or ('sigmoid_softmax', temperature), "
            f"got {score!r}"
        )
    return _SCORES[name], _checks.number(temperature, "score", 1e-6, math.inf)
