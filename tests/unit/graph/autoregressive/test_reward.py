"""Models learn from a reward for valid attempts."""

from __future__ import annotations

import pytest
import torch

from molgen.chem.strict import strict_smiles
from molgen.diffusion.random_keys import RandomKeys
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from tests.unit.graph.toy import all_graphs, batch_of, probabilities, toy


def valid_graphs(model: AutoregressiveGraphModel) -> torch.Tensor:
    """Which of all graphs of three atoms are valid."""
    from molgen.graph.generator import state_graphs

    graphs = all_graphs()
    drawn = state_graphs({"atoms": graphs.atoms, "bonds": graphs.bonds})
    return torch.tensor([strict_smiles(model.codec.decode(graph)) is not None for graph in drawn])


def test_the_gradient_is_that_of_the_share_of_valid_attempts() -> None:
    model, n = toy(blocks=(1,), atoms=("C", "O")), 30_000
    weight = model.atom_head.bias
    valid = valid_graphs(model)
    batch = all_graphs()
    cost = model.cost(model.in_order(batch, torch.arange(3).expand(len(batch), -1)))
    p = (-(cost["atoms"] + cost["bonds"])).exp()
    (expected,) = torch.autograd.grad(p[valid].sum(), weight)
    reward, share = model.reward(batch_of([[0, 0, 0]] * n, [[1, 1, 0]] * n), RandomKeys.from_seed(0, torch.arange(n)))
    (found,) = torch.autograd.grad(reward / n, weight)
    share_of_all = float(p.detach()[valid].sum())
    assert share == pytest.approx(share_of_all, abs=0.01) and 0.05 < share < 0.95
    assert torch.allclose(found, expected, atol=0.005) and float(expected.abs().max()) > 0.02


def test_rewarded_models_become_valid() -> None:
    model, n = toy(blocks=(1,), atoms=("C", "O")), 64
    valid, graphs = valid_graphs(model), all_graphs()
    before = float(probabilities(model, graphs, [0, 1, 2])[valid].sum())
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(40):
        batch = batch_of([[0, 0, 0]] * n, [[1, 1, 0]] * n)
        reward, _ = model.reward(batch, RandomKeys.from_seed(step, torch.arange(n)))
        if reward.requires_grad:  # else all attempts were valid
            optimiser.zero_grad()
            (-reward / n).backward()
            optimiser.step()
    after = float(probabilities(model, graphs, [0, 1, 2])[valid].sum())
    assert before < 0.5 and after > 0.9


def test_where_all_attempts_are_alike_there_is_nothing_to_learn() -> None:
    model = toy(blocks=(1,), atoms=("C", "O"))
    with torch.no_grad():
        model.neighbour_head.stop.bias.fill_(-50.0)  # every atom is bonded to all others
        model.neighbour_head.stop.weight.zero_()
    reward, share = model.reward(batch_of([[0] * 4] * 8, [[1] * 6] * 8), RandomKeys.from_seed(0, torch.arange(8)))
    assert (float(reward), share) in ((0.0, 0.0), (0.0, 1.0))
