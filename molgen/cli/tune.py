"""`molgen tune`: how a model should sample."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def tune(
    model: Annotated[Path, typer.Argument(help="A model directory; its settings are replaced.")],
    reference: Annotated[str, typer.Option(help="A named set or a file: its validation molecules decide.")] = "qm9",
    attempts: Annotated[int, typer.Option(min=1, help="Raw attempts per point.")] = 2000,
    steps: Annotated[
        list[int] | None, typer.Option(min=1, help="Network calls to choose from; default: the model's own.")
    ] = None,
    aim: Annotated[str, typer.Option(help="fcd (lowest), vun or validity (highest).")] = "fcd",
) -> None:
    """Try sampling settings on validation molecules; keep the best in the model directory, with the table."""
    from molgen.cli.console import say
    from molgen.comparison.tuning import tune as run
    from molgen.errors import UsageError
    from molgen.hardware import keep_memory
    from molgen.pretrained import CONFIG_FILE

    if aim not in ("fcd", "vun", "validity"):
        raise UsageError(f"--aim is fcd, vun or validity, not {aim!r}")
    if not (model / CONFIG_FILE).is_file():
        raise UsageError(f"{model} is not a model directory; to tune a shipped model, copy its directory first")
    keep_memory()
    _, table = run(model, reference, attempts=attempts, steps=steps or (), aim=aim, say=say)  # type: ignore[arg-type]
    sys.stdout.write(table)
