"""Label maps in PNG files, as COCO panoptic and its relatives store them."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from panfuse import _arrays, _backend, _checks, _files

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["read", "write"]

# 1 GiB of ids; ten times what COCO, Cityscapes or Mapillary Vistas have in one image.
MAX_PIXELS = 2**28


def read(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    max_pixels: int = MAX_PIXELS,
) -> npt.NDArray[np.uint32]:
    """Read the ids of a label map from a PNG file.

    The id of a pixel is R + 256 G + 65536 B in RGB and RGBA files of 8 bits (alpha is left out),
    the sample in gray ones of 1 to 16 bits, and the index in those with a palette. No other chunk
    of the file changes it: not the palette, nor gamma, color profiles or transparency.

    The file must be sound: each chunk's CRC and the image data's Adler-32 are checked, nothing may
    be missing, and nothing may follow the end. Empty IDAT chunks, ancillary chunks in any order,
    and indices past the palette's last color are let pass.

    Parameters
    ----------
    source : str, path, or bytes-like
        The file, or its content. Interlaced files are read too, more slowly.
    max_pixels : int, default 2**28
        A file that claims more pixels is refused before memory is taken for them. (One whose image
        data is too short for what it claims always is.)

    Returns
    -------
    uint32 array, shape (H, W)
        A new one. The GIL is released while it is made.

    Raises
    ------
    FormatError
        The file is truncated, corrupt, larger than `max_pixels`, or holds no ids (RGB and RGBA of
        16 bits, gray with alpha). The message names the file (``<bytes>`` for content) and the
        fault.
    OSError
        The file cannot be opened or read.
    TypeError, BufferError
        `source` is neither a path nor bytes that lie side by side.

    Examples
    --------
    >>> import numpy as np
    >>> import panfuse as pf
    >>> data = pf.png.write(np.array([[0, 7], [7, 256]]))
    >>> pf.png.read(data)
    array([[  0,   7],
           [  7, 256]], dtype=uint32)
    >>> pf.png.read(b"GIF89a")
    Traceback (most recent call last):
    panfuse.errors.FormatError: <bytes>: no PNG file: the signature is missing
    """
    limit = _checks.integer(max_pixels, "max_pixels")
    if limit < 1:
        raise ValueError(f"max_pixels: expected a positive number, got {limit}")
    limit = min(limit, 2**63)
    kernels = _backend.cpu().png
    ids: npt.NDArray[np.uint32]
    if isinstance(source, (str, os.PathLike)):
        ids = kernels.read_file(os.fsencode(source), limit)
    else:
        ids = kernels.read_bytes(_view(source), limit)
    return ids


@overload
def write(ids: Any, path: None = None) -> bytes: ...


@overload
def write(ids: Any, path: str | os.PathLike[str]) -> None: ...


def write(ids: Any, path: str | os.PathLike[str] | None = None) -> bytes | None:
    r"""Write a label map as an RGB PNG file, with id = R + 256 G + 65536 B.

    Parameters
    ----------
    ids : array, shape (H, W)
        Integers or bools from 0 to 2**24 - 1, on the CPU, of any strides. H and W at least 1.
    path : str or path, optional
        The file is written beside it and then takes its place, so that there never is half of one.
        By default the content is returned.

    Returns
    -------
    bytes, or None if `path` is given

    Raises
    ------
    TypeError
        `ids` is no array of integers or bools.
    ValueError
        `ids` has another shape, lies on a GPU, or holds an id that does not fit; the message names
        the first such id and where it stands.
    OSError
        The file cannot be written.

    Notes
    -----
    Rows are stored as differences to the row above, unless most of their pixels differ or a small
    map is smaller without. They are compressed by libdeflate or zlib, whichever panfuse was built
    with (else by Python's zlib): `panfuse.show_config` says which. The bytes of a file may depend
    on that, its ids do not.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import panfuse as pf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "ids.png"
    ...     pf.png.write(np.full((2, 3), 2**24 - 1), path)
    ...     pf.png.read(path).max()
    np.uint32(16777215)
    """
    library, (ids,) = _arrays.take(ids=ids)
    kernels = _backend.cpu(library, "ids").png
    data: bytes = kernels.encode(ids, None if kernels.can_compress() else zlib.compress)
    if path is None:
        return data
    _files.replace(Path(os.fsdecode(path)), data)
    return None


def _view(source: Any) -> memoryview:
    try:
        return memoryview(source)
    except TypeError:
        raise TypeError(f"source: expected a path or bytes, got {type(source).__name__}") from None
