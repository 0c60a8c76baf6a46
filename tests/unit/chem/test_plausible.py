"""What cannot exist is refused, and what was made is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.chem.plausible import implausible, is_plausible
from molgen.chem.standardize import parse
from molgen.io import read_smiles

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        ("Cc1cc2cc(c1)C(C1CCCN1)=N2", "aromatic ring with a short bridge"),
        ("c1cc2cc(c1)CC2", "aromatic ring with a short bridge"),
        ("c1cc2ccc1CCC2", "aromatic ring with a short bridge"),
        ("c1cc2[nH]c1CCC2", "aromatic ring with a short bridge"),
        ("C1CCC#CC1", "triple bond"),
        ("C1=C=CCCC1", "triple bond"),
        ("C1CC2=CC1CC2", "bridgehead"),
        ("C1=C2CCC(C1)C2", "bridgehead"),
        ("C1C2=C1C2", "shared by rings"),
    ],
)
def test_what_cannot_exist_is_named(smiles: str, said: str) -> None:
    assert said in (implausible(parse(smiles)) or "")


@pytest.mark.parametrize(
    "smiles",
    [
        "C1CC2CCC1C2",  # norbornane
        "C1=CC2CCC1C2",  # norbornene: the double bond is not at a bridgehead
        "c1ccc2c(c1)C1CCC2C1",  # benzonorbornene
        "C1CCC#CCCC1",  # cyclooctyne
        "C1CCc2cccc(c2)CCC1",  # [6]metacyclophane
        "C1CCc2ccc(cc2)CCC1",  # [6]paracyclophane
        "C1Cc2cccc(c2)CCc2cccc1c2",  # [2.2]metacyclophane
        "c1cc2cccc3c2c(c1)CC3",  # acenaphthene
        "c1cc2ccc3cccc4ccc(c1)c2c34",  # pyrene
        "c1cc2ccc3ccc(c1)n23",  # cycl[3.2.2]azine
        "c1cc2cc3ccc(cc4ccc(cc5ccc(cc1n2)[nH]5)n4)[nH]3",  # porphine
        "C1CC2(C1)CC2",
        "CN1C2CCC1CC(OC(=O)C(CO)c1ccccc1)C2",  # atropine
        "C=C1C2CCC1CC2",
        "O=C1C2CCC1CC2",
        "C1=C2CCCC(CCC1)CCC2",  # a bridgehead in rings that are large enough
        "O=S1(=O)CCCC1",
        "c1ccc2c(c1)C2",  # cyclopropabenzene was made
        "CCO",
    ],
)
def test_what_was_made_is_not_refused(smiles: str) -> None:
    assert implausible(parse(smiles)) is None


def test_no_molecule_of_a_set_is_refused() -> None:
    for name in ("own400.smi", "stereo24.smi"):
        assert [text for _, text in read_smiles(CASES / name) if not is_plausible(text)] == []


def test_what_rdkit_does_not_read_is_not_plausible() -> None:
    assert not is_plausible("C1CC")
