"""Training from the beginning, as the command line and Python ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from molgen.errors import UsageError
from molgen.io import smiles_of
from molgen.models.generator import Generator
from molgen.models.registry import find_family
from molgen.system.files import passing_folder
from molgen.system.stopping import pass_on
from molgen.training import run as runs
from molgen.training.config import read_config
from molgen.training.display import EVERYTHING, Display
from molgen.training.folder import read_run_config
from molgen.training.run import Hardware


def train_run(
    family: str,
    run: Path,
    data: str | Path | Iterable[Any] | None = None,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    init_from: str | Path | None = None,
    resume: bool = False,
    steps: int | None = None,
    minutes: float | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    column: str | None = None,
    desalt: bool = False,
    hardware: Hardware | None = None,
    display: Display = EVERYTHING,
) -> int | None:
    """Train a model of any family, and leave a run's folder, see `molgen.training.run.train`.

    Args:
        family: of the registry.
        run: folder, new unless `resume`.
        data: see `train`, as are the arguments that follow.
        config: tables and keys of the recipe.
        init_from: model to start from.
        resume: continue `run`.
        steps: length.
        minutes: length.
        batch_size: examples per step.
        seed: of weights, order and noise.
        column: of a table.
        desalt: keep the largest organic component.
        hardware: where.
        display: what is shown.

    Returns:
        The signal that stopped training early, or None.

    Raises:
        UsageError: an unknown family or setting, a folder that is taken, or nothing to resume.
        MolgenError: the data do not fit.
    """
    molecules = None
    if resume:
        if any(value is not None for value in (data, column, desalt or None, config, init_from, batch_size, seed)):
            raise UsageError("--resume takes everything but the length from the run; leave the other options out")
        recipe = read_run_config(run, family, steps=steps, minutes=minutes)
    else:
        name = str(data) if isinstance(data, str | Path) else None
        molecules = None if data is None or isinstance(data, str | Path) else smiles_of(data, "data")
        overrides: dict[str, dict[str, object]] = {
            "data": {"name": name, "column": column, "desalt": desalt or None},
            "optimiser": {"steps": steps, "minutes": minutes, "batch_size": batch_size, "seed": seed},
        }
        recipe = read_config(config, overrides, family)
    return runs.train(
        recipe,
        run,
        init_from=None if init_from is None else str(init_from),
        resume=resume,
        molecules=molecules,
        hardware=hardware,
        display=display,
    )


def train(
    family: str,
    data: str | Path | Iterable[Any] | None = None,
    out: str | Path | None = None,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    init_from: str | Path | None = None,
    resume: bool = False,
    steps: int | None = None,
    minutes: float | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    column: str | None = None,
    desalt: bool = False,
    accelerator: str = "auto",
    devices: int | str = "auto",
    num_nodes: int = 1,
    strategy: str = "auto",
    progress: bool | Callable[[float], object] = True,
) -> Generator:
    """A generator of molecules, trained from the beginning: what ``molgen train`` does.

    Ctrl-C ends training after the step under way and gives the model as it is then.

    Args:
        family: ``graph-autoregressive`` (the best per minute of training), ``graph``, ``text``, ``any-order``,
            ``autoregressive`` or ``continuous``.
        data: a named set or a file, ``qm9`` by default; or SMILES or RDKit molecules in any iterable, which are kept in
            the run's folder.
        out: folder of the run, new unless `resume`; by default nothing is kept on disk.
        config: a TOML file, or its tables and keys as a dictionary, see docs/train.md. The arguments below win.
        init_from: model to start from: one that ships with molgen, or a model directory.
        resume: continue the run in `out`; everything but the length is taken from it.
        steps: length of training in steps; or
        minutes: in minutes of wall-clock, 60 by default.
        batch_size: molecules per step, 256 by default.
        seed: of weights, order and noise, 0 by default.
        column: of SMILES in a table.
        desalt: keep the largest organic component of salts and mixtures, which are left out otherwise.
        accelerator: ``auto``, ``cpu``, ``gpu``, ... (Lightning).
        devices: processes per node, or ``auto`` (Lightning).
        num_nodes: machines (Lightning).
        strategy: ``auto``, ``ddp``, ... (Lightning).
        progress: true for a bar and a line for each validation on terminals and in notebooks; false for nothing; or
            what is called after each step with the share of training done.

    Raises:
        UsageError: an unknown family or setting, a family that generates no molecules, or a folder that is taken.
        MolgenError: the data cannot be used, or do not fit the model to start from.

    Example:
        >>> import molgen
        >>> small = {"network": {"width": 16, "layers": 1, "heads": 2}}
        >>> model = molgen.train("autoregressive", ["CCO", "CCN", "CCC", "CCCO"], config=small, steps=2)
        >>> len(model.attempts(5))
        5
    """
    found = find_family(family)
    if not found.molecules:
        raise UsageError(f"{found.name} generates no molecules; train it by: molgen train {found.name}")
    if resume and out is None:
        raise UsageError("resume=True continues the run in a folder: name it by out")
    with passing_folder() as temporary:
        run = temporary / "run" if out is None else Path(out)
        stopped = train_run(
            found.name,
            run,
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
            hardware=Hardware(accelerator, str(devices), num_nodes, strategy),
            display=Display.of(progress),
        )
        model = Generator.from_pretrained(run / "model")
    if out is None:
        model.name = ""  # its folder is gone
    pass_on(stopped)
    return model
