"""Guidance away from what a growing graph does when it is not told what its aromatic rings lack."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
import torch

from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers import guided
from molgen.errors import UsageError
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.partial_graph import RELATIONS, USED
from tests.unit.graph.toy import all_graphs, probabilities, toy

GUIDANCE = {"atoms": 1.5, "bonds": 0.7}


def told(model: AutoregressiveGraphModel) -> list[torch.nn.Embedding]:
    """What a model says of rings."""
    network, head = model.network, model.neighbour_head
    return [network.ends, network.missing, head.aromatic, head.standing, head.prospect]


def decisive(std: float) -> AutoregressiveGraphModel:
    """A toy to which it matters what rings lack."""
    model = toy(blocks=(1,))
    for table in told(model):
        torch.nn.init.normal_(table.weight, std=std)
    return model


def blinded(model: AutoregressiveGraphModel) -> AutoregressiveGraphModel:
    """The same, to which everything looks as if rings lacked nothing."""
    blind = AutoregressiveGraphModel(model.config).eval()
    blind.load_state_dict(model.state_dict())
    with torch.no_grad():
        for table in told(blind):
            table.weight.copy_(table.weight[:1].expand_as(table.weight))
        states = blind.network.pair.weight[:, RELATIONS + USED :]
        states.copy_(states[:, :1].expand_as(states))
    return blind


def decisions(atoms: list[int], bonds: list[int]) -> list[tuple[int, ...]]:
    """What is decided one after the other in a graph of three atoms: categories, neighbours from the last on, stop."""
    rows = [[], [(bonds[0], 0)], [(bonds[2], 1), (bonds[1], 0)]]
    return [
        step
        for atom, row in zip(atoms, rows, strict=True)
        for step in ((atom,), *((bond, place) for bond, place in row if bond), (-1, -1))
    ]


def test_every_decision_is_pushed_away_from_the_blind_one() -> None:
    model, graphs, n = decisive(4.0), all_graphs(), 20_000
    rows = torch.cat([graphs.atoms, graphs.bonds], dim=1).tolist()
    paths = [decisions(row[:3], row[3:]) for row in rows]
    after: list[dict[tuple[tuple[int, ...], ...], float]] = []
    for network in (model, blinded(model)):
        sums: dict[tuple[tuple[int, ...], ...], float] = defaultdict(float)
        for path, p in zip(paths, probabilities(network, graphs, [0, 1, 2]).tolist(), strict=True):
            for end in range(len(path) + 1):
                sums[tuple(path[:end])] += p
        after.append(sums)
    told, blind = after
    children: dict[tuple[tuple[int, ...], ...], set[tuple[int, ...]]] = defaultdict(set)
    for path in paths:
        for end, step in enumerate(path):
            children[tuple(path[:end])].add(step)

    def chance(path: list[tuple[int, ...]]) -> float:
        product = 1.0
        for end, step in enumerate(path):
            before = tuple(path[:end])
            weight = GUIDANCE["atoms" if len(step) == 1 else "bonds"]
            parts = {
                other: (told[(*before, other)] / told[before])
                * (told[(*before, other)] / told[before] / (blind[(*before, other)] / blind[before])) ** weight
                for other in children[before]
            }
            product *= parts[step] / sum(parts.values())
        return product

    expected = torch.tensor([chance(path) for path in paths])
    plain = probabilities(model, graphs, [0, 1, 2]).float()
    assert expected.sum() == pytest.approx(1, abs=1e-3)
    state, calls = model.sample_states(
        3, RandomKeys.from_seed(0, torch.arange(n)), model.sampling_with(guidance=GUIDANCE)
    )
    assert calls == [6] * n
    drawn = Counter(map(tuple, torch.cat([state["atoms"], state["bonds"]], dim=1).tolist()))
    shares = torch.tensor([drawn[tuple(row)] / n for row in rows])
    noise = float((expected / n).sqrt().sum())
    assert (shares - expected).abs().sum() / 2 < noise < (shares - plain).abs().sum() / 2


def test_guidance_says_nothing_where_the_blind_network_knows_as_much() -> None:
    model, rng = blinded(decisive(1.0)), RandomKeys.from_seed(4, torch.arange(300))
    free, _ = model.sample_states(4, rng, model.sampling)
    same, _ = model.sample_states(4, rng, model.sampling_with(guidance=GUIDANCE))
    assert all((free[kind] == same[kind]).all() for kind in free)


def test_what_is_impossible_stays_so_and_a_sure_blind_predictor_does_not_decide_alone() -> None:
    logits, blind = torch.tensor([0.0, 1.0, float("-inf")]), torch.tensor([2.0, -300.0, float("-inf")])
    found = guided(logits, blind, 1.0)
    told = logits.log_softmax(-1)
    assert found[2].isneginf() and not found.isnan().any()
    assert float(found[1] - told[1]) == pytest.approx(8)
    assert float(found[0] - told[0]) == pytest.approx(float(told[0]))
    assert torch.equal(guided(logits, blind, 0.0), told)


def test_guidance_and_guard_together_do_not_depend_on_the_batch() -> None:
    model = toy(size=7, atoms=("c", "N"))
    whole = model.attempts(60, seed=2, guidance=GUIDANCE, valence_guard=True)
    assert list(whole) == list(model.attempts(60, seed=2, batch_size=7, guidance=GUIDANCE, valence_guard=True))
    assert list(whole) != list(model.attempts(60, seed=2, valence_guard=True))


def test_bad_guidance_is_refused() -> None:
    with pytest.raises(UsageError, match="guidance"):
        toy().attempts(1, guidance={"atoms": -1.0})
