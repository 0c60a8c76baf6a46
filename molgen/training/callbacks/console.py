"""Progress of a run, in a terminal, a notebook or a log."""

from __future__ import annotations

import time
from typing import Any

import lightning as L
import torch
from torch import Tensor

from molgen.system.progress import Bar, is_watched
from molgen.training.display import Display
from molgen.training.task import GeneratorTask

_REDRAWN = 0.25
"""Seconds between two drawings of the bar. Each reads the losses, for which a GPU has to be waited."""


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


def _time_left(task: GeneratorTask) -> str:
    if task.progress <= 0:
        return "?"
    seconds = int(task.elapsed * (1 - min(task.progress, 1.0)) / task.progress)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
