"""Fragments are read as written, and found in molecules exactly where they are joined as marked."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from molgen.constraints.fragment import parse_fragment, part_of
from molgen.errors import UsageError

DRUGS = list(csv.DictReader((Path(__file__).parents[2] / "fixtures" / "fragments" / "ten_drugs.csv").open()))
TASKS = ("linker_design", "motif_extension", "scaffold_decoration", "superstructure_generation")
MOLECULES = [row["smiles"] for row in DRUGS]


@st.composite
def cut(draw: st.DrawFn) -> tuple[Chem.Mol, str]:
    """A molecule, and some of the pieces that cutting a few of its acyclic bonds leaves, cuts marked."""
    mol = Chem.MolFromSmiles(draw(st.sampled_from(MOLECULES)))
    Chem.RemoveStereochemistry(mol)
    acyclic = [bond.GetIdx() for bond in mol.GetBonds() if not bond.IsInRing()]
    bonds = draw(st.lists(st.sampled_from(acyclic), min_size=1, max_size=3, unique=True))
    pieces = Chem.MolToSmiles(Chem.FragmentOnBonds(mol, bonds)).split(".")
    kept = draw(st.lists(st.sampled_from(range(len(pieces))), min_size=1, max_size=len(pieces) - 1, unique=True))
    return mol, ".".join(pieces[number] for number in kept)


@settings(max_examples=80, deadline=None)
@given(cut())
def test_a_molecule_contains_what_is_cut_out_of_it(case: tuple[Chem.Mol, str]) -> None:
    mol, text = case
    fragment = parse_fragment(text)
    found = fragment.find(mol)
    assert found is not None and len(set(found)) == len(fragment.atoms)
    for i, j, _ in fragment.bonds:
        assert mol.GetBondBetweenAtoms(found[i], found[j]) is not None
    for atom in range(1, len(fragment.atoms)):  # a decoder takes atoms in this order
        first = fragment.pieces[atom] != fragment.pieces[atom - 1]
        assert first or any(j == atom for _, j, _ in fragment.bonds)


@settings(max_examples=80, deadline=None)
@given(cut(), st.data())
def test_growth_outside_attachment_points_is_seen(case: tuple[Chem.Mol, str], data: st.DataObject) -> None:
    mol, text = case
    fragment = parse_fragment(text)
    found = fragment.find(mol)
    assert found is not None
    closed = [index for index in found if mol.GetAtomWithIdx(index).GetNumImplicitHs()]
    if not closed:
        return
    grown = Chem.RWMol(mol)
    grown.AddBond(data.draw(st.sampled_from(closed)), grown.AddAtom(Chem.Atom("I")), Chem.BondType.SINGLE)
    Chem.SanitizeMol(grown)
    again = fragment.find(grown)  # perhaps elsewhere in the molecule, but not there
    assert again is None or set(again) != set(found)


@pytest.mark.parametrize("row", DRUGS, ids=lambda row: row["name"])
def test_the_ten_drugs_contain_their_own_fragments(row: dict[str, str]) -> None:
    for task in TASKS:
        assert parse_fragment(row[task]).contained_in(row["smiles"]), task


@pytest.mark.parametrize(
    ("fragment", "molecule", "expected"),
    [
        ("*c1ccccc1", "Cc1ccccc1", True),
        ("*c1ccccc1", "c1ccccc1", False),  # nothing at the attachment point
        ("*c1ccccc1", "Cc1ccccc1C", False),  # more than at the attachment point
        ("c1ccccc1", "Cc1ccccc1C", True),  # not marked: anywhere
        ("c1ccccc1", "c1ccc2ccccc2c1", True),
        ("*=C1CC1", "C=C1CC1", True),
        ("*=C1CC1", "CC1CC1", False),  # of another order
        ("[1*]N.[2*]O", "NCCO", True),
        ("*N.*O", "NO", True),  # each at the other's attachment point
        ("*O.*O", "CCO", False),  # two pieces need two places
        ("*O.*O", "OCCO", True),
        ("[nH]1cccc1", "Cn1cccc1", False),  # hydrogens that are written stay
        ("*[NH2+]C", "C[NH+](C)C", False),
        ("*[NH2+]C", "C[NH2+]C", True),
        ("*CCC*", "C1CCCC1", True),
        ("*CCC*", "C1CC1", False),  # joined to itself
        ("*CC*", "c1ccccc1", False),  # aromatic atoms are others
        ("C", "not SMILES", False),
    ],
)
def test_containment(fragment: str, molecule: str, expected: bool) -> None:
    assert parse_fragment(fragment).contained_in(molecule) is expected


def test_what_is_read() -> None:
    fragment = parse_fragment("[*:1]c1cc[nH]c1.CC=[7*]")
    assert fragment.marked(0) and fragment.marked(1)
    assert sorted(name for names in fragment.attachments for name in names) == ["double", "single"]
    assert "[nH]" in fragment.atoms


@pytest.mark.parametrize(
    "text", ["", "*", "**", "C*C", "c1cccc", "[Na+].[Cl-]", "O=C=O", "[NH4+]", "C~C", "[Pt]<-N", "C*(C)"]
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="fragment"):
        parse_fragment(text)


@pytest.mark.parametrize(
    ("smiles", "chosen"),
    [("Cn1ccc2ccccc21", range(1, 10)), ("CC(=O)Oc1ccccc1C(=O)O", [4, 5, 6, 7, 8, 9, 0]), ("C[N+](C)(C)CC", [1, 4])],
)
def test_a_part_of_a_molecule_is_contained_in_it(smiles: str, chosen: Iterable[int]) -> None:
    mol = Chem.MolFromSmiles(smiles)
    part = part_of(mol, chosen)
    assert part.contained_in(smiles) and len(part.atoms) == len(set(chosen)) and not any(part.attachments)
    assert sorted(part.atoms) == sorted(mol.GetAtomWithIdx(index).GetSmarts() for index in chosen)
