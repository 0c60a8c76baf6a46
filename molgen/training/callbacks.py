"""What happens beside the steps: stopping, saving, validation, progress."""

from __future__ import annotations

import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import lightning as L
import torch
from torch import Tensor

from molgen.datasets.batches import Batch, BatchStream
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError
from molgen.system.files import whole_file
from molgen.system.progress import Bar, is_watched, to_stderr
from molgen.system.signals import ENDING, leave_terminal
from molgen.training.display import Display
from molgen.training.ema import ExponentialAverage
from molgen.training.task import GeneratorTask

_SIGNALS = (signal.SIGINT, *ENDING)
_REDRAWN = 0.25
"""Seconds between two drawings of the bar. Each reads the losses, for which a GPU has to be waited."""


class Stopper(L.Callback):
    """Ends training at its length; at Ctrl-C, SIGTERM or SIGHUP (the terminal closes) after the step under way.

    SIGHUP stays ignored where it is, as under ``nohup``.

    Attributes:
        signal: the signal that ended training, or None.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Signals are its own from the start of training on, and as they were after the block.

        Lightning also sets handlers, and takes them back before its callbacks do: what they find is not what there was.
        """
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        try:
            yield
        finally:
            if threading.current_thread() is threading.main_thread():
                for number, handler in before.items():
                    signal.signal(number, handler)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if threading.current_thread() is not threading.main_thread():  # which alone may set handlers
            return
        for number in _SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._remember)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        assert isinstance(pl_module, GeneratorTask)
        stop = pl_module.finished or self.signal is not None
        trainer.should_stop = trainer.strategy.reduce_boolean_decision(stop, all=False)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:  # asked twice: stop at once
            raise KeyboardInterrupt
        self.signal = number
        leave_terminal()


class Keeper(L.Callback):
    """Writes ``last.ckpt`` (to resume) and the model directory (to use) every few minutes and at the end.

    Args:
        run: folder of the run.
        average: whose weights the model directory gets.
        minutes: between writes.
        card: gives the text of the model card.
        best: where training stops early, the monitor that keeps track of the best weights; the model directory then
            holds those instead of the last.
    """

    def __init__(
        self,
        run: Path,
        average: ExponentialAverage,
        minutes: float,
        card: Callable[[], str],
        best: Monitor | None = None,
    ) -> None:
        self.run = run
        self.average = average
        self.seconds = 60 * minutes
        self.card = card
        self.best = best
        self._last = time.monotonic()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        improved = self.best is not None and self.best.improved
        due = time.monotonic() - self._last >= self.seconds or trainer.should_stop or improved
        if trainer.strategy.reduce_boolean_decision(due, all=False):
            self.save(trainer, pl_module, model=self.best is None or improved)

    def save(self, trainer: L.Trainer, pl_module: L.LightningModule, model: bool) -> None:
        """Write the checkpoint now, and the model directory if wanted, each whole."""
        assert isinstance(pl_module, GeneratorTask)
        self._last = time.monotonic()
        _check_finite(pl_module)
        checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
        if trainer.is_global_zero:
            path = self.run / "last.ckpt"
            with whole_file(path) as temporary:
                try:
                    torch.save(checkpoint, temporary)
                except RuntimeError:  # PyTorch's writer does not say why
                    raise MolgenError(f"cannot write {path}: is the disk full? What was saved before stays") from None
            if not model:
                return
            with self.average.applied(pl_module):
                pl_module.generator.save_pretrained(self.run / "model", self.card(), overwrite=True)


