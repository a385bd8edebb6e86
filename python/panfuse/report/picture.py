"""Pictures of panoptic results: an overlay in the categories' colours, and a PNG writer."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panfuse.categories import Categories
from panfuse.panoptic import Panoptic

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from panfuse.segments import Segments

__all__ = ["overlay", "write_png"]

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_VOID = (26, 26, 30)
_HATCH = (62, 62, 70)
_MARK = (255, 32, 32)
# Rows filtered at a time by `write_png`: a few MB of scratch.
_PNG_ROWS = 256
# Over a noisy photo, level 6 takes four times as long for 4 % fewer bytes.
_PNG_LEVEL = 4


def overlay(
    panoptic: Panoptic,
    image: npt.ArrayLike | None = None,
    *,
    categories: Categories | None = None,
    boundaries: bool = True,
    alpha: float | None = None,
    mark: Iterable[int] = (),
) -> Image:
    """Draw segments in the colours of their categories, each thing in a shade of its own.

    Parameters
    ----------
    panoptic : Panoptic
        Its ids: (H, W), on the host.
    image : uint8 (H, W, 3), optional
        RGB picture below the colours.
    categories : Categories, optional
        Whose colours; by default those of `panoptic`.
    boundaries : bool, default True
        Draw borders: white around things, dark between stuff.
    alpha : float, optional
        Opacity of the colours, from 0 to 1. Default: 0.55 over an image, 1 without.
    mark : iterable of int
        Segment ids to outline in red.

    Returns
    -------
    uint8 (H, W, 3)
        RGB. Void is hatched in dark grey, half transparent over an image.

    Raises
    ------
    TypeError
        If an argument is of another type, or the ids are not on the host.
    ValueError
        If ``ids`` is not of rank 2, holds an id without a segment (named), ``image`` has another
        size, a category of a segment is not in ``categories``, ``mark`` names an unknown segment,
        or ``alpha`` is outside 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> from panfuse.report import overlay
    >>> ids = np.array([[1, 1, 2], [1, 2, 2]], np.int32)
    >>> segments = pf.Segments([1, 2], [0, 13], [False, True])
    >>> panoptic = pf.Panoptic(ids, segments, categories=pf.Categories.cityscapes())
    >>> overlay(panoptic, boundaries=False)[0, 0]
    array([128,  64, 128], dtype=uint8)
    """
    if not isinstance(panoptic, Panoptic):
        raise TypeError(f"panoptic: expected a Panoptic, got {type(panoptic).__name__}")
    categories = panoptic.categories if categories is None else categories
    if not isinstance(categories, Categories):
        got = "none there either" if categories is None else type(categories).__name__
        raise TypeError(f"categories: expected a Categories, or one in panoptic, got {got}")
    try:
        ids = np.asarray(panoptic.ids)
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"panoptic.ids: expected an array on the host, got {error}") from error
    if ids.ndim != 2:
        raise ValueError(f"panoptic.ids: expected shape (H, W), got {ids.shape}")
    if alpha is None:
        alpha = 1.0 if image is None else 0.55
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha: expected a number from 0 to 1, got {alpha}")
    segments = panoptic.segments
    rows = _rows(ids, segments)
    palette = np.concatenate([np.array([_VOID], np.uint8), _shades(segments, categories)])
    drawn = palette[rows]
    void = rows == 0
    step = max(3, min(ids.shape) // 90)
    y, x = np.nonzero(void)
    drawn[y, x] = np.where(((y + x) // step % 3 == 0)[:, None], _HATCH, _VOID).astype(np.uint8)
    if image is not None:
        drawn = _blend(_picture(image, ids.shape), drawn, alpha)
    thick = 1 + min(ids.shape) // 700
    if boundaries:
        is_thing = np.concatenate([[False], segments.is_thing])
        _draw_borders(drawn, rows, is_thing)
    marked = segments.index(np.fromiter(mark, np.int64))
    if len(marked):
        chosen = np.zeros(len(segments) + 1, np.bool_)
        chosen[marked + 1] = True
        inside = chosen[rows]
        edge = inside & _grow(_changes(np.where(inside, rows, 0)), 2 * thick)
        drawn[edge] = _MARK
    return drawn


def _rows(ids: npt.NDArray[Any], segments: Segments) -> npt.NDArray[np.intp]:
    """1 + the row of each pixel's segment; 0 where void."""
    keys = np.concatenate([np.zeros(1, np.int32), segments.id])
    rows = np.minimum(np.searchsorted(keys, ids), len(keys) - 1)
    missing = keys[rows] != ids
    if missing.any():
        raise ValueError(
            f"panoptic.ids: expected ids of its {len(segments)} segments, got {ids[missing][0]}"
        )
    return rows


def _shades(segments: Segments, categories: Categories) -> Image:
    """Choose a colour per segment: uint8 (N, 3)."""
    try:
        channels = categories.to_contiguous(segments.category_id)
    except ValueError as error:
        raise ValueError(f"categories: {error}") from None
    colors = categories.colors[channels].astype(np.float64).reshape(-1, 3)
    seen: dict[int, int] = {}
    for row in np.flatnonzero(segments.is_thing).tolist():
        category = int(segments.category_id[row])
        count = seen[category] = seen.get(category, -1) + 1
        # Multiples of the golden ratio spread evenly over shades from dark to light.
        shade = (0.35 + count * 0.6180339887498949) % 1.0 - 0.35
        end = 255.0 if shade > 0 else 0.0
        colors[row] += (end - colors[row]) * abs(shade) * 0.75
    shades: Image = np.rint(colors).astype(np.uint8)
    return shades


