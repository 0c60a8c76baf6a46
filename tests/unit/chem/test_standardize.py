"""One reading of a SMILES everywhere: what belongs to it and what does not."""

from __future__ import annotations

import pytest

from molgen.chem.standardize import bare_smiles, parse
from molgen.chem.strict import strict_from_smiles
from molgen.errors import MoleculeError
from molgen.features import describe


@pytest.mark.parametrize(
    ("text", "smiles"),
    [
        ("CCO", "CCO"),
        (" CCO\t", "CCO"),
        ("CCO\u00a0", "CCO"),
        ("CCC\u200b", "CCC"),
        ("CCO |$_AP1;;$|", "CCO"),
        ("CCO ethanol", "CCO ethanol"),
        ("", ""),
    ],
)
def test_blanks_and_extensions_are_no_part_of_a_smiles(text: str, smiles: str) -> None:
    assert bare_smiles(text) == smiles


@pytest.mark.parametrize(
    ("text", "reason"), [("CC*", "dummy"), ("[*:1]CC", "dummy"), ("[#0]C", "dummy"), ("C" * 1001, "too_long")]
)
def test_what_is_no_molecule_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(MoleculeError) as caught:
        parse(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("CCO", True),
        ("CCO |$_AP1;;$|", True),
        (" CCN ", True),
        ("[CH3:1][OH:2]", True),
        ("F/C=C/F", True),
        ("C" * 1001, False),
        ("CC*", False),
        ("CCO ethanol", False),
        ("C1CC", False),
    ],
)
def test_every_suite_gives_the_same_verdict(text: str, valid: bool) -> None:
    description = describe(text, ("canonical",))
    assert description.verdict.strict == description.verdict.sanitize == (description.features is not None) == valid


def test_atom_maps_make_no_other_molecule() -> None:
    maps = ["CO", "[CH3:1][OH:2]", "[CH3:2][OH:1]"]
    assert {strict_from_smiles(text) for text in maps} == {"CO"}
    assert {describe(text, ("canonical",)).features for text in maps} == {(("CO",),)}
