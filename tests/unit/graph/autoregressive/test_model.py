"""Growing graphs: exact probabilities on a toy, kept states, what the network is told."""

from __future__ import annotations

import shutil
from collections import Counter
from itertools import permutations
from pathlib import Path

import networkx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import molgen as package
from molgen.chem.strict import strict_from_smiles, strict_smiles
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.evaluation import evaluate
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS, USED
from molgen.graph.autoregressive.teacher_forcing import teacher_forcing
from tests.conftest import Run
from tests.unit.graph.toy import all_graphs, batch_of, probabilities, toy

HALVES = (0, 2, 4, 6, 3)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_probabilities_of_all_graphs_sum_to_one_in_every_order(order: tuple[int, ...]) -> None:
    assert probabilities(toy(), all_graphs(), list(order)).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("block", [0, 1, 2])
def test_samples_come_as_often_as_they_should(block: int) -> None:
    model, graphs, n = toy(), all_graphs(), 20_000
    state, calls = model.sample_states(3, RandomKeys.from_seed(0, torch.arange(n)), model.sampling_with(block=block))
    assert calls == [3] * n
    orders = {0: list(permutations(range(3))), 1: [(0, 1, 2)], 2: [(0, 1, 2), (1, 0, 2)]}[block]
    expected = torch.stack([probabilities(model, graphs, list(order)) for order in orders]).mean(0)
    rows = torch.cat([graphs.atoms, graphs.bonds], dim=1).tolist()
    drawn = Counter(map(tuple, torch.cat([state["atoms"], state["bonds"]], dim=1).tolist()))
    distance = sum(abs(drawn[tuple(row)] / n - float(p)) for row, p in zip(rows, expected, strict=True)) / 2
    noise = float((expected / n).sqrt().sum())
    assert distance < noise


def test_bounds_are_the_mean_over_orders_and_size() -> None:
    model = toy(blocks=(0,))
    batch = batch_of([[0, 1, 0]] * 4000, [[1, 4, 2]] * 4000)
    with torch.no_grad():
        found = model.bound(batch, RandomKeys.from_seed(3, batch.examples)).mean()
    one = batch_of([[0, 1, 0]], [[1, 4, 2]])
    orders = torch.stack([probabilities(model, one, list(order)) for order in permutations(range(3))])
    exact = -orders.log().mean() - torch.tensor(0.5).log()
    assert float(found) == pytest.approx(float(exact), abs=0.05)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Bonds of a graph and an order of its atoms."""
    n = draw(st.integers(1, 12))
    some = st.sampled_from([0, 0, 0, 1, 2, 3, 4])
    return draw(st.lists(some, min_size=n * n, max_size=n * n)), draw(st.permutations(range(n)))


@given(graphs())
@settings(max_examples=30, deadline=None)
def test_teacher_forcing_is_what_networkx_says(case: tuple[list[int], list[int]]) -> None:
    flat, order = case
    n = len(order)
    bonds = torch.tensor(flat).view(1, n, n).tril(-1)
    bonds = bonds + bonds.transpose(1, 2)
    square, atoms = bonds.numpy().astype(np.uint8), np.zeros((1, n), np.int64)
    forced = teacher_forcing(atoms, square, np.array([order]), np.zeros(1, np.int64))
    found = forced.features
    graph = networkx.Graph()
    for m in range(n):
        before = dict(networkx.all_pairs_shortest_path_length(graph))
        earlier = sorted((k for k in range(m) if bonds[0, m, k]), key=lambda k: -order[k])
        kinds = [int(kind) for kind in forced.bonds[0, m] if kind]
        assert kinds == [int(bonds[0, m, k]) for k in earlier]
        assert forced.neighbours[0, m, : len(earlier)].tolist() == earlier
        for number, k in enumerate(earlier):
            for other in range(m):
                assert forced.around[0, m, number, other] == relation(before[k].get(other), None)
        graph.add_node(m)
        graph.add_edges_from((m, k, {"halves": HALVES[bonds[0, m, k]]}) for k in earlier)
        now = networkx.single_source_shortest_path_length(graph, m)
        degrees = dict(graph.degree(weight="halves"))
        for k in range(m + 1):
            assert found.relations[0, m, k] == relation(now.get(k), int(bonds[0, m, k]))
            assert found.used[0, m, k] == min(degrees[k], USED - 1)


def relation(distance: int | None, bond: int | None) -> int:
    if distance is None:
        return RELATIONS - 1
    if distance == 1 and bond is not None:
        return bond
    return distance if distance < 2 else min(distance, 9) + BONDS - 2


def test_results_depend_on_the_seed_alone() -> None:
    model = toy()
    whole, _ = model.sample_states(4, RandomKeys.from_seed(5, torch.arange(6)), model.sampling)
    part, _ = model.sample_states(4, RandomKeys.from_seed(5, torch.arange(4, 6)), model.sampling)
    assert all((whole[kind][4:] == part[kind]).all() for kind in ("atoms", "bonds"))


@pytest.mark.slow
def test_the_valence_guard_makes_molecules() -> None:
    model = toy(size=7, atoms=("C", "N"))
    free = evaluate(model.attempts(200, seed=2), only=["validity"])["validity"]
    guarded = model.attempts(200, seed=2, valence_guard=True)
    assert free < 0.5 and evaluate(guarded, only=["validity"])["validity"] > 0.8
    assert guarded.calls > 7
    again = model.attempts(200, seed=2, batch_size=7, valence_guard=True)
    assert list(again) == list(guarded)


TOML = """
blocks = [2, 1, 0]

