"""Molecules that an optimisation begins from."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest

from molgen.constraints.conditions import Conditions
from molgen.errors import LeftOutWarning, MolgenError, UsageError
from molgen.optimisation import optimise
from molgen.optimisation.start import start_molecules
from tests.unit.optimisation.tiny import oxygens, tiny

KNOWN = ["OCC(O)CO", "CCO", "OCC", "CC(=O)O"]
CANONICAL = ["OCC(O)CO", "CCO", "CC(=O)O"]


def test_they_are_read_from_what_people_have(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("name,smiles\n" + "".join(f"x,{smiles}\n" for smiles in KNOWN))
    for given in (KNOWN, tuple(KNOWN), pandas.Series(KNOWN), tmp_path / "known.csv", str(tmp_path / "known.csv")):
        assert start_molecules(given) == CANONICAL


def test_what_cannot_be_used_is_counted_and_named() -> None:
    with pytest.warns(LeftOutWarning, match=r"1 of 2 left out as unparsable; first: number 2, .*C1CC"):
        assert start_molecules(["CCO", "C1CC"]) == ["CCO"]
    with pytest.warns(LeftOutWarning, match="2 of 3 molecules to begin from do not contain the fragment; first: CCO"):
        assert start_molecules(["CCO", "CCN", "NC=O"], Conditions.of("C(=O)N")) == ["NC=O"]
    with pytest.raises(MolgenError, match="nothing in the molecules to begin from can be used"):
        start_molecules(["C1CC"])
    with pytest.warns(LeftOutWarning, match="1 of 2 left out as empty; first: number 2"):
        assert start_molecules(pandas.Series(["CCO", None])) == ["CCO"]
    for given, message in (
        (["CCO", 7], "start holds something that is neither SMILES nor a molecule: int"),
        ("known.smi", r"there is no file known\.smi"),
        ("CCO", r"put a single one in a list, such as \['CCO'\]"),
        (pandas.DataFrame({"smiles": ["CCO"]}), "start must be one column of a table"),
    ):
        with pytest.raises(UsageError, match=message):
            start_molecules(given)  # type: ignore[arg-type]


def test_they_are_scored_first_and_count_as_calls() -> None:
    found = optimise(tiny(), oxygens, start=KNOWN, calls=20, batch=2, updates=0, progress=False)
    assert found.memory.smiles[:3] == CANONICAL and len(found) == 20
    assert [point.calls for point in found.curve[:2]] == [2, 3], "in steps of their own"
    few = optimise(tiny(), oxygens, start=KNOWN, calls=2, batch=20, progress=False)
    assert few.memory.smiles == CANONICAL[:2]


@pytest.mark.slow
def test_what_is_made_comes_from_them() -> None:
    """Bromine, which the model does not have."""
    found = optimise(
        tiny(), lambda texts: [text.count("Br") / 10 for text in texts], start=["CCBr", "CC"], calls=60, batch=20,
        sources="crossed,mutated", progress=False,
    )  # fmt: skip
    assert found.curve[-1].best >= 0.2
