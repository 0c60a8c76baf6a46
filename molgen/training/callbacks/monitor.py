"""Validation while a run goes on."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import lightning as L
import torch

from molgen.datasets.batches import Batch, BatchStream
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError
from molgen.system.progress import to_stderr
from molgen.training.ema import ExponentialAverage
from molgen.training.task import GeneratorTask


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
            check_finite(pl_module)
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


def check_finite(pl_module: L.LightningModule) -> None:
    """End training that has diverged, before it is validated or saved over what was saved before.

    Raises:
        MolgenError: a weight is not finite.
    """
    if not all(bool(weights.isfinite().all()) for weights in pl_module.parameters()):
        raise MolgenError(
            "training has diverged: weights are not finite any more. Lower optimiser.learning_rate; what was saved "
            "before stays as it is"
        )
