"""Mutated SMILES: every one is read or refused by name, and none ends or hangs a run."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from molgen.io import read_smiles
from tests.conftest import Run

OWN = Path(__file__).parents[1] / "fixtures" / "cases" / "own400.smi"

_ALPHABET = "BCNOPSFIclnosp[]()=#:/\\\\@+-.%0123456789*~$<>{}|,; \t"


def mutated(texts: list[str], count: int, seed: int) -> list[str]:
    """Real SMILES with one to six characters deleted, inserted, exchanged or repeated."""
    rng, found = random.Random(seed), []
    for _ in range(count):
        text = list(rng.choice(texts))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(text) + 1)
            action = rng.randrange(4)
            if action == 0 and text:
                del text[min(at, len(text) - 1)]
            elif action == 1:
                text.insert(at, rng.choice(_ALPHABET))
            elif action == 2:
                text[at : at + 1] = rng.choice(_ALPHABET)
            else:
                text[at:at] = text[at : at + rng.randint(1, 20)] * rng.randint(1, 5)
        found.append("".join(text))
    return found


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_mutated_smiles_end_no_run(molgen: Run, tmp_path: Path) -> None:
    count = int(os.environ.get("MOLGEN_FUZZ", "10000"))
    path = tmp_path / "mutated.smi"
    path.write_text("\n".join(mutated([text for _, text in read_smiles(OWN)], count, seed=0)) + "\n")
    comments = sum(line.lstrip().startswith("#") for line in path.read_text().splitlines())
    for step in range(0, count, 10_000):
        part = tmp_path / f"part{step}.smi"
        part.write_text("\n".join(path.read_text().splitlines()[step : step + 10_000]) + "\n")
        shown = molgen("data", "info", part)
        scored = molgen("evaluate", part, "--suite", "graph", "--only", "validity,uniqueness,atom_stability")
        assert "Traceback" not in shown.stderr + scored.stderr
        assert comments or "10,000 attempts" in scored.stdout
