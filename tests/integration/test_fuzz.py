"""Mutated SMILES: every one is read or refused by name, every line is counted, and none ends or hangs a run."""

from __future__ import annotations

import csv
import os
import random
import re
from pathlib import Path

import pytest

from molgen.io import read_smiles
from molgen.io.streams import MAX_LINE
from tests.conftest import Run

OWN = Path(__file__).parents[1] / "fixtures" / "cases" / "own400.smi"

_CHARACTERS = "BCNOPSFIclnosp[]()=#:/\\@+-.%0123456789*~$<>{}|,; \t\"'&?!^`_"
_PIECES = (
    *("\u200b", "\u00a0", "\ufeff", "é", "中", "😀", "\u202e", "−", "\x00", "\x07", "\x0b", "\x1c", "\x85", "\u2028"),
    *("[nH]", "[13C]", "[Fe+2]", "%10", "%(100)", "|$R1$|", ">>", "[*:1]", "[CH99]", "[C+99]", "[#6]", "$$$$", "&#1;"),
    *("<b>", "=1+1", "nan", '""', '";"', "C1CC1.C1CC1", "((((", "]]"),
)
_COMMENT = re.compile(r'[\s,;"]*#')


def mutated(texts: list[str], count: int, seed: int) -> list[str]:
    """Real SMILES with one to six changes: characters deleted, inserted, exchanged or repeated; a few very long."""
    rng, found = random.Random(seed), ["CCO", "C" * (MAX_LINE + 10)]
    while len(found) < count:
        text = list(rng.choice(texts))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(text) + 1)
            action = rng.randrange(5)
            if action == 0:
                del text[at : at + 1]
            elif action == 1:
                text.insert(at, rng.choice(_CHARACTERS))
            elif action == 2:
                text[at : at + 1] = rng.choice(_CHARACTERS)
            elif action == 3:
                text[at:at] = rng.choice(_PIECES)
            else:
                text[at:at] = text[at : at + rng.randint(1, 20)] * rng.randint(1, 5)
        line = "".join(text) * (rng.randint(50, 2000) if rng.random() < 0.0005 else 1)
        if not _COMMENT.match(line):
            found.append(line)
    return found


def number(pattern: str, text: str) -> int:
    """The sum of the numbers behind a pattern."""
    return sum(int(found.replace(",", "")) for found in re.findall(pattern + r"[^\d]*([\d,]+)", text))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("suffix", [".smi", ".csv"])
def test_mutated_smiles_end_no_run_and_are_all_counted(molgen_process: Run, tmp_path: Path, suffix: str) -> None:
    count = int(os.environ.get("MOLGEN_FUZZ", "4000"))
    lines = mutated([text for _, text in read_smiles(OWN)], count, seed=0)
    for step in range(0, count, 20_000):
        part, path = lines[step : step + 20_000], tmp_path / f"part{step}{suffix}"
        with path.open("w", newline="", encoding="utf-8") as file:
            if suffix == ".csv":
                csv.writer(file, lineterminator="\n").writerows([["n", "smiles"], *enumerate(part)])
            else:
                file.writelines(f"{line}\n" for line in part)
        shown = molgen_process("data", "info", path).stdout
        assert number("│ read +", shown) == len(part)
        assert number("│ kept +", shown) + number("│ duplicates +", shown) + number("skipped: ", shown) == len(part)
        scored = molgen_process("evaluate", path, "--only", "validity,uniqueness,atom_stability")
        assert f"{len(part):,} attempts" in scored.stdout
        assert "Traceback" not in scored.stderr and "longer than 20 s" not in scored.stderr
        judged = molgen_process("evaluate", path, "--suite", "medchem")  # every figure of every molecule that is read
        assert f"{len(part):,} attempts" in judged.stdout and "Traceback" not in judged.stderr
