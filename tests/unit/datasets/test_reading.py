"""Records that cannot be used are counted by reason and named, and the others are read."""

from __future__ import annotations

import os

import pytest

from molgen.datasets import reading
from molgen.datasets.encoding import Record
from molgen.datasets.reading import Reading, StrictMolecule, strict_molecules
from molgen.errors import MolgenError


def test_all_records_are_counted() -> None:
    found = Reading("some.sdf", unit="record")
    texts = ["OCC", "C1CC", "", "CC(C", "C.C", "F[C@H](Cl)Br"]
    records = [*(Record(number, text) for number, text in enumerate(texts, start=1)), Record(9, "", problem=("q", "R"))]
    got = list(strict_molecules(records, found, jobs=1))
    assert got == [StrictMolecule("CCO", False), StrictMolecule("FC(Cl)Br", False)]
    assert found.read == len(records) == len(got) + sum(found.skipped.values())
    assert found.skipped == {"unparsable": 2, "empty": 1, "fragments": 1, "q": 1}
    notes = found.notes()
    assert notes[0].startswith("some.sdf: 2 of 7 left out as unparsable; first: record 2, ")
    assert notes[-1] == "some.sdf: 1 of 7 left out as q; first: record 9, R"


def test_one_component_is_kept_of_salts() -> None:
    records, found = [Record(1, "CCN.Cl"), Record(2, "CCO")], Reading("salts")
    assert [one.desalted for one in strict_molecules(records, found, salts=True, jobs=1)] == [True, False]
    assert not found.skipped


def test_nothing_usable_is_an_error() -> None:
    with pytest.raises(MolgenError, match=r"^nothing in bad can be used: 2 read, skipped: unparsable 1, empty 1$"):
        list(strict_molecules([Record(1, "C1CC"), Record(2, "")], Reading("bad"), jobs=1))


def crashing(record: Record, salts: bool) -> StrictMolecule:
    if record.smiles == "CCN":
        os._exit(3)
    return StrictMolecule(record.smiles, salts)


def test_a_record_that_ends_its_process_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_one", crashing)
    records, found = [Record(number, text) for number, text in enumerate(("CCO", "CCN", "CCC"), start=5)], Reading("a")
    assert [one.smiles for one in strict_molecules(records, found, jobs=1)] == ["CCO", "CCC"]
    assert found.notes() == ["a: 1 of 3 left out as lost; first: line 6, crashed its process (exit code 3)"]
