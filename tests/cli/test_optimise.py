"""`molgen optimise`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.unit.optimisation.tiny import tiny

FAILING = """
calls = []

def f(smiles):
    calls.append(smiles)
    if len(calls) == 3:
        return [0.5]
    with open("seen.smi", "a") as file:
        file.writelines(text + "\\n" for text in smiles)
    return [len(text) / 50 for text in smiles]
"""
"""A score that fails at its third call."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("optimised") / "tiny"
    tiny().save_pretrained(path)
    return path


@pytest.mark.slow
def test_the_best_molecules_are_written_with_all_terms_and_what_speaks_against_them(
    molgen: Run, model: Path, tmp_path: Path
) -> None:
    options = ("--model", model, "--settings", "batch=16", "-o", "best.csv", "-n", "10")
    result = molgen("optimise", "--score", "pmo/qed", "--calls", 40, *options, cwd=tmp_path)
    assert "calls 40  best 0." in result.stderr and "calls/s" in result.stderr and "of the best 10" in result.stderr
    rows = list(csv.DictReader((tmp_path / "best.csv").open()))
    assert len(rows) == 10
    assert list(rows[0])[:4] == ["smiles", "total", "QED", "QED_score"]
    assert {"SA", "alerts", "ring_oddities", "nll"} <= set(rows[0])
    totals = [float(row["total"]) for row in rows]
    assert totals == sorted(totals, reverse=True)
    for name in ("curve.png", "best.png"):
        assert (tmp_path / "best" / name).read_bytes().startswith(b"\x89PNG")
    molgen("optimise", "-o", "best.csv", "--resume", "--calls", 60, "-n", "5", cwd=tmp_path)
    again = list(csv.DictReader((tmp_path / "best.csv").open()))
    assert "nothing is left" in molgen("optimise", "-o", "best.csv", "--resume", cwd=tmp_path).stderr
    assert len(again) == 5 and float(again[0]["total"]) >= totals[0]


@pytest.mark.slow
def test_a_benchmark_goes_on_where_it_was(molgen: Run, model: Path, tmp_path: Path) -> None:
    options = ("--tasks", "qed,median1,qed", "--model", model, "--calls", 20, "--settings", "batch=16", "-o", "pmo")
    first = molgen("optimise", "--benchmark", "pmo", *options, cwd=tmp_path)
    assert "sum of 2" in first.stdout and "qed" in first.stdout
    assert molgen("optimise", "--benchmark", "pmo", *options, cwd=tmp_path).stdout == first.stdout
    one = ("--score", "pmo/qed", "--model", model, "--calls", 20, "--settings", "batch=16", "-o", "best.csv")
    molgen("optimise", *one, cwd=tmp_path)  # the task, though there is a folder pmo/qed now


