"""Calls that run at the same time, and programs that run by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Start all calls at once; return what they return, or raise what one raises."""
    results: list[Any] = [None] * len(calls)
    errors: list[BaseException] = []
    start = threading.Barrier(len(calls))

    def run(index: int) -> None:
        try:
            start.wait()
            results[index] = calls[index]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def run_program(
    text: str, *, timeout: float = 120, options: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python program in an interpreter of its own, without this one's panfuse switches."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PANFUSE_")}
    return subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", text],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
