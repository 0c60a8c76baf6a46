"""An optimiser that turns the step of every hidden matrix into an orthogonal one."""

from __future__ import annotations

import math
from collections import defaultdict
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
        """Matrices of one shape together, so that a GPU is not held up by hundreds of small products."""
        shapes: dict[torch.Size, list[Tensor]] = defaultdict(list)
        for weight in group["params"]:
            if weight.grad is not None:
                shapes[weight.shape].append(weight)
        for shape, weights in shapes.items():
            for weight in weights:
                if not self.state[weight]:
                    self.state[weight]["momentum"] = torch.zeros_like(weight)
            gradients = [weight.grad for weight in weights if weight.grad is not None]
            momenta = [self.state[weight]["momentum"] for weight in weights]
            torch._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
            updates = orthogonalised(torch.stack(torch._foreach_lerp(gradients, momenta, group["momentum"])))
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
            size = group["lr"] * _RMS * math.sqrt(max(shape))
            torch._foreach_add_(weights, list(updates.unbind()), alpha=-size)

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


def orthogonalised(matrices: Tensor) -> Tensor:
    """The nearest matrices with singular values of about 1 (between .7 and 1.2), by Newton-Schulz iteration.

    Args:
        matrices: ``(k, rows, columns)``.
    """
    a, b, c = _COEFFICIENTS
    x = matrices.bfloat16() if supports_bf16(matrices.device.type) else matrices
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)
