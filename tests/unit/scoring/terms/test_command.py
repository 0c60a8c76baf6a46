from __future__ import annotations

import math
import sys
import warnings
from pathlib import Path

import pytest

from molgen.errors import ConditionWarning, MolgenError
from molgen.scoring import Score, Scorer
from molgen.scoring.scorer import FEWEST

SMILES = ["C" * number for number in range(1, FEWEST + 1)]


def score_of(folder: Path, body: str, **settings: object) -> Score:
    (folder / "program.py").write_text(f"import sys, time\nlines = sys.stdin.read().split()\n{body}\n")
    command = f"{sys.executable} {folder / 'program.py'}"
    return Score.of(terms=[{"type": "command", "command": command, "name": "dock", **settings}])


@pytest.mark.parametrize(
    ("body", "reason"),
    (
        ("sys.exit(3)", "its program ended with exit code 3: it wrote nothing to stderr"),
        ("sys.exit('first\\nno licence\\n\\n')", "its program ended with exit code 1: no licence"),
        ("import os; os.kill(os.getpid(), 9)", "its program was ended by signal 9"),
        ("print(1)", "its program wrote 1 values for 16 molecules: a line each is needed"),
        ("time.sleep(60)", "its program took longer than 0.5 s"),
    ),
)
def test_the_reason_why_no_molecule_has_a_value_is_said(tmp_path: Path, body: str, reason: str) -> None:
    scorer = Scorer(score_of(tmp_path, body, timeout=0.5 if "sleep" in body else 60))
    with (
        pytest.warns(ConditionWarning, match="term dock: its program"),
        pytest.raises(MolgenError, match=f"first {FEWEST} molecules; term dock: {reason}"),
    ):
        scorer(SMILES)


def test_lines_that_are_no_numbers_are_shown_where_there_is_no_other(tmp_path: Path) -> None:
    scorer = Scorer(score_of(tmp_path, "for x in lines: print('no pose')"))
    with pytest.raises(MolgenError, match="molecules; term dock: its program wrote 'no pose'"):
        scorer(SMILES)


def test_calls_that_fail_are_warned_of_once_and_molecules_that_fail_are_not(tmp_path: Path) -> None:
    body = "if lines[0] in ('CC', 'CCC'): sys.exit('no charge for ' + lines[0])\nprint(0.5 if lines != ['C'] else 'x')"
    score = score_of(tmp_path, body, batch=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = score.table(["C", "CC", "CCC", "CCCC"])["dock"]
        score(["CC"])
    assert found == pytest.approx([math.nan] * 3 + [0.5], nan_ok=True)
    assert [str(one.message) for one in caught] == [
        "term dock: its program ended with exit code 1: no charge for CC; molecules of this call without a value: 1; "
        "further failures are counted only"
    ]
