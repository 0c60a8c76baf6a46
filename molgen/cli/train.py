"""`molgen train`: train a generator."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Train a generator.")


@app.command()
def graph(
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    data: Annotated[str | None, typer.Option(help="A named set or a file; default qm9.")] = None,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file; see docs/training.md.")] = None,
    init_from: Annotated[str | None, typer.Option(help="Model to start from: a name or a directory.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Length in steps.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="Length in minutes.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Molecules per step.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of weights, order and noise.")] = None,
    accelerator: Annotated[str, typer.Option(help="auto, cpu, gpu, ... (Lightning).")] = "auto",
    devices: Annotated[str, typer.Option(help="Processes per node, or auto (Lightning).")] = "auto",
    num_nodes: Annotated[int, typer.Option(min=1, help="Machines (Lightning).")] = 1,
    strategy: Annotated[str, typer.Option(help="auto, ddp, ... (Lightning).")] = "auto",
) -> None:
    """Train a graph diffusion model. Ctrl-C saves; --resume continues."""
    from molgen.cli.console import say
    from molgen.errors import UsageError
    from molgen.progress import bar
    from molgen.training.config import read_config
    from molgen.training.run import Hardware, read_run_config, train

    if resume:
        if any(value is not None for value in (data, column, config, init_from, batch_size, seed)):
            raise UsageError("--resume takes everything but the length from the run; leave the other options out")
        settings = read_run_config(out, steps=steps, minutes=minutes)
    else:
        optimiser: dict[str, object] = {"steps": steps, "minutes": minutes, "batch_size": batch_size, "seed": seed}
        settings = read_config(config, {"data": {"name": data, "column": column}, "optimiser": optimiser})
    hardware = Hardware(accelerator, devices, num_nodes, strategy)
    with bar(f"reading {settings.data.name}") as shown:
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
    say(f"stopped and saved; continue with: molgen train graph --out {out} --resume")
    raise typer.Exit(128 + stopped if stopped != signal.SIGINT else 130)
