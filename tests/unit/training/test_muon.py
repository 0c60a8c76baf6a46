"""The optimiser for hidden matrices."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from molgen.training.muon import Muon, hidden_matrices, orthogonalised


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(5, 16)
        self.inner = nn.Linear(16, 32)
        self.outer = nn.Linear(32, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.outer(self.inner(self.embedding(x)).tanh()))


def loss_of(model: nn.Module, seed: int) -> torch.Tensor:
    x = torch.randint(5, (64,), generator=torch.Generator().manual_seed(seed))
    return nn.functional.cross_entropy(model(x), x % 3)


def train(model: nn.Module, optimiser: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        optimiser.zero_grad()
        loss_of(model, step).backward()
        optimiser.step()


@pytest.mark.parametrize("shape", [(16, 64), (64, 16), (40, 40)])
def test_a_matrix_becomes_nearly_orthogonal(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    matrix = left @ torch.diag(torch.logspace(0, -1, min(shape))) @ right
    found = orthogonalised(matrix[None])[0]
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.6 and values.max() < 1.3
    # Singular vectors stay: what is left of the product with the exact answer is the values alone.
    aligned = left.T @ found @ right.T
    torch.testing.assert_close(aligned, torch.diag(aligned.diag()), atol=0.05, rtol=0)
    assert orthogonalised(torch.zeros(2, *shape)).isfinite().all()


def test_only_hidden_matrices_take_such_steps() -> None:
    model = Network()
    assert [id(weight) for weight in hidden_matrices(model, [model.head])] == [
        id(model.inner.weight),
        id(model.outer.weight),
    ]
    optimiser = Muon(model, [model.head], 1e-2, (0.9, 0.99), 0.0)
    reference = copy.deepcopy(model)
    hidden = ("inner.weight", "outer.weight")
    others = [parameter for name, parameter in reference.named_parameters() if name not in hidden]
    adam = torch.optim.AdamW(others, 1e-2, (0.9, 0.99), weight_decay=0.0)
    before = model.inner.weight.detach().clone()
    train(model, optimiser, range(1))
    train(reference, adam, range(1))
    torch.testing.assert_close(model.embedding.weight, reference.embedding.weight)
    torch.testing.assert_close(model.head.weight, reference.head.weight)
    change = (model.inner.weight - before).detach()
    assert 0.05 * 1e-2 < float(change.square().mean().sqrt()) < 0.25 * 1e-2  # .2 where the gradient has full rank


def orthogonal_by_svd(matrix: torch.Tensor) -> torch.Tensor:
    """The five rounds of Jordan's polynomial on the singular values, which is all they change."""
    left, values, right = torch.linalg.svd(matrix.double() / matrix.double().norm(), full_matrices=False)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return left @ torch.diag(values) @ right


@pytest.mark.parametrize(("momentum", "decay"), [(0.95, 0.0), (0.5, 0.0), (0.95, 0.3)])
def test_steps_are_those_of_a_reference(momentum: float, decay: float) -> None:
    """Momentum of Nesterov's form, and the size of a step of AdamW (Moonlight): .2 sqrt(larger side)."""
    model = Network()
    optimiser = Muon(model, [model.head], 0.1, (0.9, 0.99), decay, momentum)
    weights = {weight: weight.detach().double().clone() for weight in (model.inner.weight, model.outer.weight)}
    velocity = {weight: torch.zeros_like(value) for weight, value in weights.items()}
    for step in range(3):
        for group in optimiser.param_groups:
            group["lr"] = 0.1 / (step + 1)
        for weight in weights:
            torch.manual_seed(10 * step + weight.shape[0])
            weight.grad = torch.randn(weight.shape)
            velocity[weight] = momentum * velocity[weight] + (1 - momentum) * weight.grad.double()
            ahead = momentum * velocity[weight] + (1 - momentum) * weight.grad.double()
            size = 0.1 / (step + 1) * 0.2 * math.sqrt(32)
            weights[weight] = (1 - 0.1 / (step + 1) * decay) * weights[weight] - size * orthogonal_by_svd(ahead)
        optimiser.step()
    for weight, expected in weights.items():  # bfloat16 has three digits
        torch.testing.assert_close(weight.detach().double(), expected, atol=4e-3, rtol=0)


def test_it_learns_and_continues_as_if_never_stopped() -> None:
    model = Network()
    optimiser = Muon(model, [model.head], 1e-2, (0.9, 0.99), 0.01)
    first = float(loss_of(model, 1000).detach())
    train(model, optimiser, range(20))
    saved = copy.deepcopy((model.state_dict(), optimiser.state_dict()))
    train(model, optimiser, range(20, 40))
    assert float(loss_of(model, 1000).detach()) < first / 4
    again = Network()
    again.load_state_dict(saved[0])
    resumed = Muon(again, [again.head], 1e-2, (0.9, 0.99), 0.01)
    resumed.load_state_dict(saved[1])
    train(again, resumed, range(20, 40))
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
