"""The denoiser of whole graphs keeps a fragment as it is given, whatever its network does."""

from __future__ import annotations

import pytest
import torch

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.codec import pair_position
from molgen.constraints.conditions import Conditions
from molgen.constraints.fragment import parse_fragment
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.graph.config import DenoiserConfig
from molgen.graph.model import GraphDiffusion, GraphModelConfig

ATOMS = ("C", "N", "O", "c", "[nH]")


@pytest.fixture(scope="module")
def model() -> GraphDiffusion:
    """A small untrained one."""
    torch.manual_seed(0)
    config = GraphModelConfig(
        atoms=ATOMS,
        sizes=dict.fromkeys(range(4, 9), 0.2),
        atom_marginal=(0.2,) * 5,
        bond_marginal=(0.6, 0.1, 0.1, 0.1, 0.1),
        denoiser=DenoiserConfig(width=16, pair_width=8, layers=1, heads=2, triangle=4, max_atoms=8),
    )
    return GraphDiffusion(config).eval()


@pytest.mark.parametrize("text", ["*C1CC1", "*C=O.*=N", "C1CC1", "*N(*)C"])
def test_given_atoms_and_bonds_stay(model: GraphDiffusion, text: str) -> None:
    fragment, size = parse_fragment(text), 8
    k = len(fragment.atoms)
    rng = RandomKeys.from_seed(0, torch.arange(6))
    sampling = model.sampling_with(steps=3)
    state, _ = model.sample_states(size, rng, sampling, conditions=Conditions(fragment))
    assert [ATOMS[number] for number in state["atoms"][0, :k]] == list(fragment.atoms)
    assert (state["atoms"][:, :k] == state["atoms"][:1, :k]).all()
    given = {(i, j): name for i, j, name in fragment.bonds}
    for row in state["bonds"].tolist():
        for atom in range(k):
            for other in range(atom + 1, k):
                assert BOND_NAMES[row[pair_position(atom, other, size)]] == given.get((atom, other), "none")
            leaving = [BOND_NAMES[row[pair_position(atom, other, size)]] for other in range(k, size)]
            if fragment.marked(fragment.pieces[atom]):
                assert sorted(name for name in leaving if name != "none") == sorted(fragment.attachments[atom])


def test_sizes_have_room_for_the_fragment(model: GraphDiffusion) -> None:
    rng = RandomKeys.from_seed(0, torch.arange(200))
    sampling = model.sampling_with()
    sizes = model.draw_sizes(rng, sampling, Conditions.of("*C1CC(*)C1"))
    assert set(sizes.tolist()) == {6, 7, 8}
    assert set(model.draw_sizes(rng, sampling, Conditions.of(atoms=(5, 6))).tolist()) == {5, 6}


@pytest.mark.parametrize(
    ("fragment", "atoms", "message"),
    [
        ("*C1CCCCCCC1", None, "4 to 8 atoms; the fragment needs at least 9"),
        ("*C1CC1", "..3", r"at least 4 and \.\.3 are asked for"),
        (None, "20..", "4 to 8 atoms"),
        ("*S", None, "atom S is not in the vocabulary"),
    ],
)
def test_what_does_not_fit_is_refused(
    model: GraphDiffusion, fragment: str | None, atoms: str | None, message: str
) -> None:
    rng = RandomKeys.from_seed(0, torch.arange(2))
    with pytest.raises(UsageError, match=message):
        model.draw_sizes(rng, model.sampling_with(), Conditions.of(fragment, atoms=atoms))
