"""Pharmacophores have the bits that RDKit's own code sets."""

from __future__ import annotations

import gzip
import json

import pytest
from rdkit import Chem
from rdkit.Chem.Pharm2D import Generate, Gobbi_Pharm2D

from molgen.scoring.pharmacophores import pharmacophores
from tests.conftest import FIXTURES

ODD = [
    "C",
    "[Na+].OC(=O)CCCCN",  # in two parts
    "NCCCCCCCCCCCCCCCCCCCCCCCO",  # beyond the last bin
    "N" + "C#C" * 52 + "O",  # so far apart that it counts as none
    "OCC(O)CO",  # three features of one family
    "CC(C)CC(C)CC(C)C(=O)O",
    "OP(O)(=O)OP(O)(=O)O",
]


def check(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    expected = Generate.Gen2DFingerprint(mol, Gobbi_Pharm2D.factory)
    assert list(pharmacophores(mol).GetOnBits()) == list(expected.GetOnBits()), smiles


@pytest.mark.parametrize("smiles", ODD)
def test_bits_of_odd_molecules(smiles: str) -> None:
    check(smiles)


def test_bits_of_known_molecules() -> None:
    with gzip.open(FIXTURES / "goal_directed.json.gz") as stream:
        known = json.load(stream)["smiles"]
    for smiles in known[::8]:
        check(smiles)
