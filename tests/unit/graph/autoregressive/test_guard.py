"""Under the guard every first drawing of an untrained model keeps valences and hangs together as far as it can."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molgen.chem.bonds import LEAST_ORDERS
from molgen.chem.codec import pair_position
from molgen.chem.valence import capacities
from molgen.diffusion.random_keys import RandomKeys
from molgen.graph.autoregressive.guard import ValenceGuard
from molgen.graph.autoregressive.plan import Asked
from molgen.graph.autoregressive.sampling import decode
from tests.unit.graph.toy import toy

SIZE = 7


@pytest.mark.parametrize("atoms", [("C", "N", "O", "F"), ("[NH3+]", "C", "[O-]"), ("c", "n", "[nH]", "F")])
def test_valences_hold_and_atoms_are_bonded(atoms: tuple[str, ...]) -> None:
    model = toy(blocks=(1,), size=SIZE, atoms=atoms)
    with torch.no_grad():
        model.neighbour_head.stop.bias.fill_(-1.0)  # many bonds
    rng = RandomKeys.from_seed(2, torch.arange(150))
    room = np.array(capacities(model.vocabulary))
    broken = {}
    for guard in (True, False):
        state, _ = decode(model, SIZE, rng, model.sampling_with(valence_guard=guard), Asked())
        orders = np.array(LEAST_ORDERS)[state["bonds"].numpy()]
        broken[guard] = 0
        for categories, pairs in zip(state["atoms"].numpy(), orders, strict=True):
            square = np.zeros((SIZE, SIZE), np.int64)
            for i in range(SIZE):
                for j in range(i):
                    square[i, j] = square[j, i] = pairs[pair_position(i, j, SIZE)]
            broken[guard] += bool((square.sum(1) > room[categories]).any())
            if guard:
                for m in range(1, SIZE):  # atoms follow one another as they are numbered: blocks of one
                    left = room[categories[:m]] - square[:m, :m].sum(1)
                    assert square[m, :m].any() or not left.max() > 0 or room[categories[m]] == 0
    assert broken[True] == 0 < broken[False]


def test_allowed_bonds_by_hand() -> None:
    """Carbon with three bonds used, oxygen with none, fluorine with one; a new nitrogen with one double bond."""
    guard = ValenceGuard([4, 3, 2, 1], rows=1, device=torch.device("cpu"))  # C N O F
    carbon, nitrogen, oxygen, fluorine = range(4)
    for row in ([], [0], [1, 0]):
        guard.add(torch.tensor([row], dtype=torch.int64))
    assert guard.taken.tolist() == [[1, 0, 1]]
    guard.taken = torch.tensor([[3, 0, 1]])
    known = torch.tensor([[carbon, oxygen, fluorine]])
    allowed = guard.allowed(known, torch.tensor([nitrogen]), torch.tensor([[0, 0, 0]]))[0]
    assert allowed.int().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0]]  # single, double, triple, aromatic
    allowed = guard.allowed(known, torch.tensor([nitrogen]), torch.tensor([[0, 2, 0]]))[0]
    assert allowed.int().tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 0], [1, 1, 0]]
