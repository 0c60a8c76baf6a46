"""A training run, from configuration to model directory."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import lightning as L
import tomli_w
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from molgen.errors import MolgenError, UsageError
from molgen.models.base import Model
from molgen.models.loading import load_model
from molgen.models.recipe import Parent, Prepared, Recipe
from molgen.models.registry import find_family
from molgen.nn.dropout import set_dropout
from molgen.system.hardware import keep_memory, supports_bf16
from molgen.system.progress import bar
from molgen.training.callbacks import Console, Keeper, Monitor, Stopper
from molgen.training.display import EVERYTHING, Display
from molgen.training.ema import ExponentialAverage
from molgen.training.folder import begin_run, check_free, find_checkpoint, keep_molecules, read_step
from molgen.training.loader import loader
from molgen.training.task import GeneratorTask


@dataclass(frozen=True)
class Hardware:
    """Where to train, in Lightning's words.

    Attributes:
        accelerator: ``auto``, ``cpu``, ``gpu``, ...
        devices: number of processes per node, or ``auto``.
        num_nodes: number of machines.
        strategy: ``auto``, ``ddp``, ``ddp_spawn``, ...
    """

    accelerator: str = "auto"
    devices: str = "auto"
    num_nodes: int = 1
    strategy: str = "auto"


def train(
    config: Recipe,
    run: Path,
    *,
    init_from: str | None = None,
    resume: bool = False,
    molecules: Iterable[str] | None = None,
    hardware: Hardware | None = None,
    display: Display = EVERYTHING,
) -> int | None:
    """Train a generator.

    The run's folder gets ``config.toml`` (resolved), ``last.ckpt`` (to resume), ``logs/`` and ``model/`` (the model
    directory, with averaged weights).

    Args:
        config: of the run.
        run: folder, new unless `resume`.
        init_from: model to start from, which decides shape and noise; the data must fit its vocabulary.
        resume: continue `run` where it stopped, with the same order of data.
        molecules: SMILES to train on instead of the data that `config` names; kept in the folder, in ``molecules.csv``.
        hardware: where.
        display: what is shown.

    Returns:
        The signal that stopped training early, or None.

    Raises:
        MolgenError: the folder is taken, or there is nothing to resume, or the data do not fit.
    """
    checkpoint = find_checkpoint(run) if resume else None
    if checkpoint is None:
        check_free(run)
    written = run / "model"
    start = _start(config, str(written) if resume and written.is_dir() else init_from)
    if start is not None and init_from is not None:
        config = config.starting_from(start, init_from)
        start.ring_systems = frozenset()  # those of other molecules
    if not resume:
        config = config.model_copy(update={"parent": None if start is None else parent_of(start)})
    with keep_molecules(molecules, run) as file:
        if file is not None:
            config = config.model_copy(update={"data": config.data.model_copy(update={"name": str(file)})})
        return fit(config, run, start, checkpoint, hardware=hardware, display=display)


def fit(
    config: Recipe,
    run: Path,
    start: Model | None = None,
    checkpoint: Path | None = None,
    *,
    hardware: Hardware | None = None,
    display: Display = EVERYTHING,
) -> int | None:
    """Train by a configuration as it stands, from a model in memory.

    Args:
        config: of the run, after `Recipe.starting_from`.
        run: folder.
        start: model to begin from.
        checkpoint: to continue from.
        hardware: see `train`.
        display: see `train`.

    Returns:
        The signal that stopped training early, or None.
    """
    keep_memory()
    config = _pinned(config, resumed=checkpoint is not None)
    with bar("reading data", shown=display.bars) as shown:
        prepared = config.prepare(start, lambda n: shown.update(f"{n:,} read"))
    if config.optimiser.dropout is not None:
        set_dropout(prepared.model, config.optimiser.dropout)
    task = GeneratorTask(prepared.model.train(), config.optimiser)
    average = ExponentialAverage(config.optimiser.ema)
    stopper = Stopper()
    callbacks = [average, stopper, Console(display), *_observers(config, run, prepared, average, task, display)]
    trainer = _trainer(config, run, hardware or Hardware(), callbacks)
    if checkpoint is None:
        begin_run(run, config)
    step = read_step(checkpoint) if checkpoint is not None else 0
    stream = prepared.batches(
        seed=config.optimiser.seed, start=step, rank=trainer.global_rank, world=trainer.world_size
    )
    if prepared.report is not None and prepared.report.kept < prepared.report.read and trainer.is_global_zero:
        display.note("\n".join(prepared.report.lines()))
    with warnings.catch_warnings(), stopper.listening():
        warnings.filterwarnings("ignore", module="lightning")
        trainer.fit(task, loader(stream, config.optimiser.workers), ckpt_path=checkpoint, weights_only=True)
    return stopper.signal


def _pinned(config: Recipe, resumed: bool) -> Recipe:
    """With the full path and the fingerprint of the data.

    Raises:
        UsageError: the run is resumed, and the fingerprint is another than when it began.
    """
    name, fingerprint = config.source()
    if resumed and config.data.fingerprint not in (None, fingerprint):
        raise UsageError(
            f"cannot resume: {config.data.name} has changed since the run began; put the former file back, or begin a "
            "new run with --init-from and the model of this one"
        )
    data = config.data.model_copy(update={"name": name, "fingerprint": fingerprint})
    return config.model_copy(update={"data": data})


def parent_of(start: Model) -> Parent:
    """Name and hash of a model that a run begins from; both are empty where it was not loaded."""
    return Parent(name=start.name, weights_sha256=start.weights_sha256)


def _start(config: Recipe, name: str | None) -> Model | None:
    """The model that a run begins from.

    Raises:
        MolgenError: it is of another family.
    """
    if name is None:
        return None
    model: Model = load_model(name)
    if not isinstance(model, find_family(config.family).model_class()):
        raise MolgenError(f"{name} holds a {model.family} model, not a {config.family} model")
    return model


def _observers(
    config: Recipe, run: Path, prepared: Prepared, average: ExponentialAverage, task: GeneratorTask, display: Display
) -> list[L.Callback]:
    """Validation, where there are molecules for it, and then saving."""
    optimiser = config.optimiser
    if prepared.validation is None:
        if optimiser.patience is not None:
            raise MolgenError("optimiser.patience needs molecules for validation, and there are none")
        return [Keeper(run, average, optimiser.save_minutes, lambda: _card(config, task))]
    monitor = Monitor(
        prepared.validation,
        average,
        optimiser.validate_minutes,
        optimiser.validation_molecules,
        optimiser.sampled_molecules,
        optimiser.patience,
        optimiser.validate_steps,
        optimiser.validation_draws,
        display.line,
    )
    best = None if optimiser.patience is None else monitor
    return [monitor, Keeper(run, average, optimiser.save_minutes, lambda: _card(config, task), best)]


def _trainer(config: Recipe, run: Path, hardware: Hardware, callbacks: list[L.Callback]) -> L.Trainer:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    precision = config.optimiser.precision
    accelerator = hardware.accelerator
    if precision == "auto":
        on_gpu = accelerator in ("gpu", "cuda", "auto") and torch.cuda.is_available()
        precision = "bf16-mixed" if supports_bf16("cuda" if on_gpu else "cpu") else "32-true"
    try:
        return L.Trainer(
            accelerator=accelerator,
            devices=int(hardware.devices) if hardware.devices.isdigit() else hardware.devices,
            num_nodes=hardware.num_nodes,
            strategy=hardware.strategy,
            precision=precision,
            max_steps=config.optimiser.steps or -1,
            max_epochs=-1,
            logger=[CSVLogger(run, name="logs"), TensorBoardLogger(run, name="tensorboard")],
            callbacks=callbacks,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
    except (L.fabric.utilities.exceptions.MisconfigurationException, ValueError, RuntimeError) as error:
        raise UsageError(f"cannot train there: {str(error).splitlines()[0]}") from None


def _card(config: Recipe, task: GeneratorTask) -> str:
    """The card a run writes by itself: what is known without measuring."""
    parameters = sum(p.numel() for p in task.generator.parameters())
    source = getattr(task.generator.config, "data", {}).get("name", config.data.name)
    data = config.data.model_copy(update={"name": Path(config.data.name).name})  # a path says nothing elsewhere
    settings = tomli_w.dumps(config.model_copy(update={"data": data}).model_dump(exclude_none=True))
    begun = "" if config.parent is None else f" Begun from `{config.parent.name}` ({config.parent.weights_sha256})."
    return (
        f"# A molgen {task.generator.family} model\n\n"
        f"{parameters:,} parameters, trained on `{source}` for {task.global_step:,} steps of "
        f"{config.optimiser.batch_size} molecules ({task.elapsed / 60:.0f} minutes).{begun} Not measured yet: run "
        f"`molgen generate --attempts 10000` and `molgen evaluate` on what it writes.\n\n```toml\n{settings}```\n"
    )
