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
    from molgen.comparison import compare as run
    from molgen.comparison import default_plan, read_plan
    from molgen.comparison.run import Stopped
    from molgen.comparison.table import write_report
    from molgen.errors import UsageError

    values = {
        "data": data,
        "minutes": None if budget is None else _minutes(budget),
        "seeds": None if seeds is None else tuple(range(seeds)),
        "attempts": attempts,
        "split": split,
    }
    plan = default_plan(**values) if config is None else read_plan(config, **values)
    if out.exists() and any(out.iterdir()) and not resume:
        raise UsageError(f"{out} is not empty; choose another folder, or continue it with --resume")
    try:
        found = run(plan, out, say)
    except Stopped as stopped:
        say("stopped and saved; continue with the same command and --resume")
        raise typer.Exit(128 + stopped.number) from None
    sys.stdout.write(write_report(out, plan, found))


def _minutes(text: str) -> float:
    from molgen.errors import UsageError

    units = {"s": 1 / 60, "m": 1.0, "h": 60.0}
    try:
        minutes = float(text[:-1]) * units[text[-1]]
    except (ValueError, KeyError, IndexError):
        raise UsageError(f"--budget takes a number and a unit, such as 90s, 30m or 2h, not {text!r}") from None
    if not 0 < minutes < float("inf"):
        raise UsageError(f"--budget must be positive, got {text!r}")
    return minutes
