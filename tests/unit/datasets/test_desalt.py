"""Salts are refused by name, or desalted and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.datasets import load_dataset
from molgen.errors import MolgenError

SALTS = Path(__file__).parents[2] / "fixtures" / "cases" / "salts.smi"


def test_salts_are_desalted_only_on_request() -> None:
    with pytest.raises(MolgenError, match="skipped: fragments 2; desalting keeps the largest component"):
        load_dataset(str(SALTS))
    dataset = load_dataset(str(SALTS), desalt=True)
    assert dataset.smiles("train") == ["CCO", "CCN"] and dataset.report.desalted == 2
