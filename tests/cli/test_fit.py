"""`molgen fit`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from rdkit import Chem

from molgen.features.named_properties import property_values
from tests.conftest import Run


@pytest.fixture
def activity(smiles: list[str], tmp_path: Path) -> Path:
    rows = [f"{text},{property_values(Chem.MolFromSmiles(text), ['logP'])[0]:.3f}" for text in smiles[:100]]
    path = tmp_path / "activity.csv"
    path.write_text("\n".join(["smiles,pIC50", *rows]) + "\n")
    return path


@pytest.mark.slow
def test_a_model_is_cross_validated_stored_and_used(molgen: Run, activity: Path, tmp_path: Path) -> None:
    result = molgen("fit", activity, "--column", "pIC50", "--out", "qsar", "--folds", 3, cwd=tmp_path)
    assert "fold 3" in result.stdout and "RMSE" in result.stdout and "100 molecules" in result.stderr
    folder = tmp_path / "qsar"
    assert (folder / "cross_validation.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "cross_validation.csv").read_text().splitlines()[0] == "smiles,measured,predicted,similarity,fold"
    (tmp_path / "score.toml").write_text('[[terms]]\ntype = "qsar"\nfolder = "qsar"\n')
    scored = molgen("score", activity, "--score", "score.toml", cwd=tmp_path)
    assert scored.stdout.startswith("smiles,pIC50,total,qsar,qsar_score\n")
    assert "exists" in molgen("fit", activity, "--column", "pIC50", "--out", "qsar", code=2, cwd=tmp_path).stderr


@pytest.mark.slow
def test_the_term_that_is_printed_tells_molecules_apart(molgen: Run, activity: Path, tmp_path: Path) -> None:
    """One of numbers needs a shape, and one of classes none."""
    for name, options in (("numbers", ()), ("classes", ("--threshold", "0.5"))):
        result = molgen("fit", activity, "--column", "pIC50", "--out", name, "--folds", 2, *options, cwd=tmp_path)
        terms = result.stderr[result.stderr.index("[[terms]]") :]
        (tmp_path / "score.toml").write_text(terms)
        _, prediction, domain = terms.split("[[terms]]")
        assert ("shape" in prediction) == (name == "numbers") and 'output = "similarity"' in domain
        scored = molgen("score", activity, "--score", "score.toml", cwd=tmp_path)
        totals = [float(row["total"]) for row in csv.DictReader(io.StringIO(scored.stdout))]
        assert min(totals) < 0.3 and max(totals) > 0.7 and sum(0 < total < 1 for total in totals) > 20
        assert "warning" not in scored.stderr


@pytest.mark.slow
def test_concentrations_have_their_unit_and_no_term_without_one(molgen: Run, activity: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in activity.read_text().splitlines()[1:]]
    table = "\n".join(["smiles,Ki", *(f"{smiles},{10 ** (4 - 3 * float(value))}" for smiles, value in rows)])
    (tmp_path / "ki.csv").write_text(table + "\n")
    raw = molgen("fit", "ki.csv", "--column", "Ki", "--out", "raw", "--folds", 2, "--tolerance", 1e9, cwd=tmp_path)
    assert "say their unit" in raw.stderr and "[[terms]]" not in raw.stderr
    options = ("--column", "Ki", "--concentration", "nM", "--folds", 2)
    named = molgen("fit", "ki.csv", *options, "--out", "named", cwd=tmp_path)
    assert "-log10 Ki (mol/l)" in named.stdout and "[[terms]]" in named.stderr
    assert '"concentration": "nM"' in (tmp_path / "named" / "settings.json").read_text()


def test_names_of_columns_are_no_markup(molgen: Run, activity: Path, tmp_path: Path) -> None:
    activity.write_text(activity.read_text().replace("pIC50", "mean [nM]"))
    options = ("--column", "mean [nM]", "--estimator", "gaussian-process", "--folds", 2)
    result = molgen("fit", activity, *options, "--out", "qsar", cwd=tmp_path)
    assert "mean [nM]: gaussian-process" in result.stdout and "Warning" not in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (["--column", "pKi"], "has no column 'pKi'"),
        (["--column", "pIC50", "--estimator", "oracle"], "no estimator 'oracle'"),
        (["--column", "pIC50", "--threshold", "99"], "on one side of 99"),
        (["--column", "pIC50", "--concentration", "kg"], "no unit 'kg'"),
    ),
)
def test_what_cannot_be_fitted_is_said_in_one_line(
    molgen: Run, activity: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    result = molgen("fit", activity, *options, "--out", "qsar", code=2, cwd=tmp_path)
    assert message in result.stderr.splitlines()[-1] and not (tmp_path / "qsar").exists()
