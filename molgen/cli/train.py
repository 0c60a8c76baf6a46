"""`molgen train`: train a generator."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Train a generator.")


Out = Annotated[Path, typer.Option(help="Folder of the run.")]
Data = Annotated[str | None, typer.Option(help="A named set or a file; default qm9, or chatterbot.")]
Column = Annotated[str | None, typer.Option(help="Column of SMILES in a table.")]
Desalt = Annotated[bool, typer.Option("--desalt", help="Of salts and mixtures, keep the largest organic component.")]
Config = Annotated[Path | None, typer.Option(help="TOML file; see docs/train.md.")]
InitFrom = Annotated[str | None, typer.Option(help="Model to start from: a name or a directory.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Length in steps.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Length in minutes.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Molecules per step.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Random seed of weights, order and noise.")]
Accelerator = Annotated[str, typer.Option(help="auto, cpu, gpu, ... (Lightning).")]
Devices = Annotated[str, typer.Option(help="Processes per node, or auto (Lightning).")]
NumNodes = Annotated[int, typer.Option(min=1, help="Machines (Lightning).")]
Strategy = Annotated[str, typer.Option(help="auto, ddp, ... (Lightning).")]


def _command(family: str, summary: str) -> None:
    """Add the verb that trains a family; all take the same options."""

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
        from molgen.errors import UsageError
        from molgen.system.progress import bar
        from molgen.training.run import Hardware, read_run_config, train
        from molgen.training.runs import read_config

        if resume:
            if any(value is not None for value in (data, column, desalt or None, config, init_from, batch_size, seed)):
                raise UsageError("--resume takes everything but the length from the run; leave the other options out")
            settings = read_run_config(out, family, steps=steps, minutes=minutes)
        else:
            optimiser: dict[str, object] = {"steps": steps, "minutes": minutes, "batch_size": batch_size, "seed": seed}
            molecules: dict[str, object] = {"name": data, "column": column, "desalt": desalt or None}
            overrides: dict[str, dict[str, object]] = {"data": molecules, "optimiser": optimiser}
            settings = read_config(config, overrides, family)
        hardware = Hardware(accelerator, devices, num_nodes, strategy)
        with bar("reading data") as shown:
            stopped = train(
                settings,
                out,
                init_from=init_from,
                resume=resume,
                hardware=hardware,
                progress=lambda n: shown.update(f"{n:,} read"),
                on_ready=shown.stop,
            )
        if stopped is None:
            say(f"done: {out / 'model'}")
            return
        say(f"stopped and saved; continue with: molgen train {family} --out {out} --resume")
        raise typer.Exit(128 + stopped if stopped != signal.SIGINT else 130)

    app.command(family, help=f"{summary} Ctrl-C saves; --resume continues.")(command)


_command("graph", "Train a denoiser of whole graphs.")
_command("graph-any-order", "Train an autoregressive model of graphs.")
_command("text", "Train discrete diffusion on SMILES.")
_command("any-order", "Train absorbing diffusion on SMILES, in blocks.")
_command("autoregressive", "Train an autoregressive model on SMILES.")
_command("continuous", "Train Gaussian diffusion on SMILES.")
_command("dialogue", "Train a dialogue model on pairs of prompt and reply.")
_command("stream", "Train a model that continues a text, on a text file.")
