"""Molecules that benchmarks search for, and what is like them, are known as such."""

from __future__ import annotations

import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from molgen.datasets.targets import SIMILAR, TARGETS, like_a_target
from molgen.scoring.benchmarks import BENCHMARKS

GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=4096)


def _bits(smiles: str) -> set[int]:
    return set(GENERATOR.GetFingerprint(Chem.MolFromSmiles(smiles)).GetOnBits())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_like_itself(name: str) -> None:
    reason, message = like_a_target(Chem.MolFromSmiles(TARGETS[name])) or ("", "")
    assert reason == "like_a_target" and message == f"similar to {name}, 1.00"


@pytest.mark.parametrize(
    "smiles",
    [
        "CC(C)(C)NCC(O)c1ccc(O)cc1",
        "CC(C)(C)NCC(O)c1cc(Cl)c(N)c(Cl)c1",
        "CC1CCC(C)CC1O",
        "NS(=O)(=O)c1ccc(-n2cccn2)cc1",
        "COc1ccccc1OCC(O)CN1CCNCC1",
        "Cc1cccc(C)c1NC(=O)CN1CCCCC1",
        "c1ccc2ncncc2c1",
        "CCO",
        "CC(=O)Nc1ccccc1",
    ],
)
def test_similarity_is_the_share_of_common_bits(smiles: str) -> None:
    own = _bits(smiles)
    values = {name: len(own & _bits(text)) / len(own | _bits(text)) for name, text in TARGETS.items()}
    nearest = max(values, key=lambda name: values[name])
    expected = ("like_a_target", f"similar to {nearest}, {values[nearest]:.2f}") if values[nearest] > SIMILAR else None
    assert like_a_target(Chem.MolFromSmiles(smiles)) == expected


def test_every_molecule_of_a_task_is_a_target() -> None:
    searched = {
        smiles
        for tasks in BENCHMARKS.values()
        for task in tasks.values()
        for term in task.terms
        if term["type"] == "similarity"
        for smiles in term["molecules"]
    }
    assert searched == set(TARGETS.values())
