"""Valences of atom tokens: how many bonds RDKit allows, and those of aromatic atoms by a table."""

from __future__ import annotations

import pytest
from rdkit import Chem

from molgen.chem.bonds import BONDS, LEAST_ORDERS, ORDERS
from molgen.chem.valence import UNLIMITED, aromatic_valences, capacities
from molgen.chem.vocabulary import Vocabulary

CAPACITIES = {
    **{"C": 4, "N": 3, "O": 2, "F": 1, "P": 5, "S": 6, "Cl": 1, "Br": 1, "B": 3, "[Si]": 4, "c": 4, "n": 3, "[nH]": 2},
    **{"[N+]": 4, "[NH3+]": 1, "[NH2+]": 2, "[O-]": 1, "[O+]": 3, "[B-]": 4, "[N-]": 2, "[C-]": 3, "[Fe]": UNLIMITED},
}
"""By hand: a cation of nitrogen binds like carbon, an anion like oxygen."""
AROMATIC = {"c": 4, "n": 3, "o": 2, "s": 2, "[nH]": 2, "[n+]": 4, "[nH+]": 3, "[n-]": 2, "C": 0, "N": 0, "[O-]": 0}


@pytest.mark.parametrize("token", CAPACITIES)
def test_capacities_by_hand(token: str) -> None:
    assert capacities(Vocabulary((token,))) == (CAPACITIES[token],)


@pytest.mark.parametrize(
    "smiles", ["F[P-](F)(F)(F)(F)F", "F[S-](F)(F)(F)F", "C[S-](=O)=O", "F[S](F)(F)(F)(F)F", "C[N+](C)(C)C"]
)
def test_a_guard_allows_what_rdkit_takes(smiles: str) -> None:
    """As SMILES that RDKit reads; a table of the neutral elements would give sulfur anions one bond."""
    mol = Chem.MolFromSmiles(smiles)
    for atom in mol.GetAtoms():
        orders = sum(bond.GetBondTypeAsDouble() for bond in atom.GetBonds())
        assert orders <= capacities(Vocabulary((atom.GetSmarts(),)))[0]


def test_usual_valences_of_aromatic_atoms() -> None:
    assert dict(zip(AROMATIC, aromatic_valences(Vocabulary(tuple(AROMATIC))), strict=True)) == AROMATIC


def test_orders_of_bonds() -> None:
    assert ORDERS == (0, 1, 2, 3, 1.5) and LEAST_ORDERS == (0, 1, 2, 3, 1)
    assert [bond.name for bond in BONDS] == ["none", "single", "double", "triple", "aromatic"]
    assert all(bond.order == Chem.Bond.GetBondTypeAsDouble(_bond(bond.type)) for bond in BONDS[1:])


def _bond(kind: Chem.BondType) -> Chem.Bond:
    mol = Chem.RWMol(Chem.MolFromSmiles("CC"))
    mol.GetBondWithIdx(0).SetBondType(kind)
    return mol.GetBondWithIdx(0)