class Monitor(L.Callback):
    """Every few minutes: the bound on validation examples, and what the model measures by sampling.

    Both with the averaged weights and always the same randomness, so that numbers of one run compare.

    Args:
        stream: one pass over the validation molecules.
        average: whose weights are judged.
        minutes: between validations.
        molecules: for the bound.
        samples: for what is measured by sampling.
        steps: between validations, instead of `minutes`; None for minutes.
        draws: of noise or order for each molecule.
        say: called with a line for each validation.
        patience: validations without a lower bound after which training stops; None for never.

    Attributes:
        improved: whether the step under way ended with the lowest bound so far.
    """

    def __init__(
        self,
        stream: BatchStream[Batch],
        average: ExponentialAverage,
        minutes: float,
        molecules: int,
        samples: int,
        patience: int | None = None,
        steps: int | None = None,
        draws: int = 1,
        say: Callable[[str], None] = to_stderr,
    ) -> None:
        self.stream = stream
        self.average = average
        self.seconds = 60 * minutes
        self.molecules = molecules
        self.samples = samples
        self.patience = patience
        self.steps = steps
        self.draws = draws
        self.say = say
        self.improved = False
        self._lowest, self._waited = float("inf"), 0
        self._last = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        return {"lowest": self._lowest, "waited": self._waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._lowest, self._waited = float(state_dict["lowest"]), int(state_dict["waited"])

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.improved = False
        if self.steps is not None:
            due = trainer.global_step % self.steps == 0
        else:
            due = time.monotonic() - self._last >= self.seconds
        if trainer.strategy.reduce_boolean_decision(due or trainer.should_stop, all=False):
            self._last = time.monotonic()
            _check_finite(pl_module)
            if trainer.is_global_zero:
                metrics = self.measure(pl_module)
                for logger in trainer.loggers:
                    logger.log_metrics(metrics, step=trainer.global_step)
                shown = "  ".join(f"{name.removeprefix('validation/')} {value:.4f}" for name, value in metrics.items())
                self.say(f"step {trainer.global_step:,}  validation: {shown}")
                self.improved = metrics["validation/bound_nats"] < self._lowest
                self._lowest = min(self._lowest, metrics["validation/bound_nats"])
            self.improved = trainer.strategy.reduce_boolean_decision(self.improved, all=False)
            self._waited = 0 if self.improved else self._waited + 1
            if self.patience is not None and self._waited >= self.patience:
                trainer.should_stop = True

    @torch.no_grad()
    def measure(self, pl_module: L.LightningModule) -> dict[str, float]:
        """The metrics, by name."""
        assert isinstance(pl_module, GeneratorTask)
        generator = pl_module.generator
        with self.average.applied(pl_module):
            generator.eval()
            sums: dict[str, float] = defaultdict(float)
            molecules = 0
            for batch in self.stream:
                batch = batch.to(pl_module.device)
                rng = RandomKeys.from_seed(0, batch.examples)
                for draw in range(self.draws):
                    for name, nats in generator.validation(batch, rng.fold_in(draw) if draw else rng).items():
                        sums[name] += float(nats.sum()) / self.draws
                molecules += len(batch)
                if molecules >= self.molecules:
                    break
            metrics = generator.sample_metrics(self.samples) if self.samples else {}
            generator.train()
        found = {**{name: total / molecules for name, total in sums.items()}, **metrics}
        return {f"validation/{name}": value for name, value in found.items()}


class Console(L.Callback):
    """Loss, molecules per second and time left: a bar on a terminal or in a notebook, a line a minute elsewhere.

    Args:
        display: whether it shows both.
        interval: seconds between lines, and between entries of the logs.
    """

    def __init__(self, display: Display, interval: float = 60.0) -> None:
        self.display = display
        self.interval = interval
        self._molecules = 0
        self._since = 0.0
        self._smooth: dict[str, Tensor] = {}
        self._bar: Bar | None = None
        self._drawn = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._since = time.monotonic()
        if trainer.is_global_zero and self.display.bars and is_watched():
            self._bar = Bar("training", total=1.0, counted=False)
            self._bar.start()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        assert isinstance(pl_module, GeneratorTask)
        self._molecules += len(batch) * trainer.world_size
        for kind, value in getattr(pl_module, "last_losses", {}).items():
            self._smooth[kind] = torch.lerp(self._smooth.get(kind, value), value, 0.02)
        now = time.monotonic()
        seconds = now - self._since
        if self._bar is not None and (now - self._drawn >= _REDRAWN or trainer.should_stop):
            self._drawn = now
            self._bar.update(self._describe(seconds), completed=pl_module.progress)
        if self.display.follow is not None and trainer.is_global_zero:
            self.display.follow(1.0 if pl_module.finished else pl_module.progress)
        if trainer.is_global_zero and (seconds >= self.interval or trainer.should_stop):
            rate = self._molecules / max(seconds, 1e-9)
            metrics = {f"train/{kind}_nats": float(value) for kind, value in self._smooth.items()}
            metrics |= {"train/molecules_per_second": rate, "train/progress": pl_module.progress}
            if pl_module.validity is not None:
                metrics["train/validity"] = pl_module.validity
            for logger in trainer.loggers:
                logger.log_metrics(metrics, step=trainer.global_step)
            if self._bar is None:
                left = _time_left(pl_module)
                self.display.line(f"step {trainer.global_step:,}  {self._describe(seconds)}  {left} left")
            self._molecules, self._since = 0, time.monotonic()

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _describe(self, seconds: float) -> str:
        losses = "  ".join(f"{kind} {value:.3f}" for kind, value in self._smooth.items())
        return f"{losses} nats  {self._molecules / max(seconds, 1e-9):,.0f} molecules/s"


def _check_finite(pl_module: L.LightningModule) -> None:
    """End training that has diverged, before it is validated or saved over what was saved before.

    Raises:
        MolgenError: a weight is not finite.
    """
    if not all(bool(weights.isfinite().all()) for weights in pl_module.parameters()):
        raise MolgenError(
            "training has diverged: weights are not finite any more. Lower optimiser.learning_rate; what was saved "
            "before stays as it is"
        )


def _time_left(task: GeneratorTask) -> str:
    if task.progress <= 0:
        return "?"
    seconds = int(task.elapsed * (1 - min(task.progress, 1.0)) / task.progress)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
