"""Filters while generating, as a user gives them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import Crippen

from molgen.features.alerts import matching_catalogues
from molgen.features.record import MoleculeRecord
from molgen.io import read_smiles
from molgen.models.generator import Generator
from tests.conftest import Run

FILTERS = {"keep": ["logP > 0", "rings = 1.."], "contains": "O", "without": ["[#7]", "C#C"], "drop_alerts": "BRENK,NIH"}


@pytest.mark.slow
def test_generated_molecules_pass_all_filters_and_the_others_are_counted(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "library.csv"
    options = ["--keep", "logP > 0", "--keep", "rings = 1..", "--contains", "O", "--without", "[#7]"]
    options += ["--without", "C#C", "--drop-alerts", "BRENK,NIH"]
    said = molgen("generate", "-n", 10, "--model", "qm9-text", *options, "-o", path).stderr
    smiles = [text for _, text in read_smiles(path)]
    assert len(smiles) == 10
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        assert Crippen.MolLogP(mol) > 0 and mol.GetRingInfo().NumRings() >= 1
        assert "O" in text and "N" not in text.upper() and "#" not in text
        assert not {"BRENK", "NIH"} & set(matching_catalogues(MoleculeRecord.of(mol)))
    counts = {name: int(count.replace(",", "")) for name, count in re.findall(r"(\S+) ([\d,]+)(?:  |$)", said)}
    failed = {name: count for name, count in counts.items() if name.startswith("failed_")}
    assert {"failed_contains=O", "failed_without=[#7]", "failed_logP>0", "failed_rings=1.."} <= set(failed)
    assert counts["unique"] == counts["kept"] + sum(failed.values()) + counts.get("implausible", 0)
    found = Generator.from_pretrained("qm9-text").generate(10, **FILTERS)
    assert found.smiles == smiles and {f"failed_{name}": count for name, count in found.failed.items()} == failed


@pytest.mark.slow
def test_what_was_found_is_written_where_filters_leave_too_little(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "library.smi"
    arguments = ["generate", "-n", 500, "--model", "qm9-text", "--contains", "[F]", "--max-attempts", 500]
    said = molgen(*arguments, "-o", path, code=1).stderr
    smiles = [text for _, text in read_smiles(path)]
    assert 0 < len(smiles) < 500 and all("F" in text for text in smiles)
    assert f"only {len(smiles)} of 500 molecules after 500 attempts; ask for fewer molecules, for wider ranges" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-n", 1, "--keep", "charm > 1"], "no property"),
        (["-n", 1, "--keep", "QED"], "in quotes"),
        (["-n", 1, "--contains", "c1cc"], "not SMARTS"),
        (["-n", 1, "--without", "("], "not SMARTS"),
        (["-n", 1, "--drop-alerts", "PANES"], "There are PAINS, BRENK"),
        (["--attempts", 1, "--keep", "QED > 0.7"], "--keep goes with -n"),
        (["--attempts", 1, "--contains", "C"], "--contains goes with -n"),
        (["--attempts", 1, "--without", "C"], "--without goes with -n"),
        (["--attempts", 1, "--drop-alerts", "PAINS"], "--drop-alerts goes with -n"),
    ],
)
def test_filters_that_cannot_be_are_refused_in_one_line(molgen: Run, options: list[object], said: str) -> None:
    result = molgen("generate", *options, code=2)
    assert said in result.stderr and len(result.stderr.splitlines()) == 1 and not result.stdout
