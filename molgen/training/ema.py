"""An exponential moving average of the weights: what is validated and shipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L
import torch
from torch import Tensor

from molgen.training.task import GeneratorTask


class ExponentialAverage(L.Callback):
    """Averages the weights after every step.

    The decay grows as (1 + step) / (10 + step) up to `decay`, so that the average follows quickly at first.

    Args:
        decay: final decay; 0 follows the weights exactly.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        current = _weights(pl_module)
        if self.weights.keys() != current.keys():
            self.weights = {name: value.clone() for name, value in current.items()}
        else:
            self.weights = {name: value.to(current[name].device) for name, value in self.weights.items()}

    @torch.no_grad()
    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = trainer.global_step
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.weights.values()), list(_weights(pl_module).values()), 1 - decay)

    @contextmanager
    def applied(self, pl_module: L.LightningModule) -> Iterator[None]:
        """Put the average in the place of the weights for a while."""
        current = _weights(pl_module)
        saved = {name: value.clone() for name, value in current.items()}
        _copy(self.weights, current)
        try:
            yield
        finally:
            _copy(saved, current)

    def state_dict(self) -> dict[str, Any]:
        return {"weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.weights = state_dict["weights"]


def _weights(pl_module: L.LightningModule) -> dict[str, Tensor]:
    assert isinstance(pl_module, GeneratorTask)
    return {name: parameter.data for name, parameter in pl_module.generator.named_parameters()}


def _copy(source: dict[str, Tensor], target: dict[str, Tensor]) -> None:
    torch._foreach_copy_(list(target.values()), [source[name] for name in target])
