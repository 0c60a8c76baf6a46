"""`molgen score`."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import Run
from tests.unit.system.test_signals import gone

TOML = """
combine = "mean"

[[terms]]
type = "property"
property = "QED"
shape = {type = "above", value = 0.8, width = 0.8}

[[terms]]
type = "substructure"
smarts = "[OX2H]"
name = "alcohol"
"""


@pytest.fixture
def score(tmp_path: Path) -> Path:
    path = tmp_path / "score.toml"
    path.write_text(TOML)
    return path


def test_every_term_stands_beside_the_total(molgen: Run, score: Path, tmp_path: Path) -> None:
    molecules, out = tmp_path / "molecules.csv", tmp_path / "scored.csv"
    molecules.write_text("name,smiles\na,CCO\nb,C1CC\nc,OCC\nd,c1ccccc1\n")
    result = molgen("score", molecules, "--score", score, "-o", out)
    assert "read 4  different 2  cannot be read 1" in result.stderr
    rows = list(csv.DictReader(out.open()))
    assert list(rows[0]) == ["smiles", "name", "total", "QED", "QED_score", "alcohol", "alcohol_score"]
    assert "without" not in result.stderr and [row["name"] for row in rows] == ["a", "b", "c", "d"]
    assert [row["smiles"] for row in rows] == ["CCO", "C1CC", "OCC", "c1ccccc1"]
    assert rows[0]["total"] == rows[2]["total"] != "" and rows[1]["total"] == ""
    total = (float(rows[0]["QED"]) / 0.8 + 1) / 2
    assert float(rows[0]["total"]) == pytest.approx(total, abs=1e-5)
    assert molgen("score", molecules, "--score", score, "-o", out, code=2).stderr.count("\n") == 1


@pytest.mark.slow
def test_a_table_from_standard_input_is_a_table_and_keeps_its_columns(
    molgen: Run, molgen_process: Run, tmp_path: Path
) -> None:
    table = "id,QED,smiles,empty\na,7,CCO,\nb,8,CCN,\n"
    (tmp_path / "molecules.csv").write_text(table)
    piped = molgen_process("score", "-", "--score", "pmo/qed", given=table)
    assert piped.stdout == molgen("score", tmp_path / "molecules.csv", "--score", "pmo/qed").stdout
    rows = list(csv.DictReader(io.StringIO(piped.stdout)))
    assert list(rows[0]) == ["id", "smiles", "QED", "total", "QED_2", "QED_score"]
    assert [(row["smiles"], row["id"], row["QED"]) for row in rows] == [("CCO", "a", "7"), ("CCN", "b", "8")]
    assert float(rows[0]["QED_2"]) == pytest.approx(0.4068, abs=1e-4)


def test_tasks_of_benchmarks_are_scores(molgen: Run, tmp_path: Path) -> None:
    molecules = tmp_path / "molecules.smi"
    molecules.write_text("CC(C)(C)NCC(O)c1ccc(O)c(CO)c1\n")
    result = molgen("score", molecules, "--score", "guacamol/albuterol_similarity")
    assert float(next(csv.DictReader(io.StringIO(result.stdout)))["total"]) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (["--score", "none.toml"], "cannot read none.toml"),
        (["--score", "guacamol/none"], "guacamol has no task 'none'"),
        (
            ["--score", "guacamol/medain1"],
            "has no task 'medain1'; did you mean median1? There are celecoxib_rediscovery",
        ),
        (["--score", "median1"], "there is no file median1; did you mean guacamol/median1 or pmo/median1?"),
        (["--score", "Median_1"], "there is no file Median_1; did you mean guacamol/median1 or pmo/median1?"),
        (["--score", "guacamole/qed"], "there is no file guacamole/qed; did you mean pmo/qed?"),
        (["--score", "pmo/qed", "-o", "out.smi"], "has no place for values"),
    ),
)
def test_what_cannot_be_done_is_said_in_one_line(molgen: Run, tmp_path: Path, options: list[str], message: str) -> None:
    (tmp_path / "molecules.smi").write_text("CCO\n")
    result = molgen("score", "molecules.smi", *options, code=2, cwd=tmp_path)
    assert message in result.stderr and result.stderr.count("\n") == 1


LEAVING = """
import os, subprocess
child = subprocess.Popen(["sleep", "77"])
open("begun", "w").write(f"{os.getpid()} {child.pid}")
os.rename("begun", "started")
child.wait()
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="only POSIX ends groups of processes")
@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_a_signal_ends_the_program_of_a_term_and_what_that_has_started(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "program.py").write_text(LEAVING)
    (tmp_path / "score.toml").write_text(f'[[terms]]\ntype = "command"\ncommand = "{sys.executable} program.py"\n')
    (tmp_path / "molecules.smi").write_text("CCO\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "molgen", "score", "molecules.smi", "--score", "score.toml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (tmp_path / "started").exists():
        assert process.poll() is None
        time.sleep(0.05)
    program, child = (psutil.Process(int(one)) for one in (tmp_path / "started").read_text().split())
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert gone([program, child])


FUNCTION = '[[terms]]\ntype = "function"\nfunction = "fn:f"\n'


def test_what_a_function_prints_is_not_in_the_table(molgen: Run, tmp_path: Path) -> None:
    (tmp_path / "fn.py").write_text(
        "print('loaded')\ndef f(smiles):\n    print('hello')\n    return [0.5 for _ in smiles]\n"
    )
    (tmp_path / "score.toml").write_text(FUNCTION)
    (tmp_path / "molecules.smi").write_text("CCO\n")
    result = molgen("score", "molecules.smi", "--score", "score.toml", cwd=tmp_path)
    assert result.stdout.splitlines() == ["smiles,total,f,f_score", "CCO,0.5,0.5,0.5"]
    assert "loaded" in result.stderr and "hello" in result.stderr


def test_a_function_that_ends_the_program_is_said_in_one_line(molgen: Run, tmp_path: Path) -> None:
    (tmp_path / "fn.py").write_text("import sys\ndef f(smiles):\n    sys.exit(3)\n")
    (tmp_path / "score.toml").write_text(FUNCTION)
    (tmp_path / "molecules.smi").write_text("CCO\n")
    result = molgen("score", "molecules.smi", "--score", "score.toml", code=1, cwd=tmp_path)
    assert result.stderr == f"molgen: fn:f failed: SystemExit(3) ({tmp_path / 'fn.py'}, line 3)\n"


def test_a_program_that_fails_is_warned_of(molgen: Run, tmp_path: Path) -> None:
    (tmp_path / "score.toml").write_text('[[terms]]\ntype = "command"\ncommand = "false"\n')
    (tmp_path / "molecules.smi").write_text("CCO\n")
    result = molgen("score", "molecules.smi", "--score", "score.toml", cwd=tmp_path)
    assert result.stderr.splitlines()[0].startswith("molgen: warning: term false: its program ended with exit code 1")


def test_a_term_whose_values_are_cut_off_is_warned_of(molgen: Run, tmp_path: Path) -> None:
    (tmp_path / "score.toml").write_text('[[terms]]\ntype = "property"\nproperty = "weight"\n')
    (tmp_path / "molecules.smi").write_text("CCO\nCC\n")
    result = molgen("score", "molecules.smi", "--score", "score.toml", cwd=tmp_path)
    said = "term weight: 100% of its values are above 1 and count as 1; give it a shape (docs/optimise.md)"
    assert result.stderr.splitlines()[0] == f"molgen: warning: {said}"
