"""The command line: ``panfuse demo | evaluate | config``."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["main"]

_INTERRUPTED = 130  # as of a shell: 128 and the number of SIGINT

_app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@_app.callback()
def _panfuse() -> None:
    """Panoptic segmentation at the speed of memory."""


@_app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the data set and the picture.")] = Path(
        "panfuse_demo"
    ),
    images: Annotated[int, typer.Option(help="How many scenes.")] = 8,
    size: Annotated[str, typer.Option(help="Height x width of a scene.")] = "512x1024",
    seed: Annotated[int, typer.Option(help="Which scenes.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Generate streets and predictions of them, evaluate them, and draw the worst."""
    with _exit_status("demo"):
        from rich.console import Console

        from panfuse.cli.demo import run_demo

        run_demo(
            output,
            images=images,
            size=_size(size),
            seed=seed,
            console=Console(),
            as_json=as_json,
        )


@_app.command()
def evaluate(
    gt: Annotated[Path, typer.Argument(metavar="GT.json", help="Ground truth, COCO panoptic.")],
    pred: Annotated[Path, typer.Argument(metavar="PRED.json", help="Predictions.")],
    gt_folder: Annotated[
        Path | None,
        typer.Option(help="Its PNG files. Default: the path of the JSON file without .json."),
    ] = None,
    pred_folder: Annotated[
        Path | None, typer.Option(help="The predictions' PNG files. Default: likewise.")
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(help="coco, or panopticapi: that project's numbers to the last bit."),
    ] = "coco",
    fold: Annotated[
        int | None,
        typer.Option(help="With panopticapi: add as so many of its workers do."),
    ] = None,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Print a table of the categories, too.")
    ] = False,
    per_image: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write a row for each image.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Default: one for each CPU this process may use.")
    ] = None,
    as_json: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="OUT", help="Write all numbers as JSON; - prints it, and no table."
        ),
    ] = None,
) -> None:
    """Compute panoptic quality (PQ, SQ, RQ) of predictions in COCO panoptic files."""
    with _exit_status("evaluate"):
        from panfuse.cli.evaluate import run_evaluate

        run_evaluate(
            gt,
            pred,
            gt_folder=gt_folder,
            pred_folder=pred_folder,
            protocol=protocol,  # type: ignore[arg-type]  # checked there
            fold=fold,
            threads=threads,
            per_class=per_class,
            per_image=per_image,
            as_json=as_json,
            out=sys.stdout,
        )


@_app.command()
def config() -> None:
    """Print versions, instruction sets, and which kernels can run here."""
    from panfuse import show_config

    show_config()


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise ValueError(f"--size: expected HEIGHTxWIDTH, as in 512x1024, got {text!r}")
    return int(height), int(width)


@contextmanager
def _exit_status(command: str) -> Iterator[None]:
    """Say in one line what was wrong with the input, and end with status 2; 130 on Ctrl-C."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads has had enough: typer ends in silence
    except KeyboardInterrupt:
        typer.echo(f"panfuse {command}: interrupted", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    except (OSError, TypeError, ValueError) as error:
        text = str(error)
        if isinstance(error, OSError) and error.filename is not None:
            text = f"{error.strerror}: {error.filename}"
        typer.echo(f"panfuse {command}: {' '.join(text.split())}", err=True)
        raise typer.Exit(2) from error


def main() -> None:
    """Run the command line; exit status 0: done, 1: findings, 2: bad input, 130: interrupted."""
    _app()
