"""What a run saves while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import torch

from molgen.errors import MolgenError
from molgen.system.files import whole_file
from molgen.training.callbacks.monitor import Monitor, check_finite
from molgen.training.ema import ExponentialAverage
from molgen.training.folder import CHECKPOINT_FILE
from molgen.training.task import GeneratorTask


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
        check_finite(pl_module)
        checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
        if trainer.is_global_zero:
            path = self.run / CHECKPOINT_FILE
            with whole_file(path) as temporary:
                try:
                    torch.save(checkpoint, temporary)
                except RuntimeError:  # PyTorch's writer does not say why
                    raise MolgenError(f"cannot write {path}: is the disk full? What was saved before stays") from None
            if not model:
                return
            with self.average.applied(pl_module):
                pl_module.generator.save_pretrained(self.run / "model", self.card(), overwrite=True)
