"""Atoms to highlight: of a fragment where it is contained, of all matches of SMARTS."""

from __future__ import annotations

import pytest
from rdkit import Chem

from molgen.errors import UsageError
from molgen.report.highlight import bonds_between, highlight


@pytest.mark.parametrize(
    ("text", "smiles", "expected"),
    [
        ("*O", "CCO", (2,)),
        ("*c1ccccc1", "Cc1ccccc1C", ()),
        ("[#6]~[#8]", "OCCO", (0, 1, 2, 3)),
        ("c1ccccc1", "c1ccccc1-c1ccccc1", tuple(range(12))),
        ("[*;R]", "CC1CC1", (1, 2, 3)),
        ("[OX2H]", "OCCOC", (0,)),
    ],
)
def test_atoms(text: str, smiles: str, expected: tuple[int, ...]) -> None:
    assert highlight(text)(Chem.MolFromSmiles(smiles)) == expected


def test_bonds_are_those_among_the_atoms() -> None:
    mol = Chem.MolFromSmiles("CCO")
    assert bonds_between(mol, (1, 2)) == [1] and bonds_between(mol, (0, 2)) == []


@pytest.mark.parametrize("text", ["((", ""])
def test_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither"):
        highlight(text)
