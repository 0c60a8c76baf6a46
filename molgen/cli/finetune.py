"""`molgen finetune`: go on training a generator with a small set of molecules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def finetune(
    out: Annotated[Path, typer.Option(help="Folder of the run; the model is in its folder model.")],
    model: Annotated[str | None, typer.Argument(help="A model that ships with molgen, or a model directory.")] = None,
    molecules: Annotated[
        str | None, typer.Argument(help="File of molecules: .smi .csv .parquet .sdf; or a named set.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Longest training in minutes; default 5.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Longest training in steps.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-8, help="Peak of the learning rate; default 0.001.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Molecules per step; default 64.")] = None,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    desalt: Annotated[
        bool | None, typer.Option("--desalt", help="Of salts and mixtures, keep the largest organic component.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of order, noise and the molecules held out.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
) -> None:
    """Fine-tune a generator on some hundred molecules or more, so that it generates molecules like them.

    A tenth is held out. Training ends when their likelihood no longer rises; the best weights are kept. Molecules with
    atoms or sizes that the model does not have are left out, counted, and listed in left_out.csv with the reason.

    Example: molgen finetune moses-graph actives.smi --out runs/mine
    """
    from molgen.cli.console import say
    from molgen.errors import UsageError
    from molgen.models.generator import Generator
    from molgen.models.settings import FineTuningOptions
    from molgen.training.finetune import LEFT_OUT_FILE, fine_tune_run
    from molgen.training.folder import read_run_config
    from molgen.training.run import train

    options: FineTuningOptions = {
        "minutes": minutes,
        "steps": steps,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "column": column,
        "desalt": desalt,
        "seed": seed,
    }
    if resume:
        chosen = {name for name, value in options.items() if value is not None}
        if model is not None or chosen - {"minutes", "steps"}:
            raise UsageError("--resume takes everything but the length from the run; leave the other options out")
        stopped = train(read_run_config(out, steps=steps, minutes=minutes), out, resume=True)
    elif model is None or molecules is None:
        raise UsageError("name a model and a file: molgen finetune moses-graph actives.smi --out runs/mine")
    else:
        stopped = fine_tune_run(Generator.from_pretrained(model), molecules, out, **options)
    if (out / LEFT_OUT_FILE).is_file():
        say(f"molecules that are left out are listed in {out / LEFT_OUT_FILE}")
    if stopped is None:
        say(f"done: {out / 'model'}; try: molgen generate --model {out / 'model'} -n 100")
        return
    say(f"stopped; the best model so far is in {out / 'model'}; continue with: molgen finetune --out {out} --resume")
    raise typer.Exit(128 + stopped)
