"""Which class each instance is of: by a vote of its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panfuse import _arrays, _backend, _checks
from panfuse._fusion_arguments import (
    capacity,
    class_rules,
    preset_of,
    taken_output,
    taken_workspace,
)
from panfuse._fusion_centers import center_options
from panfuse._fusion_presets import CENTERS, VOTES
from panfuse._fusion_result import panoptic
from panfuse.categories import Categories

if TYPE_CHECKING:
    from collections.abc import Iterable

    from panfuse.panoptic import Panoptic

__all__ = ["fuse_centers", "vote"]

_INT64_MAX = 2**63 - 1


def vote(
    semantic: Any,
    instances: Any,
    *,
    things: Iterable[int] | Categories,
    preset: str | None = None,
    semantic_categories: Any = None,
    ignore: int | Iterable[int] | None = None,
    foreground: Any = None,
    weights: Any = None,
    stuff_area: int | None = None,
    label_divisor: int | None = None,
    void_label: int | None = None,
    batched: bool = False,
    out: Any = None,
    max_segments: int | None = None,
    threads: int | None = None,
) -> Any:
    """Give each instance the class that most of its pixels have, and lay stuff around them.

    By default an instance is all pixels of one number. Its class is the thing that most of them
    are of, the smallest category on a tie; pixels of stuff within it become part of it, but have
    no vote. An instance without a pixel of a thing is dropped, and its pixels are what their class
    says. Pixels of things without an instance are void: nobody knows which instance is theirs.

    Parameters
    ----------
    semantic : integer or bool array, 1 to 3 axes
        Labels: of an image, a volume, or points.
    instances : integer or bool array, the same shape
        Numbers of instances, 0 for none; at most 65,535 different ones.
    things : set of int, or Categories
        The category ids that are countable. `Categories` also become the result's.
    preset : str, optional
        ``"detectron2"``, ``"panoptic_deeplab"``, ``"deeplab2"``, ``"deeplab2_op"``,
        ``"empanada"``, ``"ds_net"`` or ``"panoptic_polarnet"``: what that project does (see Notes).
    semantic_categories : sequence or mapping of int, optional
        The category id of each label. Default: each label is one. Labels of one category count
        together.
    ignore : int or iterable of int, optional
        Labels that become void.
    foreground : integer or bool array, the same shape, optional
        Where it is 0, pixels belong to no instance. Only without a preset, and for those of
        detectron2, panoptic_deeplab and panoptic_polarnet.
    weights : float array in [0, 1], optional
        Of the same shape: what each vote weighs. With an axis of C channels in front: what each
        pixel gives to each label, such as a softmax; labels are then below C, and the class is that
        of the greatest sum. Sums are of whole multiples of 2**-30, and so do not depend on order.
    stuff_area : int, optional
        Stuff of fewer pixels becomes void. Default 0: nothing is thrown away unasked; presets have
        the projects' values, for images of 1024 x 2048.
    label_divisor, void_label : int, optional
        Of the project's map, that `Panoptic.to_original` returns.
    batched : bool, default False
        Whether the first axis counts independent items.
    out : int32 array, optional
        Where the ids are written, contiguous in C order; it becomes the result's map.
    max_segments : int, optional
        The most segments there may be.
    threads : int, optional
        As for `find_centers`.

    Returns
    -------
    Panoptic, or a list of them if `batched`
        Ids 1..N: instances by their number, then stuff by category. ``source_index`` is the rank of
        the instance's number among those that occur, ``score`` the part of its votes that its class
        has. ``decisions`` tells of each instance, by rank, whether it was kept.

    Raises
    ------
    TypeError
        An array has another dtype.
    ValueError
        Shapes differ; an instance's number is negative, or there are more than 65,535; a label has
        no category; a weight is not in [0, 1]; a knob has no meaning; arrays lie on a GPU, for
        which there is no kernel yet.
    OverflowError
        There are more segments than `max_segments`.

    Notes
    -----
    The presets, and how each was proven. All give an instance its most frequent label, the smallest
    on a tie.

    ``"detectron2"`` (original run, 02b5c4e): within `foreground`, or the pixels of things, all
    labels vote, also stuff; stuff of 2048 pixels lies where there is no instance.
    ``"panoptic_deeplab"`` (original run, cf8e20b): only pixels of things vote, and only they become
    the instance. ``"deeplab2"`` (original run, 64bc1c1): the same, but the instances of a class are
    numbered by their first pixel in the project's map. ``"deeplab2_op"`` (description only): things
    without an instance are one; stuff must be larger than 2048 pixels, and is also within
    instances; the order in which instances are numbered, unspecified there, ascends.
    ``"empanada"`` (description only): as panoptic_deeplab, with 64 pixels.
    ``"ds_net"`` (original run, bb198cd): all labels of an instance vote; ``"panoptic_polarnet"``
    (original run, c7bf9ae): only things, and `weights` with channels are its softmax. In both,
    stuff of any area stays, and pixels of things without an instance become one crowd for each
    class.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> semantic = np.array([[7, 7, 26, 26, 24], [7, 7, 26, 7, 24]])
    >>> instances = np.array([[0, 0, 3, 3, 0], [0, 0, 3, 3, 0]])
    >>> panoptic = pf.vote(semantic, instances, things={24, 26})
    >>> panoptic.ids
    array([[2, 2, 1, 1, 0],
           [2, 2, 1, 1, 0]], dtype=int32)
    >>> panoptic.segments.category_id, panoptic.segments.score
    (array([26,  7], dtype=int32), array([ 1., nan], dtype=float32))
    """
    arrays = {"semantic": semantic, "instances": instances}
    arrays |= {} if foreground is None else {"foreground": foreground}
    library, taken = _arrays.take(**arrays)
    if weights is not None:
        weights = _arrays.take_floats(semantic=semantic, weights=weights)[1][1]
    out = taken_output(out, semantic=semantic)
    classes = class_rules(things, semantic_categories, ignore)
    rules = _vote_rules(preset, stuff_area, label_divisor, foreground is not None)
    original = _original(preset, rules, void_label)
    kernels = _backend.cpu(library, "semantic")
    count, most = _checks.thread_count(threads), capacity(max_segments)
    frozen = VOTES[preset]

    def fuse(labels: Any, numbers: Any, mask: Any, weight: Any, target: Any) -> Panoptic:
        ids, columns = kernels.vote(
            labels,
            numbers,
            mask,
            frozen.foreground != "instances",
            weight,
            classes,
            rules,
            target,
            count,
            library.kernel_side,
        )
        return panoptic(
            library,
            ids,
            _arrays.shape_of(labels),
            columns,
            out=target,
            categories=things if isinstance(things, Categories) else None,
            original=original,
            max_segments=most,
        )

    items = (taken[0], taken[1], taken[2] if foreground is not None else None, weights, out)
    if not batched:
        return fuse(*items)
    return [fuse(*item) for item in _items(items, "semantic")]


def fuse_centers(
    semantic: Any,
    heatmap: Any,
    offsets: Any,
    *,
    things: Iterable[int] | Categories,
    preset: str | None = None,
    semantic_categories: Any = None,
    ignore: int | Iterable[int] | None = None,
    foreground: Any = None,
    threshold: float | None = None,
    nms_kernel: int | None = None,
    top_k: int | None = None,
    stuff_area: int | None = None,
    wrap: int | Iterable[int] | None = None,
    semantic_size: tuple[int, int] | None = None,
    label_divisor: int | None = None,
    void_label: int | None = None,
    out: Any = None,
    workspace: Any = None,
    max_segments: int | None = None,
    threads: int | None = None,
) -> Any:
    """Fuse the outputs of a bottom-up network (Panoptic-DeepLab) to one panoptic map.

    `find_centers`, `group_pixels` of the pixels of things, and `vote`, in one pass over the pixels
    and one over the ids. What these say about their knobs holds here.

    Parameters
    ----------
    semantic : integer array (H, W), or float array (C, h, w)
        Labels, or logits of any size, which are upsampled (bilinear, half-pixel centres, bit for
        bit as torch does on a CPU) without being stored; the first greatest channel is the label.
    heatmap : float32, float16 or bfloat16 array (H, W)
        Of centres. Its size is the output's. With a third axis in front, all arrays are batches.
    offsets : float32, float16 or bfloat16 array (2, H, W)
        dy, dx from each pixel to its centre, in pixels of the output.
    things : set of int, or Categories
        The category ids that are countable. `Categories` also become the result's.
    preset : str, optional
        ``"detectron2"``, ``"panoptic_deeplab"``, ``"deeplab2"``, ``"deeplab2_op"`` or
        ``"empanada"``: what that project does. Notes of `find_centers` and `vote` say what that
        is, and how it was proven.
    semantic_categories, ignore, stuff_area, label_divisor, void_label
        As for `vote`.
    foreground : integer or bool array (H, W), optional
        Which pixels are of an instance. Default: those of things. Only without a preset, and for
        those of detectron2 and panoptic_deeplab.
    threshold, nms_kernel, top_k, wrap
        As for `find_centers`.
    semantic_size : (int, int), optional
        What logits cover, if it is more than (H, W), of which that is the upper left part.
    out, max_segments, threads
        As for `vote`.
    workspace : array, optional
        On a GPU, scratch memory; on the CPU it is not used.

    Returns
    -------
    Panoptic, or a list of them for a batch
        Ids 1..N: instances by their centre in C order, then stuff by category. ``source_index`` is
        the index of the centre as `find_centers` lists it, ``score`` the heat there (of every
        preset). ``decisions`` tells of each centre whether it was kept.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As for `find_centers`, `group_pixels` and `vote`.

    References
    ----------
    Cheng et al., "Panoptic-DeepLab", CVPR 2020.

    Examples
    --------
    >>> import panfuse as pf
    >>> from panfuse.scenes import street
    >>> scene = street((64, 128), seed=7)
    >>> outputs = scene.centers()
    >>> panoptic = pf.fuse_centers(
    ...     outputs.semantic, outputs.heatmap, outputs.offsets, things=scene.categories, ignore=255
    ... )
    >>> panoptic.size
    (64, 128)
    """
    arrays = {"semantic": semantic, "heatmap": heatmap, "offsets": offsets}
    arrays |= {} if foreground is None else {"foreground": foreground}
    library, taken = _arrays.take_floats(**arrays)
    out = taken_output(out, semantic=semantic)
    taken_workspace(workspace, semantic=semantic)
    preset_of(preset, CENTERS)
    classes = class_rules(things, semantic_categories, ignore)
    centers = center_options(preset, threshold, nms_kernel, top_k, wrap)
    rules = _vote_rules(preset, stuff_area, label_divisor, foreground is not None)
    original = _original(preset, rules, void_label)
    kernels = _backend.cpu(library, "heatmap")
    count, most = _checks.thread_count(threads), capacity(max_segments)

    def fuse(labels: Any, heat: Any, pointers: Any, mask: Any, target: Any) -> Panoptic:
        shape = _arrays.shape_of(heat)
        ids, columns = kernels.fuse_centers(
            labels,
            heat,
            pointers,
            mask,
            classes,
            centers,
            rules,
            _padded(semantic_size, shape),
            target,
            count,
            library.kernel_side,
        )
        return panoptic(
            library,
            ids,
            shape,
            columns,
            out=target,
            categories=things if isinstance(things, Categories) else None,
            original=original,
            max_segments=most,
        )

    items = (*taken[:3], taken[3] if foreground is not None else None, out)
    if len(_arrays.shape_of(taken[1])) != 3:
        return fuse(*items)
    return [fuse(*item) for item in _items(items, "heatmap")]


def _vote_rules(
    preset: str | None, stuff_area: Any, label_divisor: Any, has_foreground: bool
) -> dict[str, Any]:
    """Fill the knobs of the vote, as cpp/bindings/bind_fusion.cpp reads them."""
    frozen = preset_of(preset, VOTES)
    if has_foreground and frozen.foreground == "things":
        raise ValueError(f"foreground: expected None, since the preset {preset!r} has no such mask")
    area = frozen.stuff_area if stuff_area is None else _checks.integer(stuff_area, "stuff_area")
    if not 0 <= area <= _INT64_MAX:
        raise ValueError(f"stuff_area: expected 0 or more, got {area}")
    divisor = (
        frozen.divisor if label_divisor is None else _checks.integer(label_divisor, "label_divisor")
    )
    if not 1 <= divisor <= 2**31:
        raise ValueError(f"label_divisor: expected 1 to 2**31, got {divisor}")
    return {
        "all_vote": frozen.all_vote,
        "all_painted": frozen.all_painted,
        "stuff_everywhere": frozen.stuff_everywhere,
        "stuff_above": frozen.stuff_above,
        "stuff_area": area,
        "leftover": frozen.leftover,
        "crowd_needs_instances": frozen.crowd_needs_instances,
        "numbers": frozen.numbers,
        "number_first": frozen.number_first,
        "divisor": divisor,
    }


def _original(preset: str | None, rules: dict[str, Any], void_label: Any) -> tuple[int, str] | None:
    """Say what is void in the project's map, and of which dtype that is."""
    if preset is None:
        return None
    frozen = VOTES[preset]
    label = frozen.void if void_label is None else _checks.integer(void_label, "void_label")
    if not -(2**31) <= label < 2**31:
        raise ValueError(f"void_label: expected -2**31 to 2**31 - 1, got {label}")
    return label * (rules["divisor"] if frozen.void_is_label else 1), frozen.dtype


def _padded(semantic_size: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    height_width = (
        shape if semantic_size is None else _checks.integers(semantic_size, "semantic_size")
    )
    if semantic_size is not None and (
        len(height_width) != 2 or not all(0 < side < 2**31 for side in height_width)
    ):
        raise ValueError(f"semantic_size: expected two positive numbers, got {semantic_size!r}")
    return (height_width[0], height_width[1]) if len(height_width) == 2 else (0, 0)


def _items(arrays: tuple[Any, ...], name: str) -> list[tuple[Any, ...]]:
    """Take a batch apart."""
    lengths = {_arrays.shape_of(array)[0] for array in arrays if array is not None}
    if len(lengths) != 1:
        raise ValueError(f"{name}: expected batches of one length, got {sorted(lengths)}")
    return [
        tuple(None if array is None else array[i] for array in arrays)
        for i in range(next(iter(lengths)))
    ]