[network]
width = 16
layers = 1
heads = 2

[optimiser]
steps = 20
batch_size = 64
warmup = 5
validation_molecules = 32
sampled_molecules = 8
"""


@pytest.mark.slow
def test_the_command_line_trains_continues_and_generates(molgen: Run, smiles_file: Path, tmp_path: Path) -> None:
    config, run = tmp_path / "config.toml", tmp_path / "run"
    config.write_text(TOML)
    command = ["train", "graph-any-order", "--data", smiles_file, "--config", config]
    molgen(*command, "--out", run)
    again, wider = tmp_path / "again", tmp_path / "wider.toml"
    (tmp_path / "blocks.toml").write_text("blocks = [2, 0]\n[optimiser]\nvalidity_weight = 1.0\n")
    wider.write_text(TOML.replace("width = 16", "width = 32"))
    start = [*command[:4], "--init-from", run / "model"]
    molgen(*start, "--config", tmp_path / "blocks.toml", "--steps", 2, "--out", again)
    model = package.load(again / "model")
    assert model.config.network == package.load(run / "model").config.network and model.config.blocks == (2, 0)
    molgen("train", "graph-any-order", "--out", again, "--resume", "--steps", 4)
    refused = molgen(*start, "--config", wider, "--out", tmp_path / "wider", code=2).stderr
    assert "network.width is 16" in refused and not (tmp_path / "wider").exists()
    other = molgen(*command[:1], "graph", *command[2:4], "--out", tmp_path / "x", "--init-from", run / "model", code=1)
    assert "not a graph model" in other.stderr and not (tmp_path / "x").exists()
    attempts = ["generate", "--attempts", 30, "--model", run / "model"]
    assert len(molgen(*attempts, "--block", 0, "--temperature", "atoms=0.9,bonds=0.8").stdout.splitlines()) == 30
    free, guarded = (molgen(*attempts, *more).stdout.splitlines() for more in ((), ("--valence-guard",)))
    valid = [sum(strict_from_smiles(text) is not None for text in texts) for texts in (free, guarded)]
    assert valid[0] < valid[1]
    assert "no steps to set" in molgen(*attempts, "--steps", 5, code=2).stderr


@pytest.mark.slow
def test_atoms_and_bonds_are_tuned_apart(molgen: Run, smiles_file: Path, tmp_path: Path) -> None:
    config, run = tmp_path / "config.toml", tmp_path / "run"
    config.write_text(TOML)
    molgen("train", "graph-autoregressive", "--data", smiles_file, "--config", config, "--out", run)
    tuned = molgen("tune", run / "model", "--reference", smiles_file, "--attempts", 8, "--aim", "validity").stdout
    assert "temperature atoms 0.8" in tuned and "temperature bonds 0.8" in tuned


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_layers_learn_the_same() -> None:
    found = []
    for compiled in (False, True):
        model = toy()
        if compiled:
            model.compile_layers()
        for batch in (all_graphs(), batch_of([[0, 1, 0, 1]], [[1, 0, 1, 4, 0, 2]])):  # of another size too
            cost = model.cost(model.in_order(batch, torch.arange(batch.atoms.shape[1]).expand(len(batch), -1)))
            (cost["atoms"] + cost["bonds"]).sum().backward()
        found.append([parameter.grad for parameter in model.parameters()])
    assert all(torch.allclose(a, b, rtol=1e-3, atol=1e-3) for a, b in zip(*found, strict=True))


def test_trace_shows_a_graph_growing() -> None:
    model = AutoregressiveGraphModel.from_pretrained("moses-graph")
    states = model.trace(seed=0, valence_guard=True)
    masked = [sum(atom.GetSymbol() == "*" for atom in state.GetAtoms()) for state in states]
    assert strict_smiles(states[-1]) is not None and masked[-1] == 0
    assert masked == list(range(len(masked)))[::-1]


def test_bad_settings_are_refused() -> None:
    with pytest.raises(UsageError, match="no steps to set"):
        toy().attempts(1, steps=3)
    with pytest.raises(UsageError, match="cross-entropy"):
        toy().loss(all_graphs(), RandomKeys.from_seed(0, torch.arange(1000)), "variational")
