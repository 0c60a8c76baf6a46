"""`molgen finetune`: go on training a generator with a small set of molecules."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer


def finetune(
    model: Annotated[str, typer.Argument(help="A model that ships with molgen, or a model directory.")],
    molecules: Annotated[str, typer.Argument(help="File of molecules: .smi .csv .parquet .sdf; or a named set.")],
    out: Annotated[Path, typer.Option(help="Folder of the run; the model is in its folder model.")],
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Longest training in minutes; default 5.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Longest training in steps, instead of minutes.")] = None,
    learning_rate: Annotated[float, typer.Option(min=1e-8, help="Peak of the learning rate.")] = 5e-4,
    batch_size: Annotated[int, typer.Option(min=1, help="Molecules per step.")] = 64,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of order, noise and the molecules held out.")] = 0,
) -> None:
    """Fine-tune a generator on a few hundred molecules or more, so that it generates molecules like them.

    A tenth is held out. Training ends when their likelihood no longer rises; the best weights are kept. Molecules with
    atoms or sizes that the model does not have are left out, counted, and listed in left_out.csv with the reason.
    """
    from molgen.cli.console import say
    from molgen.errors import UsageError
    from molgen.models.generator import Generator
    from molgen.system.progress import bar
    from molgen.training.finetune import fine_tune_run

    if minutes is not None and steps is not None:
        raise UsageError("give --minutes or --steps, not both")
    with bar("reading molecules") as shown:
        stopped = fine_tune_run(
            Generator.from_pretrained(model),
            molecules,
            out,
            column=column,
            minutes=minutes,
            steps=steps,
            learning_rate=learning_rate,
            batch_size=batch_size,
            seed=seed,
            say=say,
            on_ready=shown.stop,
        )
    if stopped is None:
        say(f"done: {out / 'model'}; try: molgen generate --model {out / 'model'} -n 100")
        return
    say(f"stopped; the best model so far is in {out / 'model'}")
    raise typer.Exit(128 + stopped if stopped != signal.SIGINT else 130)
