"""The Lightning task: any generator, one loss, one optimiser."""

from __future__ import annotations

import math
import time
from typing import Any

import lightning as L
import torch
from torch import Tensor

from molgen.diffusion.random_keys import RandomKeys
from molgen.models.base import Model
from molgen.models.recipe import OptimiserConfig
from molgen.nn.dropout import key_dropout, no_dropout
from molgen.training.muon import Muon

_ATTEMPTS = 2**20
"""Randomness of attempts made while training, apart from that of noise."""
_DROPOUT = 2**21
"""That of dropout."""


class GeneratorTask(L.LightningModule):
    """Trains a generator.

    The loss of a step is the sum over its molecules divided by the nominal batch size, so that a molecule weighs the
    same in a full batch and in the small batch of a rare size.

    Args:
        generator: what is trained.
        config: the optimiser's part of the run.
    """

    def __init__(self, generator: Model, config: OptimiserConfig) -> None:
        super().__init__()
        self.generator = generator
        self.config = config
        self.elapsed = 0.0
        self.progress = 0.0
        self.validity: float | None = None
        self._last_tick: float | None = None

    def training_step(self, batch: Any, batch_index: int) -> Tensor:
        rng = RandomKeys.from_seed(self.config.seed, batch.examples).fold_in(batch.visit)
        key_dropout(self.generator, rng.fold_in(_DROPOUT))
        losses = self.generator.loss(batch, rng, self.config.objective)
        share = self.config.batch_size / self.trainer.world_size
        loss = torch.stack([loss.sum() for loss in losses.values()]).sum() / share
        if self.config.validity_weight and len(batch):
            keys, following = rng.fold_in(_ATTEMPTS), self.config.property_reward
            with no_dropout(self.generator):  # attempts and their probabilities are those of the same network
                reward, valid = self.generator.reward(batch, keys, following)
            loss = loss - self.config.validity_weight * reward / share
            self.validity = valid if self.validity is None else 0.98 * self.validity + 0.02 * valid
        if len(batch):
            # Tensors: to read them here would have every step wait for a GPU.
            self.last_losses = {kind: value.detach().mean() for kind, value in losses.items()}
        return loss

    def on_train_start(self) -> None:
        self._last_tick = time.monotonic()

    def on_train_batch_start(self, batch: Any, batch_index: int) -> None:
        """Measure the share of training done, alike on every process, and set the learning rate by it."""
        now = time.monotonic()
        self.elapsed += now - (self._last_tick if self._last_tick is not None else now)
        self._last_tick = now
        if self.trainer.world_size > 1:
            self.elapsed = float(self.trainer.strategy.broadcast(self.elapsed))
        self.progress = max(
            self.global_step / self.config.steps if self.config.steps else 0.0,
            self.elapsed / (60 * self.config.minutes) if self.config.minutes else 0.0,
        )
        rate = learning_rate(self.config, self.global_step, self.progress)
        for group in self.optimizers().param_groups:  # type: ignore[union-attr]
            group["lr"] = rate

    @property
    def finished(self) -> bool:
        """Whether the length asked for is reached."""
        return self.progress >= 1 or (self.config.steps is not None and self.global_step >= self.config.steps)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        config, betas = self.config, (0.9, self.config.beta2)
        if config.method == "muon":
            return Muon(self, self.generator.heads(), config.learning_rate, betas, config.weight_decay)
        return torch.optim.AdamW(
            self.parameters(),
            lr=config.learning_rate,
            betas=betas,
            weight_decay=config.weight_decay,
            fused=self.trainer.precision != "16-mixed",  # which clips after unscaling, and a fused step unscales itself
        )

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """By norm. Lightning's own refuses fused optimisers with bfloat16 too, which scales nothing."""
        torch.nn.utils.clip_grad_norm_(self.parameters(), self.config.clip)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["elapsed"] = self.elapsed

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.elapsed = float(checkpoint["elapsed"])


def learning_rate(config: OptimiserConfig, step: int, progress: float) -> float:
    """Linear warm-up times a half cosine from the peak to zero."""
    warm = min(1.0, (step + 1) / config.warmup) if config.warmup else 1.0
    return config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
