"""Models learn from a reward for valid attempts."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas
import pytest
import torch
from rdkit import Chem

from molgen.chem.codec import tokenize
from molgen.chem.strict import strict_from_smiles, strict_smiles
from molgen.chem.vocabulary import Vocabulary
from molgen.diffusion.random_keys import RandomKeys
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.orders import PIECES
from molgen.graph.autoregressive.preparation import Preparation
from molgen.graph.autoregressive.reward import advantages, asked_as_in, followed, given_fragment
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing
from tests.unit.graph.toy import all_graphs, batch_of, conditioned, probabilities, toy


def valid_graphs(model: AutoregressiveGraphModel) -> torch.Tensor:
    """Which of all graphs of three atoms are valid."""
    from molgen.graph.generator import state_graphs

    graphs = all_graphs()
    drawn = state_graphs({"atoms": graphs.atoms, "bonds": graphs.bonds})
    return torch.tensor([strict_smiles(model.codec.decode(graph)) is not None for graph in drawn])


def prepared(model: AutoregressiveGraphModel, n: int) -> TeacherForcing:
    """The same molecule n times."""
    return model.preparation()(batch_of([[0, 0, 0]] * n, [[1, 1, 0]] * n))


@pytest.mark.slow
def test_the_gradient_is_that_of_the_share_of_valid_attempts() -> None:
    model, n = toy(blocks=(1,), atoms=("C", "O")), 30_000
    weight = model.atom_head.bias
    valid = valid_graphs(model)
    batch = all_graphs()
    cost = model.cost(model.in_order(batch, torch.arange(3).expand(len(batch), -1)))
    p = (-(cost["atoms"] + cost["bonds"])).exp()
    (expected,) = torch.autograd.grad(p[valid].sum(), weight)
    reward, share = model.reward(prepared(model, n), RandomKeys.from_seed(0, torch.arange(n)))
    (found,) = torch.autograd.grad(reward / n, weight)
    share_of_all = float(p.detach()[valid].sum())
    assert share == pytest.approx(share_of_all, abs=0.01) and 0.05 < share < 0.95
    assert torch.allclose(found, expected, atol=0.005) and float(expected.abs().max()) > 0.02


@pytest.mark.slow
def test_rewarded_models_become_valid() -> None:
    model, n = toy(blocks=(1,), atoms=("C", "O")), 64
    valid, graphs = valid_graphs(model), all_graphs()
    before = float(probabilities(model, graphs, [0, 1, 2])[valid].sum())
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(40):
        reward, _ = model.reward(prepared(model, n), RandomKeys.from_seed(step, torch.arange(n)))
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
    batch = model.preparation()(batch_of([[0] * 4] * 8, [[1] * 6] * 8))
    reward, share = model.reward(batch, RandomKeys.from_seed(0, torch.arange(8)))
    assert (float(reward), share) in ((0.0, 0.0), (0.0, 1.0))


def pieces_of(smiles: str, n: int, seed: int = 0) -> tuple[TeacherForcing, Vocabulary]:
    """A molecule n times, each with other pieces given."""
    mol = Chem.MolFromSmiles(smiles)
    _, tokens, kinds = tokenize(mol)
    vocabulary = Vocabulary(tuple(dict.fromkeys(tokens)))
    batch = batch_of([vocabulary.encode(tokens)] * n, [kinds.tolist()] * n)
    return Preparation(vocabulary, {"pieces": 1.0}, (1,), (), seed)(batch), vocabulary


@pytest.mark.parametrize("smiles", ["CC(=O)Oc1ccccc1C(=O)O", "C[N+](C)(C)CCCl", "O=C1NC(=O)c2[nH]cnc21", "C1CC2CCC1C2"])
def test_given_pieces_are_contained_in_their_molecule(smiles: str) -> None:
    batch, vocabulary = pieces_of(smiles, 40)
    fragments = [given_fragment(batch, row, vocabulary) for row in range(40)]
    assert all(fragment.contained_in(smiles) for fragment in fragments)
    assert 5 < sum(any(fragment.attachments) for fragment in fragments) < 35  # said of half of them
    joined = [int(batch.features.pieces[row, len(fragment.atoms) - 1]) for row, fragment in enumerate(fragments)]
    assert joined == [min(max(fragment.pieces), 3) for fragment in fragments]  # pieces still to be joined to the first


def test_where_the_first_molecule_has_pieces_all_attempts_have_them() -> None:
    batch, vocabulary = pieces_of("CC(=O)Oc1ccccc1C(=O)O", 3)
    asked, group = asked_as_in(batch, vocabulary)
    assert (
        group == 3 and asked.given is not None and asked.known == int(batch.given[0]) and int(batch.order[0]) == PIECES
    )


@pytest.mark.slow
def test_constrained_attempts_become_valid() -> None:
    model, n = conditioned(atoms=("C", "O")), 64
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    preparation = Preparation(model.vocabulary, {"pieces": 1.0}, (1,), tuple(model.config.properties))
    shares = []
    for step in range(60):
        batch = preparation(batch_of([[0, 1, 0, 0]] * n, [[1, 1, 0, 0, 1, 0]] * n))  # C-O-C, C on the first
        reward, share = model.reward(batch, RandomKeys.from_seed(step, torch.arange(n)))
        shares.append(share)
        if reward.requires_grad:
            optimiser.zero_grad()
            (-reward / n).backward()
            optimiser.step()
    assert sum(shares[:5]) / 5 < 0.7 and sum(shares[-5:]) / 5 > 0.9


def test_free_attempts_are_asked_for_the_same_by_four() -> None:
    model, n = conditioned(atoms=("C", "O")), 10
    batch = Preparation(model.vocabulary, {"canonical": 1.0}, (1,), tuple(model.config.properties))(
        batch_of([[0, 1, 0, 0]] * n, [[1, 1, 0, 0, 1, 0]] * n)
    )
    asked, group = asked_as_in(batch, model.vocabulary)
    assert group == 4 and asked.given is None and asked.targets is not None
    assert asked.targets.known.tolist() == [batch.known[row // 4 * 4].tolist() for row in range(n)]


def test_advantages_are_against_the_others_of_the_group() -> None:
    rewards = torch.tensor([1.0, 0.0, 0.5, 0.5, 1.0, 1.0, 1.0, 0.2, 0.7])
    expected = []
    for start in (0, 4, 8):
        own = rewards[start : start + 4].tolist()
        for number, value in enumerate(own):
            others = own[:number] + own[number + 1 :]
            expected.append(value - sum(others) / len(others) if others else 0.0)
    assert advantages(rewards, 4).tolist() == pytest.approx(expected)


def test_how_near_a_molecule_comes() -> None:
    names, deviations = ("heavy_atoms", "collection", "weight"), torch.tensor([2.0, 1.0, 10.0])
    values, known = torch.tensor([5.0, 1.0, 46.069]), torch.tensor([True, True, True])
    assert followed("CCO", names, values, known, deviations) == pytest.approx((math.exp(-1) + 1) / 2, abs=1e-4)
    assert followed("CCO", names, values, torch.tensor([False, True, False]), deviations) == 1.0


@pytest.mark.slow
def test_rewarded_models_come_near_what_they_are_asked_for() -> None:
    """Propane or chloroethane, by weight; an untrained model makes either whatever is asked."""
    model, n = conditioned(atoms=("C", "Cl"), std=0.1), 64
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    weights = torch.tensor([44.10, 64.51])
    batch = model.preparation().ordered(
        batch_of([[0, 0, 0]] * n, [[1, 0, 1]] * n),
        torch.zeros(n, dtype=torch.int64),
        RandomKeys.from_seed(0, torch.arange(n)),
        torch.tensor([[True, False]]).expand(n, -1),
    )
    asked = weights[torch.arange(n) // 4 % 2]
    batch = replace(batch, properties=torch.stack([asked, torch.zeros(n)], dim=1))
    model.targets.copy_(torch.tensor([44.10, 3.0, 3.0]).expand_as(model.targets))
    wanted = pandas.DataFrame({"weight": weights.tolist() * 100})

    def share(seed: int) -> float:
        drawn = [strict_from_smiles(text) for text in model.attempts(200, seed=seed, properties=wanted, atoms=3)]
        return sum(found == ("CCC", "CCCl")[i % 2] for i, found in enumerate(drawn)) / len(drawn)

    before = share(0)
    for step in range(60):
        reward, _ = model.reward(batch, RandomKeys.from_seed(step, torch.arange(n)), 0.9)
        optimiser.zero_grad()
        (-reward / n).backward()
        optimiser.step()
    assert before < 0.1 and share(1) > 0.6  # at most 0.5 by making the same of all
