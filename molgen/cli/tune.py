"""`molgen tune`: choose the sampling settings of a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def tune(
    model: Annotated[Path, typer.Argument(help="Model directory; its settings are replaced.")],
    reference: Annotated[str, typer.Option(help="A named set or a file, whose validation split is used.")] = "qm9",
    attempts: Annotated[int, typer.Option(min=1, help="Raw attempts per setting.")] = 2000,
    steps: Annotated[
        list[int] | None, typer.Option(min=1, help="Network calls to choose from; default: the model's own.")
    ] = None,
    tries: Annotated[
        list[str] | None,
        typer.Option("--try", help="Settings to choose from instead of a search, such as 'temperature=0.9 steps=20'."),
    ] = None,
    aim: Annotated[str, typer.Option(help="fcd (lowest), vun or validity (highest).")] = "fcd",
    least_validity: Annotated[
        float, typer.Option(min=0, max=1, help="Lowest strict validity allowed, if any setting reaches it.")
    ] = 0.0,
) -> None:
    """Choose sampling settings on validation molecules.

    The best settings and the table of all that were tried are kept in the model directory.
    """
    from molgen.cli.console import say
    from molgen.cli.options import sampling_settings
    from molgen.comparison.tuning import Aim
    from molgen.comparison.tuning import tune as run
    from molgen.errors import UsageError
    from molgen.models.directory import CONFIG_FILE
    from molgen.system.hardware import keep_memory

    if aim not in ("fcd", "vun", "validity"):
        raise UsageError(f"--aim is fcd, vun or validity, not {aim!r}")
    if not (model / CONFIG_FILE).is_file():
        raise UsageError(f"{model} is not a model directory; to tune a shipped model, copy its directory first")
    if tries and steps:
        raise UsageError("--try sets the steps: leave --steps out")
    keep_memory()
    _, table = run(
        model,
        reference,
        attempts=attempts,
        steps=steps or (),
        tries=[sampling_settings(text, "--try") for text in tries or ()],
        aim=Aim(aim, least_validity),  # type: ignore[arg-type]
        say=say,
    )
    sys.stdout.write(table)
