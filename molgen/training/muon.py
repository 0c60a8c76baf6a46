"""An optimiser that turns the step of every hidden matrix into an orthogonal one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from molgen.system.hardware import supports_bf16

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_RMS = 0.2


class Muon(torch.optim.Optimizer):
    """Muon for hidden matrices (Jordan et al., 2024), AdamW for all else, at one learning rate.

    The momentum of a matrix is made nearly orthogonal, so that rare directions are learned as fast as common ones, and
    scaled to the size that a step of AdamW has (Liu et al., Moonlight, 2025).

    Args:
        model: whose parameters are trained.
        heads: its parts that map hidden features to outputs; their matrices are left to AdamW.
        lr: of AdamW.
        betas: of AdamW.
        weight_decay: of both.
        momentum: of the matrices.
    """

    def __init__(
        self,
        model: nn.Module,
        heads: Sequence[nn.Module],
        lr: float,
        betas: tuple[float, float],
        weight_decay: float,
        momentum: float = 0.95,
    ) -> None:
        matrices = hidden_matrices(model, heads)
        chosen = set(map(id, matrices))
        others = [parameter for parameter in model.parameters() if id(parameter) not in chosen]
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__([{"params": matrices, "hidden": True}, {"params": others, "hidden": False}], defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step; `closure` computes the gradients anew, where a trainer gives one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            (self._step_hidden if group["hidden"] else self._step_others)(group)
        return loss

    def _step_hidden(self, group: dict[str, Any]) -> None:
        for weight in group["params"]:
            if weight.grad is None:
                continue
            state = self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
            momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
            update = orthogonalised(weight.grad.lerp(momentum, group["momentum"]))
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            weight.add_(update, alpha=-group["lr"] * _RMS * math.sqrt(max(weight.shape)))

    def _step_others(self, group: dict[str, Any]) -> None:
        found = [parameter for parameter in group["params"] if parameter.grad is not None]
        for parameter in found:
            state = self.state[parameter]
            if not state:
                state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
                state["mean"], state["square"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        states = [self.state[parameter] for parameter in found]
        adamw(
            found,
            [parameter.grad for parameter in found],
            [state["mean"] for state in states],
            [state["square"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=1e-8,
            maximize=False,
        )


def hidden_matrices(model: nn.Module, heads: Sequence[nn.Module]) -> list[Tensor]:
    """Weights of linear maps between hidden features: all but those of the heads, which map to outputs."""
    outputs = {module for head in heads for module in head.modules()}
    return [module.weight for module in model.modules() if isinstance(module, nn.Linear) and module not in outputs]


def orthogonalised(matrix: Tensor) -> Tensor:
    """The nearest matrix with singular values of about 1 (between .7 and 1.2), by Newton-Schulz iteration."""
    a, b, c = _COEFFICIENTS
    x = matrix.bfloat16() if supports_bf16(matrix.device.type) else matrix
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).to(matrix.dtype)