def _picture(image: npt.ArrayLike, size: tuple[int, ...]) -> Image:
    picture = np.asarray(image)
    if picture.dtype != np.uint8:
        raise TypeError(f"image: expected dtype uint8, got {picture.dtype}")
    if picture.shape != (*size, 3):
        raise ValueError(f"image: expected shape {(*size, 3)}, got {picture.shape}")
    return picture


def _blend(below: Image, above: Image, alpha: float) -> Image:
    """Mix in fixed point, 8 bits after the point."""
    weight = np.uint16(round(alpha * 256))
    mixed = above * weight
    mixed += below * np.uint16(256 - weight)
    mixed += np.uint16(128)
    mixed >>= np.uint16(8)
    return mixed.astype(np.uint8)


def _changes(labels: npt.NDArray[Any]) -> Mask:
    """Pixels on either side of a change of label."""
    edge = np.zeros(labels.shape, np.bool_)
    across = labels[:, 1:] != labels[:, :-1]
    down = labels[1:] != labels[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def _grow(mask: Mask, radius: int) -> Mask:
    """Return the pixels within `radius` steps of a mask."""
    for _ in range(radius - 1):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    return mask


def _draw_borders(drawn: Image, rows: npt.NDArray[np.intp], is_thing: Mask) -> None:
    """Darken the borders of stuff, then outline things from within, in white."""
    labels = np.where(is_thing[rows], rows, 0)
    outline = _changes(labels) & (labels != 0)
    edge = _changes(rows) & ~outline
    drawn[edge] = drawn[edge] // np.uint8(3) * np.uint8(2)
    drawn[outline] = 255 - (255 - drawn[outline]) // np.uint8(4)


def write_png(path: str | os.PathLike[str], rgb: npt.ArrayLike) -> None:
    r"""Write an RGB picture as a PNG file of 8 bits a channel.

    Each row is stored by whichever of the filters None, Sub, Up and Paeth gives the smallest sum
    of absolute residuals (the first on a tie), which is what the PNG specification recommends.

    Parameters
    ----------
    path : str or path
        Written in place of what was there.
    rgb : uint8 (H, W, 3)
        H and W at least 1.

    Raises
    ------
    TypeError
        If ``rgb`` has another dtype.
    ValueError
        If it has another shape.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from panfuse.report import write_png
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "red.png"
    ...     write_png(path, np.full((2, 3, 3), (255, 0, 0), np.uint8))
    ...     path.read_bytes()[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    pixels = np.asarray(rgb)
    if pixels.dtype != np.uint8:
        raise TypeError(f"rgb: expected dtype uint8, got {pixels.dtype}")
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"rgb: expected shape (H, W, 3), H and W at least 1, got {pixels.shape}")
    height, width = pixels.shape[:2]
    lines = np.ascontiguousarray(pixels).reshape(height, 3 * width)
    compressor = zlib.compressobj(_PNG_LEVEL)
    parts = []
    for start in range(0, height, _PNG_ROWS):
        above = lines[start - 1] if start else np.zeros(3 * width, np.uint8)
        block = _filter_rows(lines[start : start + _PNG_ROWS], above)
        parts.append(compressor.compress(block.tobytes()))
    parts.append(compressor.flush())
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b"".join(parts)), (b"IEND", b""))
    data = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in chunks:
        checksum = zlib.crc32(body, zlib.crc32(kind))
        data += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)]
    Path(path).write_bytes(b"".join(data))


def _filter_rows(lines: Image, above: Image) -> Image:
    """Filter rows of bytes, 3 to a pixel: uint8 (rows, 1 + bytes), the filter's number first."""
    up = np.concatenate([above[None], lines[:-1]])
    left = np.zeros_like(lines)
    left[:, 3:] = lines[:, :-3]
    corner = np.zeros_like(lines)
    corner[:, 3:] = up[:, :-3]
    # Wrapping uint8 arithmetic is the format's own.
    residuals = {0: lines, 1: lines - left, 2: lines - up, 4: lines - _paeth(left, up, corner)}
    costs = [np.minimum(r, 0 - r).sum(axis=1, dtype=np.int64) for r in residuals.values()]
    best = np.argmin(costs, axis=0)
    filtered = np.empty((lines.shape[0], 1 + lines.shape[1]), np.uint8)
    for index, (number, residual) in enumerate(residuals.items()):
        chosen = best == index
        filtered[chosen, 0] = number
        filtered[chosen, 1:] = residual[chosen]
    return filtered


def _paeth(left: Image, up: Image, corner: Image) -> Image:
    """Predict by the neighbour nearest to left + up - corner; ties to left, then up (PNG, 9.4)."""
    a, b, c = (side.astype(np.int16) for side in (left, up, corner))
    to_left, to_up = np.abs(b - c), np.abs(a - c)
    to_corner = np.abs(a + b - c - c)
    use_left = (to_left <= to_up) & (to_left <= to_corner)
    return np.where(use_left, left, np.where(to_up <= to_corner, up, corner))
