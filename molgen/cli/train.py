"""`molgen train`: train a generator."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from molgen.cli.panels import Panels, panelled, panelled_group
from molgen.models.registry import FAMILIES, Family

_WHICH = """Train a generator from the beginning.

Which family: for molecules begin with graph-autoregressive, the best per minute of training. It keeps
fragments where `orders` has a share of pieces (docs/train.md), graph always does; any-order completes parts of a
SMILES. To train a model that exists further, on molecules of your own, see: molgen finetune.

Example: molgen train graph-autoregressive --data molecules.smi --out runs/new --minutes 60
"""

_FAMILIES: Panels = {
    "Molecules as graphs": ("graph-autoregressive", "graph"),
    "Molecules as SMILES": ("any-order", "text", "autoregressive", "continuous"),
    "Ordinary text": ("dialogue", "stream"),
}

_OPTIONS: Panels = {
    "Run": ("out", "config", "init_from", "resume"),
    "Data": ("data", "column", "desalt"),
    "Training": ("steps", "minutes", "batch_size", "seed"),
    "Hardware (Lightning)": ("accelerator", "devices", "num_nodes", "strategy"),
}


Out = Annotated[Path, typer.Option(help="Folder of the run.")]
Data = Annotated[
    str | None, typer.Option(help="A named set or a file; default qm9, chatterbot for dialogue; needed for stream.")
]
Column = Annotated[str | None, typer.Option(help="Column of SMILES in a table.")]
Desalt = Annotated[bool, typer.Option("--desalt", help="Of salts and mixtures, keep the largest organic component.")]
Config = Annotated[Path | None, typer.Option(help="TOML file; see docs/train.md.")]
InitFrom = Annotated[str | None, typer.Option(help="Model to start from: a name or a directory.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Length in steps.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Length in minutes.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Molecules per step.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Random seed of weights, order and noise.")]
Accelerator = Annotated[str, typer.Option(help="auto, cpu, gpu, ...")]
Devices = Annotated[str, typer.Option(help="Processes per node, or auto.")]
NumNodes = Annotated[int, typer.Option(min=1, help="Machines.")]
Strategy = Annotated[str, typer.Option(help="auto, ddp, ...")]


def _add_verb(app: typer.Typer, entry: Family) -> None:
    """Add the verb that trains a family, under its name and its former names; all take the same options."""
    family = entry.name

    def command(
        out: Out,
        data: Data = None,
        column: Column = None,
        desalt: Desalt = False,
        config: Config = None,
        init_from: InitFrom = None,
        resume: Resume = False,
        steps: Steps = None,
        minutes: Minutes = None,
        batch_size: BatchSize = None,
        seed: Seed = None,
        accelerator: Accelerator = "auto",
        devices: Devices = "auto",
        num_nodes: NumNodes = 1,
        strategy: Strategy = "auto",
    ) -> None:
        from molgen.cli.console import say
        from molgen.training.run import Hardware
        from molgen.training.train import train_run

        stopped = train_run(
            family,
            out,
            data,
            config=config,
            init_from=init_from,
            resume=resume,
            steps=steps,
            minutes=minutes,
            batch_size=batch_size,
            seed=seed,
            column=column,
            desalt=desalt,
            hardware=Hardware(accelerator, devices, num_nodes, strategy),
        )
        if stopped is None:
            say(f"done: {out / 'model'}")
            return
        say(f"stopped and saved; continue with: molgen train {family} --out {out} --resume")
        raise typer.Exit(128 + stopped)

    app.command(family, help=f"{entry.summary}\n\nCtrl-C saves; --resume continues.", cls=panelled(_OPTIONS))(command)
    for alias in entry.aliases:
        app.command(alias, help=f"Former name of {family}.", hidden=True)(command)


def train_app(families: Iterable[Family]) -> typer.Typer:
    """The command with a verb for each family."""
    made = typer.Typer(no_args_is_help=True, help=_WHICH, cls=panelled_group(_FAMILIES))
    for family in families:
        _add_verb(made, family)
    return made


app = train_app(FAMILIES.values())
