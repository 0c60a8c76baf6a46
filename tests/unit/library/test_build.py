"""A library is the same whoever makes it, in whatever order, and however often the work is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import QED

from molgen.errors import MolgenError, UsageError
from molgen.features.named_properties import PROPERTIES
from molgen.features.property_table import property_table
from molgen.library import Library
from molgen.library.columns import ALERTS
from molgen.models.generator import Generator
from tests.unit.library.conftest import MODEL, SAME, Hashes, smiles


def test_molecules_are_those_of_generate(library: Library) -> None:
    found = Generator.from_pretrained(MODEL).generate(150, seed=5, progress=False)
    assert smiles(library) == found.smiles


def test_columns_hold_what_they_say(library: Library) -> None:
    table = library.query("SELECT * FROM molecules")
    expected = property_table(list(table["smiles"]))
    for name in PROPERTIES:
        assert table[name].tolist() == pytest.approx(expected[name], abs=1e-4), name
    assert table["scaffold"].tolist() == expected["scaffold"]
    for row, alerts in zip(table.to_dict("records"), expected["alerts"], strict=True):
        mol = Chem.MolFromSmiles(row["smiles"])
        assert row["inchikey"] == Chem.MolToInchiKey(mol) and row["QED"] == pytest.approx(QED.qed(mol), abs=1e-4)
        assert [name for column, name in ALERTS.items() if row[column]] == [
            one for one in str(alerts).split(";") if one
        ]
    assert table["attempt"].is_unique and "nearest" not in table and "conditions" not in table


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 2])
def test_a_stopped_build_goes_on_to_the_same_bytes(
    library: Library, hashes: Hashes, tmp_path: Path, after: int
) -> None:
    seen: list[int] = []

    def stop(kept: int, text: str) -> None:
        seen.append(kept)
        if len(seen) == after:
            raise KeyboardInterrupt

    stopped = Library(tmp_path / "lib")
    with pytest.raises(KeyboardInterrupt):
        stopped.build(150, **{**SAME, "progress": stop})
    assert 0 < len(stopped) < 150 and not stopped.manifest.finished
    (stopped.path / "shards" / ".1.partial.00000007.parquet").write_bytes(b"half a file")
    with (stopped.path / "shards.jsonl").open("a") as notes:
        notes.write('{"shard": 7, "first"')  # a line that was not finished
    stopped.resume(jobs=1, progress=False)
    assert hashes(stopped) == hashes(library) and stopped.manifest.finished


@pytest.mark.slow
def test_more_molecules_are_added_behind(library: Library, copy: Library, hashes: Hashes, tmp_path: Path) -> None:
    copy.resume(200, jobs=1, progress=False)
    assert smiles(copy)[:150] == smiles(library) and len(set(smiles(copy))) == 200
    at_once = Library(tmp_path / "at_once").build(200, **SAME)
    assert hashes(copy) == hashes(at_once)
    with pytest.raises(UsageError, match="begun for 200"):
        copy.resume(100)


@pytest.mark.slow
def test_filter_and_conditions(tmp_path: Path) -> None:
    made = Library(tmp_path / "lib").build(
        20, model="qm9-graph", fragment="*C1CC1", atoms="..8", filter="heavy_atoms > 6", steps=8, jobs=1, progress=False
    )
    table = made.query("SELECT * FROM molecules")
    ring = Chem.MolFromSmarts("C1CC1")
    assert len(table) == 20 and set(table["heavy_atoms"]) <= {7, 8}
    assert all(Chem.MolFromSmiles(text).HasSubstructMatch(ring) for text in table["smiles"])
    assert set(table["conditions"]) == {"fragment=*C1CC1; atoms=..8"}
    counts = made.counts()
    assert counts["filtered"] > 0 and counts["not_needed"] > 0


@pytest.mark.slow
def test_attempts_can_be_too_few(tmp_path: Path) -> None:
    made = Library(tmp_path / "lib")
    with pytest.raises(MolgenError, match=r"only .* of 100 molecules after 128 attempts.*max_attempts"):
        made.build(100, filter="heavy_atoms <= 8", max_attempts=100, **SAME)
    assert 0 < len(made) < 100 and not made.manifest.finished
