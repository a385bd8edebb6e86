"""Files written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Write beside `path`, then take its place; errors name `path`."""
    import secrets  # it takes a twentieth of NumPy's own import time

    try:
        if path.exists() and not path.is_file():  # a device, a pipe: there is nothing to replace
            path.write_bytes(data)
            return
        target = path.resolve()  # what a link points at, so that the link stays
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
