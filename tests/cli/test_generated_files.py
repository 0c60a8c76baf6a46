"""What `molgen generate` writes is something to work with: identity and properties of each molecule."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pandas
import pytest
from rdkit import Chem
from rdkit.Chem import QED, Crippen

from molgen.cli.output import Output
from molgen.features.property_table import COLUMNS
from molgen.io import molecule_writer, write_molecules
from molgen.models.generator import Generator
from molgen.models.results import Generated
from tests.conftest import Run

ROOT = Path(__file__).parents[2]
IDS = [f"mol{number:06d}" for number in range(1, 7)]


def records(path: Path) -> list[Chem.Mol]:
    return list(Chem.SDMolSupplier(str(path)))


def test_tables_and_records_have_ids(molgen: Run, tmp_path: Path) -> None:
    outputs = [word for suffix in ("csv", "sdf", "smi") for word in ("-o", tmp_path / f"library.{suffix}")]
    molgen("generate", "-n", 6, "--model", "qm9-text", *outputs)
    table = pandas.read_csv(tmp_path / "library.csv")
    assert list(table) == ["id", "smiles"] and table["id"].tolist() == IDS
    assert [mol.GetProp("_Name") for mol in records(tmp_path / "library.sdf")] == IDS
    assert (tmp_path / "library.smi").read_text().split("\n")[:-1] == table["smiles"].tolist()


@pytest.mark.parametrize("model", ["qm9-text", "qm9-ar"])
def test_properties_are_written_and_right(molgen: Run, tmp_path: Path, model: str) -> None:
    outputs = [word for suffix in ("csv", "parquet", "sdf", "smi") for word in ("-o", tmp_path / f"library.{suffix}")]
    molgen("generate", "-n", 6, "--model", model, "--properties", *outputs)
    table = pandas.read_csv(tmp_path / "library.csv", keep_default_na=False)
    generator = Generator.from_pretrained(model)
    assert list(table) == ["id", "smiles", *COLUMNS, *(["nll"] if generator.exact else [])]
    for row, mol in zip(table.itertuples(), records(tmp_path / "library.sdf"), strict=True):
        assert row.logP == pytest.approx(Crippen.MolLogP(mol), abs=1e-3)
        assert pytest.approx(QED.qed(mol), abs=1e-3) == row.QED
        assert (row.heavy_atoms, row.rings) == (mol.GetNumAtoms(), mol.GetRingInfo().NumRings())
        assert mol.GetProp("_Name") == row.id and float(mol.GetProp("QED")) == row.QED
        assert (mol.GetProp("scaffold") == row.scaffold != "") == (row.rings > 0)
    if generator.exact:
        assert table["nll"].tolist() == pytest.approx(list(generator.nll(table["smiles"])), abs=0.01)
    again = pandas.read_parquet(tmp_path / "library.parquet")
    assert again["id"].tolist() == IDS and again["TPSA"].tolist() == table["TPSA"].tolist()
    assert (tmp_path / "library.smi").read_text().split() == table["smiles"].tolist()


def test_raw_attempts_that_cannot_be_read_have_no_properties(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    molgen("generate", "--attempts", 40, "--model", "qm9-continuous", "--steps", 3, "--properties", "-o", path)
    table = pandas.read_csv(path, keep_default_na=False)
    readable = [Chem.MolFromSmiles(text) is not None for text in table["smiles"]]
    assert 0 < sum(readable) < 40
    assert [value != "" for value in table["QED"]] == readable


@pytest.mark.parametrize("outputs", [(), ("-o", "library.smi")])
def test_properties_need_a_place(molgen: Run, tmp_path: Path, outputs: tuple[str, ...]) -> None:
    result = molgen("generate", "-n", 1, "--properties", *outputs, cwd=tmp_path, code=2)
    assert "--properties goes with -o" in result.stderr and len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_parts_make_the_same_files_as_one(tmp_path: Path) -> None:
    model = Generator.from_pretrained("qm9-ar")
    whole, parts = model.generate(400, seed=1), []
    found = model.generate(400, seed=1, deliver=parts.append, progress=False)
    assert found.counts() == whole.counts() and not found.smiles and found.calls == whole.calls
    assert [text for part in parts for text in part] == whole.smiles
    raw, raw_parts = model.attempts(50, seed=1), []
    again = model.attempts(50, seed=1, deliver=raw_parts.append)
    assert again.calls == raw.calls and [text for part in raw_parts for text in part] == raw.smiles
    for suffix in ("smi", "csv", "parquet", "sdf", "csv.gz"):
        one, several = tmp_path / f"one.{suffix}", tmp_path / f"several.{suffix}"
        with molecule_writer(several) as write:
            for start in range(0, 400, 150):
                table = whole[start : start + 150].table()
                columns = {"id": table["id"]} if suffix != "smi" else {}
                write(table["smiles"], {**columns, "score": [None if start == 0 else 0.5] * len(table["smiles"])})
        table = whole.table()
        columns = {"id": table["id"]} if suffix != "smi" else {}
        write_molecules(one, table["smiles"], columns={**columns, "score": [None] * 150 + [0.5] * 250})
        if suffix == "parquet":
            assert pandas.read_parquet(several)["id"].tolist() == pandas.read_parquet(one)["id"].tolist()
        else:
            contents = [
                gzip.decompress(path.read_bytes()) if suffix.endswith("gz") else path.read_bytes()
                for path in (one, several)
            ]
            assert contents[0] == contents[1], suffix


@pytest.mark.slow
def test_memory_does_not_grow_with_n(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held after each part, as the command writes it: nothing of the parts before."""
    monkeypatch.setattr("molgen.models.generator.WINDOW", 200)
    held = []
    model, path = Generator.from_pretrained("qm9-ar"), tmp_path / "library.csv"
    with Output((path,), False, False) as output:

        def deliver(part: Generated) -> None:
            output(part)
            held.append(tracemalloc.get_traced_memory()[0])

        tracemalloc.start()
        try:
            model.generate(2000, deliver=deliver, progress=False)
        finally:
            tracemalloc.stop()
    assert len(pandas.read_csv(path)) == 2000 and len(held) > 9
    assert held[-2] - held[4] < 10_000, held  # the last part is smaller
