"""`molgen compare`: generators side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def compare(
    out: Annotated[Path, typer.Option(help="Folder of the comparison.")],
    data: Annotated[str | None, typer.Option(help="A named set or a file; default qm9.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="Training time of each row and seed: 90s, 30m (default), 2h.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Repetitions; default 1.")] = None,
    attempts: Annotated[int | None, typer.Option(min=1, help="Raw attempts to score; default 10,000.")] = None,
    split: Annotated[str | None, typer.Option(help="validation (default, to choose by) or test (to publish).")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with other rows; see docs/compare.md.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the comparison in --out.")] = False,
) -> None:
    """Train, sample and score families alike.

    Writes report.md, report.csv and report.png to --out.
    """
    from molgen.cli.console import say
    from molgen.comparison.rows import Stopped
    from molgen.comparison.run import compare_run
    from molgen.comparison.table import REPORT_FILE

    try:
        compare_run(config, out, data=data, budget=budget, seeds=seeds, attempts=attempts, split=split, resume=resume)
    except Stopped as stopped:
        say("stopped and saved; continue with the same command and --resume")
        raise typer.Exit(128 + stopped.number) from None
    sys.stdout.write((out / REPORT_FILE).read_text())