def test_what_was_found_before_a_score_fails_is_written(molgen: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "failing_on_command.py").write_text(FAILING)
    (tmp_path / "score.toml").write_text('[[terms]]\ntype = "function"\nfunction = "failing_on_command:f"\n')
    options = ("--model", model, "--settings", "batch=16", "-o", "best.csv")
    result = molgen("optimise", "--score", "score.toml", *options, cwd=tmp_path, code=1)
    assert "returned 1 values for" in result.stderr.splitlines()[-1]
    found = [row["smiles"] for row in csv.DictReader((tmp_path / "best.csv").open())]
    assert len(found) > 3 and sorted(found) == sorted((tmp_path / "seen.smi").read_text().splitlines())


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (["-o", "best.csv"], "name a score"),
        (["-o", ".", "--score", "pmo/qed"], "is no name of a file"),
        (["-o", "best.csv", "--resume", "--overwrite"], "leave --overwrite out"),
        (["-o", "best.smi", "--score", "pmo/qed"], "no place for values"),
        (["-o", "best.csv", "--score", "none.toml"], "cannot read none.toml"),
        (["-o", "best.csv", "--resume"], "is not the folder of an optimisation"),
        (["-o", "best.csv", "--resume", "--seed", "1"], "--resume takes --seed from the run"),
        (["-o", "best.csv", "--resume", "--start", "known.smi"], "--resume takes --start from the run"),
        (["-o", "best.csv", "--score", "pmo/qed", "--start", "none.smi"], "none.smi"),
        (["-o", "best.csv", "--resume", "--model", "qm9-ar"], "--resume takes --model from the run"),
        (["-o", "best.csv", "--score", "pmo/qed", "--settings", "calls=9"], "an option of its own, --calls"),
        (["-o", "best.csv", "--score", "pmo/qed", "--tasks", "qed"], "--tasks are those of a --benchmark"),
        (["-o", "out", "--benchmark", "pmo", "-n", "5"], "--benchmark goes without --number"),
        (["-o", "best.csv", "--score", "pmo/qed", "--settings", "sigmma=2"], "no 'sigmma'; did you mean sigma?"),
        (["-o", "best.csv", "--score", "pmo/qed", "--settings", "sigma"], "--settings takes sigma=VALUE"),
        (["-o", "best.csv", "--score", "pmo/qed", "--settings", "sigma=-2"], "sigma"),
        (["-o", "best.csv", "--score", "pmo/qed", "--model", "none"], "there is no model"),
        (["-o", "out", "--benchmark", "pmo", "--settings", "enough=3"], "leave enough out"),
        (["-o", "out", "--benchmark", "zinc"], "no benchmark 'zinc'"),
        (["-o", "out", "--benchmark", "pmo", "--tasks", "drd2"], "no task 'drd2'"),
        (["-o", "out", "--benchmark", "pmo", "--score", "pmo/qed"], "--benchmark goes without"),
    ),
    ids=str,
)
def test_what_cannot_be_done_is_said_in_one_line(molgen: Run, tmp_path: Path, options: list[str], message: str) -> None:
    result = molgen("optimise", *options, code=2, cwd=tmp_path)
    assert message in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_score_that_fails_at_once_leaves_the_name_free(molgen: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "failing_at_once.py").write_text("def f(smiles):\n    raise ValueError('no licence')\n")
    (tmp_path / "score.toml").write_text('[[terms]]\ntype = "function"\nfunction = "failing_at_once:f"\n')
    options = ("--model", model, "--settings", "batch=16", "--calls", 20, "-o", "best.csv")
    assert "no licence" in molgen("optimise", "--score", "score.toml", *options, cwd=tmp_path, code=1).stderr
    molgen("optimise", "--score", "pmo/qed", *options, cwd=tmp_path)
    assert "pass --resume to go on" in molgen("optimise", "--score", "pmo/qed", *options, cwd=tmp_path, code=2).stderr
    said = molgen("optimise", "--score", "pmo/qed", *options, "-o", "best.parquet", cwd=tmp_path, code=2).stderr
    assert "--overwrite to begin anew" in said
    molgen("optimise", "--score", "pmo/qed", *options, "--seed", 1, "--overwrite", cwd=tmp_path)
    assert '"seed": 1' in (tmp_path / "best" / "settings.json").read_text()


@pytest.mark.slow
def test_a_run_that_begins_from_known_molecules_goes_on_without_their_file(
    molgen: Run, model: Path, tmp_path: Path
) -> None:
    known = ["OCC(O)CO", "CC(=O)O", "CCO"]
    (tmp_path / "known.smi").write_text("\n".join(known) + "\n")
    options = ("--score", "pmo/qed", "--model", model, "--settings", "batch=2", "-n", 100)
    for name, calls in (("whole", 12), ("parts", 2)):
        molgen("optimise", *options, "--start", "known.smi", "--calls", calls, "-o", f"{name}.csv", cwd=tmp_path)
    (tmp_path / "known.smi").unlink()
    molgen("optimise", "--resume", "--calls", 12, "-n", 100, "-o", "parts.csv", cwd=tmp_path)
    found, whole = ((tmp_path / f"{name}.csv").read_text() for name in ("parts", "whole"))
    assert found == whole
    sources = {row["smiles"]: row["source"] for row in csv.DictReader(io.StringIO(whole))}
    assert [sources[smiles] for smiles in known] == ["start"] * 3
    assert len(sources) == 12 and {*sources.values()} <= {"start", "new", "regrown", "crossed", "mutated"}


@pytest.mark.slow
def test_two_files_in_one_folder_are_two_runs(molgen: Run, model: Path, tmp_path: Path) -> None:
    options = ("--score", "pmo/qed", "--calls", 20, "--model", model, "--settings", "batch=16")
    for seed in (1, 2):
        molgen("optimise", *options, "--seed", seed, "-o", f"best.seed{seed}.csv", cwd=tmp_path)
    first, second = ((tmp_path / f"best.seed{seed}.csv").read_text() for seed in (1, 2))
    assert first != second
    assert (tmp_path / "best.seed1" / "curve.png").is_file() and (tmp_path / "best.seed2" / "curve.png").is_file()


@pytest.mark.slow
def test_a_term_named_as_what_speaks_against_a_molecule_keeps_its_column(
    molgen: Run, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "score.toml").write_text(
        '[[terms]]\ntype = "alerts"\ncatalogues = ["BRENK"]\n[[terms]]\ntype = "property"\nproperty = "QED"\n'
    )
    options = ("--calls", 20, "--model", model, "--settings", "batch=16", "-n", 5)
    molgen("optimise", "--score", "score.toml", *options, "-o", "best.csv", cwd=tmp_path)
    row = next(csv.DictReader((tmp_path / "best.csv").open()))
    assert float(row["alerts"]) >= 0 and "alerts_2" in row
