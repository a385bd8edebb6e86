"""The command line: ``panfuse demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from panfuse import show_config
from panfuse.cli.demo import run_demo

__all__ = ["main"]

_app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@_app.callback()
def _panfuse() -> None:
    """Panoptic segmentation at the speed of memory."""


@_app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the two pictures.")] = Path(
        "panfuse_demo"
    ),
    size: Annotated[str, typer.Option(help="Height x width of the scene.")] = "512x1024",
    seed: Annotated[int, typer.Option(help="Which scene.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Generate a street and a prediction of it, and show which segments match."""
    try:
        run_demo(output, size=_size(size), seed=seed, console=Console(), as_json=as_json)
    except (OSError, TypeError, ValueError) as error:
        typer.echo(f"panfuse demo: {error}", err=True)
        raise typer.Exit(2) from error


@_app.command()
def config() -> None:
    """Print versions, instruction sets, and which kernels can run here."""
    show_config()


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise ValueError(f"--size: expected HEIGHTxWIDTH, as in 512x1024, got {text!r}")
    return int(height), int(width)


def main() -> None:
    """Run the command line; exit status 0: done, 1: findings, 2: bad input."""
    _app()
