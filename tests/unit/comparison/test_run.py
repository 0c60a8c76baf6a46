"""The comparison end to end: trained, sampled, scored, interrupted and continued."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

import molgen as package
from molgen.cli.main import app
from molgen.comparison import Plan, default_plan, read_plan
from molgen.errors import MolgenError, UsageError
from tests.conftest import Run

ROOT = Path(__file__).parents[3]

TOML = """
attempts = 40

[[rows]]
name = "words"
family = "autoregressive"
settings.network = { width = 16, layers = 1, heads = 2 }
settings.optimiser = { validation_molecules = 8, sampled_molecules = 4 }

[[rows]]
name = "masks"
family = "any-order"
settings.network = { width = 16, layers = 1, heads = 2 }
settings.optimiser = { validation_molecules = 8, sampled_molecules = 4 }
samplings = [{}, { block = 1 }]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(TOML)
    return path


@pytest.mark.slow
def test_a_comparison_is_a_table_and_continues_where_it_stopped(
    molgen: Run, smiles_file: Path, plan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ["compare", "--data", smiles_file, "--out", out, "--config", plan, "--budget", "4s", "--seeds", 2]
    process = subprocess.Popen(
        [sys.executable, "-m", "molgen", *map(str, command)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    deadline = time.monotonic() + 120
    while not list(out.glob("words-0/run/tensorboard/*/events*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "--resume" in errors and "Traceback" not in errors, errors

    assert "is not empty" in molgen(*command, code=2).stderr
    assert "another comparison" in molgen(*command[:-4], "--budget", "5s", "--resume", code=2).stderr
    result = molgen(*command, "--resume")
    assert "words" in result.stdout and "block=1" in result.stdout
    again = molgen(*command, "--resume")
    assert again.stdout == result.stdout and "training" not in again.stderr
    for folder in out.glob("*/run"):  # what has been measured stands on its own
        shutil.rmtree(folder)
    assert molgen(*command, "--resume").stdout == result.stdout
    with (out / "report.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [(line["row"], line["seed"], line["sampling"]) for line in lines] == [
        (row, seed, sampling) for seed in "01" for row, sampling in (("words", ""), ("masks", ""), ("masks", "block=1"))
    ]
    for line in lines:
        assert float(line["likelihood_nats"]) > 0 and 0 <= float(line["validity"]) <= 1
        assert float(line["calls"]) > 1 and float(line["seconds"]) > 0
    report = (out / "report.md").read_text()
    assert "±" in report and "4 seconds" in report
    assert (out / "report.png").stat().st_size > 10_000


def test_a_damaged_plan_has_a_one_line_error(smiles_file: Path, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(MolgenError, match="damaged") as caught:
        package.compare(plan, tmp_path, data=smiles_file, resume=True)
    assert "\n" not in str(caught.value)


def test_the_default_plan_compares_equals() -> None:
    plan = default_plan(minutes=1, split=None)
    assert plan.split == "validation"
    assert {row.family for row in plan.rows} == {
        "graph",
        "graph-autoregressive",
        "text",
        "any-order",
        "continuous",
        "autoregressive",
    }
    for row in plan.rows:
        assert plan.run(row, 3).optimiser.seed == 3


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("rows = []", "rows"),
        ("[[rows]]\nname = 'a'\nfamily = 'gan'", "unknown family"),
        ("[[rows]]\nname = 'a'\nfamily = 'dialogue'", "generates no molecules"),
        ("[[rows]]\nname = 'a/b'\nfamily = 'text'", "row 1: name must|row 1, name"),
        (
            "[[rows]]\nname = 'a'\nfamily = 'text'\nsettings.network.widht = 3",
            "row a: network: there is no setting 'widht'; did you mean width",
        ),
        (
            "[[rows]]\nname = 'a'\nfamily = 'text'\nsamplings = [{ stepz = 3 }]",
            "row a, sampling: there is no setting 'stepz'; did you mean steps",
        ),
        ("[[rows]]\nname = 'a'\nfamily = 'text'\n[[rows]]\nname = 'a'\nfamily = 'graph'", "same name"),
        ("minutes = 0\n[[rows]]\nname = 'a'\nfamily = 'text'", "minutes"),
        ("nonsense", "not TOML"),
    ],
)
def test_bad_plans_have_one_line_errors(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=match) as caught:
        read_plan(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("budget", ["soon", "30", "-5m", "0h", ""])
def test_bad_budgets(budget: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["compare", "--out", str(tmp_path / "out"), "--budget", budget])
    assert isinstance(result.exception, UsageError), result.output
    assert "budget" in str(result.exception) and "\n" not in str(result.exception)


def test_plans_are_kept_as_they_are() -> None:
    plan = default_plan()
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.slow
def test_python_gives_the_table_of_the_report(smiles: list[str], plan: Path, tmp_path: Path) -> None:
    out, said = tmp_path / "out", []
    options = {"data": smiles[:80], "budget": "1s", "attempts": 10, "progress": said.append}
    table = package.compare(plan, out, **options)
    assert list(zip(table["row"], table["sampling"], strict=True)) == [
        ("words", ""),
        ("masks", ""),
        ("masks", "block=1"),
    ]
    written = pandas.read_csv(out / "report.csv", keep_default_na=False, na_values={"fcd": [""], "uniqueness": [""]})
    assert written.columns.tolist() == table.columns.tolist()
    assert written["likelihood_nats"].tolist() == pytest.approx(table["likelihood_nats"].tolist())
    assert any("training" in line for line in said)
    with pytest.raises(UsageError, match="is not empty"):
        package.compare(plan, out, **options)
    with pytest.raises(UsageError, match="on other molecules"):
        package.compare(plan, out, **{**options, "data": smiles[:79], "resume": True})
    said.clear()
    as_tables = tomllib.loads(plan.read_text())
    again = package.compare(as_tables, str(out), **{**options, "data": pandas.Series(smiles[:80])}, resume=True)
    pandas.testing.assert_frame_equal(again, table)
    assert not said


def test_runs_and_samples_are_those_of_their_seeds_and_settings(smiles: list[str], tmp_path: Path) -> None:
    settings = {"network": {"width": 16, "layers": 1, "heads": 2}, "optimiser": {"sampled_molecules": 0, "seed": 9}}
    samplings = [{}, {"temperature": {"tokens": 0.4}}]
    rows = [{"name": "words", "family": "autoregressive", "settings": settings, "samplings": samplings}]
    options = {"data": smiles[:60], "budget": "0.1s", "attempts": 12, "seeds": 2, "progress": False}
    table = package.compare({"rows": rows}, tmp_path / "out", **options)
    assert list(zip(table["seed"], table["attempts"], strict=True)) == [(0, 12), (0, 12), (1, 12), (1, 12)]
    for seed in (0, 1):
        folder = tmp_path / "out" / f"words-{seed}"
        run = tomllib.loads((folder / "run" / "config.toml").read_text())
        assert run["optimiser"]["seed"] == seed and run["optimiser"]["minutes"] == pytest.approx(0.1 / 60)
        model = package.load(folder / "run" / "model")
        for sampling, row in zip(samplings, table[table["seed"] == seed].itertuples(), strict=True):
            drawn = model.attempts(12, seed=1_000_000 + seed, progress=False, **sampling)
            label = row.sampling.replace(" ", ",") or "default"
            written = (folder / f"samples-validation-12-{label}.smi").read_text()
            assert written.splitlines() == drawn.smiles
            assert row.calls == pytest.approx(drawn.calls) and row.parameters == sum(
                p.numel() for p in model.parameters()
            )


def test_bad_comparisons_are_refused_and_leave_nothing(smiles: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    for options, message in (
        ({"config": {"rows": []}}, "rows"),
        ({"budget": "soon"}, "a number and a unit"),
        ({"data": pandas.DataFrame({"smiles": smiles})}, "one column of a table"),
        ({"seeds": 0}, "seeds"),
    ):
        with pytest.raises(UsageError, match=message):
            package.compare(out=out, **{"data": smiles, **options})
    with pytest.raises(UsageError, match="name it by out"):
        package.compare(resume=True)
    assert not out.exists()
