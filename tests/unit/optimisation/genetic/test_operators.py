"""What crossover and mutation make of molecules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from molgen.chem.plausible import is_plausible
from molgen.chem.strict import strict_from_smiles
from molgen.optimisation.genetic import crossed, mutated, of_one, of_two, offspring
from molgen.optimisation.genetic.editing import charged_atoms, editable, finished, largest_ring_of, neutral_bonds

DRUGS = [
    "CC(=O)Nc1ccc(O)cc1",
    "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
    "O=C(c1ccccc1)N1CCN(c2ncccn2)CC1",
    "CCCCCN=C(N)NN=Cc1c[nH]c2ccc(OC)cc12",
    "O=[N+]([O-])c1ccc(CN2CCCC2)cc1",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
]


def children(count: int, *parents: str) -> set[str]:
    """Different ones, by crossover of two and mutation of one."""
    draw = np.random.default_rng(0)
    made = (crossed(*parents, draw) if len(parents) == 2 else mutated(*parents, draw) for _ in range(count))
    return {child for child in made if child is not None}


@pytest.mark.parametrize("smiles", DRUGS)
def test_a_molecule_that_is_not_edited_stays_the_same(smiles: str) -> None:
    assert finished(editable(smiles)) == strict_from_smiles(smiles)


@given(st.integers(0, 10**6), st.sampled_from(DRUGS), st.sampled_from(DRUGS))
def test_children_are_canonical_valid_and_plausible(seed: int, first: str, second: str) -> None:
    draw = np.random.default_rng(seed)
    for child in (crossed(first, second, draw), mutated(first, draw, 2)):
        if child is not None:
            assert strict_from_smiles(child) == child
            assert is_plausible(child)
            assert largest_ring_of(Chem.MolFromSmiles(child)) <= 7


def test_bonds_of_charged_atoms_are_left_alone() -> None:
    """Nitroethane: of its bonds one alone has no charged end."""
    mol = editable("CC[N+](=O)[O-]")
    assert charged_atoms(mol) == {2, 4}
    bonds = neutral_bonds(mol)
    assert [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds] == [(0, 1)]


def test_a_nitro_group_is_kept_or_lost_as_a_whole() -> None:
    for child in children(300, DRUGS[4]):
        charged = [atom for atom in Chem.MolFromSmiles(child).GetAtoms() if atom.GetFormalCharge()]
        assert len(charged) in (0, 2) and all(atom.GetTotalNumHs() == 0 for atom in charged)


@pytest.mark.parametrize(("parent", "symbol", "lowest"), [(DRUGS[1], "S", 2), ("CCCPO", "P", 3), ("CCCI", "I", 1)])
def test_an_atom_gets_no_hydrogen_beyond_its_lowest_valence(parent: str, symbol: str, lowest: int) -> None:
    made = children(500, parent)
    assert sum(symbol in child for child in made) > 30
    for child in made:
        for atom in Chem.MolFromSmiles(child).GetAtoms():
            assert atom.GetSymbol() != symbol or atom.GetTotalValence() <= lowest or atom.GetTotalNumHs() == 0


def test_every_small_change_of_propanol_is_made() -> None:
    """By hand: other elements, atoms added, put in and taken out, bonds of other orders, rings, groups moved."""
    made = children(3000, "CCCO")
    wanted = {"CCCN", "CCCBr", "CCOC", "CCCCO", "CC(C)CO", "CCC(C)O", "CCCOC", "C=CCO", "CC=CO", "C#CCO", "CCC=O"}
    assert wanted | {"CCO", "CCC", "C1COC1", "OC1CC1", "CC1CO1", "CC(C)O"} <= made
    assert {"OCCP", "CCCPO", "OCCI", "OCCCI", "BCCO", "CCBCO"} <= made


def test_a_crossover_joins_a_part_of_each() -> None:
    """Bromine is of one parent alone and chlorine of the other."""
    made = children(500, "BrCCc1ccccc1", "ClCCCC1CCCCC1")
    both = [child for child in made if "Br" in child and "Cl" in child]
    assert {"ClCBr", "ClCCBr", "ClCCCBr", "ClCCCCBr"} <= set(both)
    assert not any("N" in child or "O" in child for child in made), "nothing comes from elsewhere"


def test_a_ring_is_made_of_two_rings() -> None:
    made = children(500, "c1ccncc1", "C1CCOCC1")
    assert any("O" in child and ("n" in child or "N" in child) for child in made)


def test_a_child_has_few_atoms_more_than_its_parents() -> None:
    most = max(Chem.MolFromSmiles(smiles).GetNumAtoms() for smiles in DRUGS[:2])
    assert max(Chem.MolFromSmiles(child).GetNumAtoms() for child in children(500, *DRUGS[:2])) <= most + 5


@pytest.mark.parametrize("smiles", ["C", "[Na+]", "[H][H]", "O=[N+]([O-])[O-]"])
def test_what_cannot_be_cut_or_changed_has_no_children(smiles: str) -> None:
    assert children(50, smiles, smiles) <= {smiles}
    for child in children(50, smiles):
        assert strict_from_smiles(child) == child


def test_offspring_are_different_new_and_as_many_as_wanted() -> None:
    for operator in (of_one, of_two):
        found = offspring(operator, DRUGS, 30, 0.1, np.random.default_rng(0), lambda smiles: "Br" not in smiles)
        assert len(found) == len(set(found) - set(DRUGS)) == 30
        assert not any("Br" in child for child in found)
        again = offspring(operator, DRUGS, 30, 0.1, np.random.default_rng(0), lambda smiles: "Br" not in smiles)
        assert again == found


def test_offspring_of_one_molecule_that_cannot_be_crossed_are_none() -> None:
    assert offspring(of_two, ["C"], 5, 0.1, np.random.default_rng(0)) == []
