"""What `molgen generate` writes is something to work with: identity and properties of each molecule."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest
from rdkit import Chem
from rdkit.Chem import QED, Crippen

from molgen.features.property_table import COLUMNS
from molgen.models.generator import Generator
from tests.conftest import Run

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
