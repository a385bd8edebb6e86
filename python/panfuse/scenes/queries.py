"""The outputs of a query network (MaskFormer and its family) that would produce a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .label_maps import coverage
from .noise import Float32, smooth_noise, symmetric_noise

if TYPE_CHECKING:
    from numpy.random import Generator

    from panfuse.categories import Categories
    from panfuse.panoptic import Panoptic

# Logit of a pixel deep inside a mask; outside it is the negative.
_MASK_LOGIT = 6.0


@dataclass(frozen=True, eq=False)
class QueryOutputs:
    """What a query network puts out for one image.

    Attributes
    ----------
    mask_logits : float32 (Q, h, w)
        One mask per query; ``h = ceil(H / stride)``, ``w = ceil(W / stride)``.
    class_logits : float32 (Q, C + 1)
        Channel c is the category ``categories.ids[c]``; the last is "no object".
    size : (H, W)
        The image.
    padded_size : (h * stride, w * stride)
        What the masks cover: upsample them to it (half-pixel centres) and crop to ``size``. It is
        ``size`` where the stride divides it.
    """

    mask_logits: Float32
    class_logits: Float32
    size: tuple[int, int]
    padded_size: tuple[int, int]


def query_outputs(
    prediction: Panoptic,
    categories: Categories,
    rng: Generator,
    *,
    num_queries: int,
    stride: int,
) -> QueryOutputs:
    """Write a prediction as query outputs.

    Its segments go to queries in no particular order, the largest first if there are not enough.
    The two largest stuff segments come as two queries each. A third of the queries left are
    duplicates of low confidence; the rest find no object.
    """
    segments = prediction.segments
    parts = coverage(prediction.ids, len(segments), stride)
    h, w = parts.shape[1:]
    rows = np.argsort(-segments.area, kind="stable")[:num_queries].tolist()
    spare = num_queries - len(rows)
    halved = [row for row in rows if not segments.is_thing[row]][: min(2, spare)]
    seen: list[tuple[int, Float32, float]] = []  # row, part of each cell, margin of its class
    for row in rows:
        margin = 3.5 + 5.0 * float(segments.score[row])
        if row in halved:
            middle = int(segments.bbox[row, 0] + segments.bbox[row, 2] // 2) // stride
            left, right = parts[row].copy(), parts[row].copy()
            left[:, middle:] = 0
            right[:, :middle] = 0
            seen += [(row, left, margin), (row, right, margin)]
        else:
            seen.append((row, parts[row], margin))
    for _ in range((num_queries - len(seen)) // 3 if rows else 0):
        row = rows[int(rng.integers(len(rows)))]
        seen.append((row, parts[row] * np.float32(0.9), 1.0 + 2.0 * float(rng.random())))

    queries = rng.permutation(num_queries).tolist()
    masks = rng.random((num_queries, h, w), dtype=np.float32)
    masks -= np.float32(0.5)
    class_logits = symmetric_noise(rng, (num_queries, len(categories) + 1)) * np.float32(0.5)
    channels = categories.to_contiguous(segments.category_id)
    for query, (row, part, margin) in zip(queries, seen, strict=False):
        masks[query] += (part * np.float32(2) - np.float32(1)) * np.float32(_MASK_LOGIT)
        class_logits[query, channels[row]] += np.float32(margin)
    for query in queries[len(seen) :]:
        masks[query] += smooth_noise(rng, (h, w), max(h, w) / 6.0) * np.float32(3) - np.float32(2)
        class_logits[query, -1] += np.float32(6)
    height, width = prediction.ids.shape
    return QueryOutputs(masks, class_logits, (height, width), (h * stride, w * stride))
