"""Decoding with given pieces and with properties: against probabilities of all completions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from molgen.chem.strict import strict_smiles
from molgen.constraints.conditions import Conditions, Interval
from molgen.constraints.fragment import parse_fragment
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers import guided
from molgen.graph.autoregressive.decoder import Targets
from molgen.graph.autoregressive.given import Given
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.orders import PIECES
from molgen.graph.autoregressive.partial_graph import BONDS
from molgen.graph.autoregressive.plan import Asked
from molgen.graph.autoregressive.sampling import decode, sample
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing, teacher_forcing
from molgen.graph.generator import state_graphs
from tests.unit.graph.toy import all_graphs, conditioned, toy

Step = tuple[int, ...]
Path = tuple[Step, ...]
"""What is decided one after the other: categories, neighbours from the last on, stop."""

STOP = (-1, -1)


def decisions(atoms: list[int], rows: list[list[int]], first: int) -> Path:
    """Of the atoms from `first` on, each with the categories of its bonds to those before it."""
    path: list[Step] = []
    for m in range(first, len(atoms)):
        path.append((atoms[m],))
        path += [(bond, k) for k, bond in reversed(list(enumerate(rows[m]))) if bond]
        path.append(STOP)
    return tuple(path)


def rows_of(bonds: list[int]) -> list[list[int]]:
    """Bonds 01, 02, 12 of three atoms by the later atom."""
    return [[], [bonds[0]], [bonds[1], bonds[2]]]


def prefix_sums(paths: list[Path], p: Tensor) -> dict[Path, float]:
    sums: dict[Path, float] = defaultdict(float)
    for path, one in zip(paths, p.tolist(), strict=True):
        for end in range(len(path) + 1):
            sums[path[:end]] += one
    return sums


def chances(
    paths: list[Path],
    weights: Callable[[Path, tuple[int, ...]], float],
    allowed: Callable[[Path, tuple[int, ...]], bool],
) -> Tensor:
    """Probabilities of paths whose steps have some weights and are renormalised over those allowed."""
    children: Mapping[Path, set[Step]] = defaultdict(set)
    for path in paths:
        for end, step in enumerate(path):
            children[path[:end]].add(step)

    def chance(path: Path) -> float:
        result = 1.0
        for end, step in enumerate(path):
            before = path[:end]
            parts = {other: weights(before, other) for other in children[before] if allowed(before, other)}
            result *= parts.get(step, 0.0) / sum(parts.values())
        return result

    return torch.tensor([chance(path) for path in paths])


def forced(
    model: AutoregressiveGraphModel, atoms: list[list[int]], bonds: list[list[int]], **options: object
) -> TeacherForcing:
    n = len(atoms[0])
    square = np.zeros((len(atoms), n, n), np.uint8)
    i, j = np.triu_indices(n, 1)
    square[:, i, j] = square[:, j, i] = np.array(bonds)
    places = np.arange(n)[None].repeat(len(atoms), 0)
    parts = {"properties": torch.zeros(len(atoms), 2), "known": torch.zeros(len(atoms), 2, dtype=torch.bool)}
    return teacher_forcing(np.array(atoms), square, places, model.valences, **{**parts, **options})


def distance_to(
    model: AutoregressiveGraphModel, expected: Tensor, graphs: list[list[int]], asked: Asked
) -> tuple[float, float]:
    """Total variation of samples from what is expected, and what chance alone makes of it."""
    n = 20_000
    targets = None if asked.targets is None else Targets(*(part.expand(n, -1) for part in asked.targets))
    sampling = model.sampling_with(guidance=GUIDANCE)
    state, *_ = sample(
        model, model.codec, 3, RandomKeys.from_seed(0, torch.arange(n)), sampling, Asked(asked.given, targets)
    )
    drawn = Counter(map(tuple, torch.cat([state["atoms"], state["bonds"]], dim=1).tolist()))
    shares = torch.tensor([drawn[tuple(graph)] / n for graph in graphs])
    return float((shares - expected).abs().sum() / 2), float((expected / n).sqrt().sum())


GUIDANCE = {"atoms": 1.5, "bonds": 0.7}


def test_completions_come_as_often_as_they_should_given_an_atom() -> None:
    """Every new atom has a bond; nothing else is forbidden where no attachment point is marked."""
    model = conditioned()
    graphs = [[0, *atoms, *bonds] for atoms in product(range(2), repeat=2) for bonds in product(range(BONDS), repeat=3)]
    count = len(graphs)
    batch = forced(
        model,
        [graph[:3] for graph in graphs],
        [graph[3:] for graph in graphs],
        order=np.full(count, PIECES),
        given=np.ones(count, np.int64),
        pieces=np.ones(count, np.int64),
    )
    with torch.no_grad():
        cost = model.cost(batch)
    p = (-(cost["atoms"] + cost["bonds"]).double()).exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-4)
    paths = [decisions(graph[:3], rows_of(graph[3:]), 1) for graph in graphs]
    sums = prefix_sums(paths, p)
    expected = chances(
        paths,
        lambda before, step: sums[(*before, step)] / sums[before],
        lambda before, step: step != STOP or len(before[-1]) == 2,
    )
    distance, noise = distance_to(model, expected, graphs, Asked(Given.of(parse_fragment("C"), model.vocabulary)))
    assert distance < noise


@pytest.mark.slow
def test_every_decision_is_guided_by_the_conditional_and_the_unconditional_pass() -> None:
    model, graphs = conditioned(std=0.5), all_graphs()
    values, known = torch.tensor([[75.0, 3.0]]), torch.tensor([[True, False]])
    rows = torch.cat([graphs.atoms, graphs.bonds], dim=1).tolist()
    paths = [decisions(row[:3], rows_of(row[3:]), 0) for row in rows]
    sums = []
    for options in ({"properties": values.expand(len(rows), -1), "known": known.expand(len(rows), -1)}, {}):
        with torch.no_grad():
            cost = model.cost(forced(model, [row[:3] for row in rows], [row[3:] for row in rows], **options))
        sums.append(prefix_sums(paths, (-(cost["atoms"] + cost["bonds"]).double()).exp()))
    conditional, unconditional = sums

    def weight(before: Path, step: Step) -> float:
        p = conditional[(*before, step)] / conditional[before]
        q = unconditional[(*before, step)] / unconditional[before]
        return p * (p / q) ** GUIDANCE["atoms" if len(step) == 1 else "bonds"]

    expected = chances(paths, weight, lambda before, step: True)
    plain = torch.tensor([conditional[path] for path in paths])
    distance, noise = distance_to(model, expected, rows, Asked(targets=Targets(values, known)))
    assert distance < noise < float((expected - plain).abs().sum() / 2)


def test_what_is_impossible_stays_so_and_a_sure_unconditional_pass_does_not_decide_alone() -> None:
    logits, other = torch.tensor([0.0, 1.0, float("-inf")]), torch.tensor([2.0, -300.0, float("-inf")])
    found = guided(logits, other, 1.0)
    log_p = logits.log_softmax(-1)
    assert found[2].isneginf() and not found.isnan().any()
    assert float(found[1] - log_p[1]) == pytest.approx(8)
    assert float(found[0] - log_p[0]) == pytest.approx(float(log_p[0]))
    assert torch.equal(guided(logits, other, 0.0), log_p)


def test_withheld_properties_are_the_unconditional_model() -> None:
    """To the last bit: values that are withheld have no influence, and guidance changes nothing."""
    model, rng = conditioned(), RandomKeys.from_seed(3, torch.arange(200))
    nothing = Targets(torch.randn(200, 2) * 100, torch.zeros(200, 2, dtype=torch.bool))
    free, *_ = sample(model, model.codec, 4, rng, model.sampling, Asked())
    withheld, *_ = sample(model, model.codec, 4, rng, model.sampling, Asked(targets=nothing))
    assert all(torch.equal(free[kind], withheld[kind]) for kind in free)
    asked = Targets(torch.full((200, 2), 90.0), torch.ones(200, 2, dtype=torch.bool))
    other, *_ = sample(model, model.codec, 4, rng, model.sampling, Asked(targets=asked))
    assert not torch.equal(free["atoms"], other["atoms"])


FRAGMENTS = ["*CN", "*C*", "*C.*N", "*NC.C", "C.N", "*C=*", "*=C.*N", "*CC(*)N.*C"]


@pytest.mark.parametrize("text", FRAGMENTS)
@pytest.mark.parametrize("guard", [False, True])
def test_given_pieces_are_kept_used_as_marked_and_joined(text: str, guard: bool) -> None:
    model, fragment = conditioned(size=8), parse_fragment(text)
    given = Given.of(fragment, model.vocabulary)
    k, rng = len(given.atoms), RandomKeys.from_seed(1, torch.arange(120))
    state, satisfied = decode(model, 8, rng, model.sampling_with(valence_guard=guard), Asked(given))
    i, j = np.triu_indices(8, 1)
    assert sum(satisfied) > 20
    for row in np.flatnonzero(satisfied):
        square = np.zeros((8, 8), np.int64)
        square[i, j] = square[j, i] = state["bonds"][row].numpy()
        assert state["atoms"][row, :k].tolist() == given.atoms.tolist()
        assert (square[:k, :k] == given.bonds).all()
        for atom in np.flatnonzero(given.marked):
            leaving = Counter(square[atom, k:][square[atom, k:] > 0].tolist())
            assert leaving == {kind: count for kind, count in enumerate(given.attachments[atom]) if count}
        reached = np.linalg.matrix_power(np.eye(8, dtype=np.int64) + (square > 0), 8)
        assert (reached > 0).all()
        mol = model.codec.decode(state_graphs({name: part[[row]] for name, part in state.items()})[0])
        smiles = strict_smiles(mol)
        as_drawn = smiles is not None and smiles.isupper()  # RDKit may find that rings are aromatic, given atoms too
        assert not as_drawn or fragment.contained_in(smiles)


def test_what_fails_is_drawn_again_and_counted() -> None:
    model = conditioned(size=5)
    conditions = Conditions(fragment=parse_fragment("*C.*N.*C"), atoms=Interval(5, 5))
    sampling = model.sampling_with(valence_guard=True)  # the first atom may use up its valence, and nothing is left
    drawn = model.sample(range(60), 0, sampling, 60, "raw", conditions=conditions)
    again = model.sample(range(60), 0, sampling, 7, "raw", conditions=conditions)
    assert drawn == again and all(one.calls % 2 == 0 for one in drawn)
    assert any(one.calls > 2 for one in drawn) and any(one.calls == 2 for one in drawn)
    assert all("." not in one.smiles for one in drawn if one.smiles and one.calls < 16)


def test_a_model_without_pieces_takes_no_fragment() -> None:
    assert toy().conditions == {"atoms"}
    assert conditioned().conditions == {"fragment", "atoms", "weight", "heavy_atoms"}
