"""A file as reference is one set; what was left out of it is said."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from molgen.errors import UsageError
from molgen.evaluation import evaluate, find_reference
from molgen.evaluation.references import reference_of
from molgen.evaluation.sample import examine
from molgen.io import read_smiles

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


def attempts(name: str) -> list[str]:
    return [text for _, text in read_smiles(CASES / name)]


@pytest.mark.parametrize("name", ["own40.smi", "stereo24.smi", "many_tokens.smi"])
def test_a_file_against_itself_has_no_novelty_and_no_distance(name: str) -> None:
    reference = find_reference(str(CASES / name), jobs=1)
    assert reference.smiles("train") == reference.smiles("test") and not reference.notes
    found = evaluate(
        attempts(name), reference, ["moses", "guacamol", "graph"], only=["Novelty", "novelty", "vun", "nspdk"], jobs=1
    )
    assert [metric.value for _, metric in found.metrics()] == [0] * 5


@pytest.mark.slow
def test_fcd_against_itself_is_near_zero_on_all_molecules() -> None:
    name = "own40.smi"
    metric = evaluate(attempts(name), str(CASES / name), only=["fcd"], jobs=1).metric("fcd")
    assert metric.n == 40 and abs(metric.value) < 1e-3 and "40 molecules" in metric.note


@pytest.mark.parametrize(("name", "reference"), [("own5.smi", "ref10.smi"), ("one.smi", "one.smi")])
def test_of_few_everything_but_fcd_is_computed(name: str, reference: str) -> None:
    found = evaluate(attempts(name), str(CASES / reference), "graph", jobs=1)
    assert math.isnan(found["fcd"]) and "at least" in found.metric("fcd").note
    assert all(math.isfinite(metric.value) for _, metric in found.metrics() if metric.name != "fcd")


def test_a_second_file_takes_the_distances() -> None:
    reference = find_reference(str(CASES / "own40.smi"), test=str(CASES / "ref10.smi"), jobs=1)
    assert [reference.title(split)[-9:] for split in ("train", "test")] == ["own40.smi", "ref10.smi"]
    assert " of the " not in reference.title("test")
    assert find_reference(["CC", "CCO"], jobs=1).title("test") == "2 molecules of the reference"
    assert (len(reference.smiles("train")), len(reference.smiles("test"))) == (40, 10)
    with pytest.raises(UsageError, match="named set"):
        find_reference("qm9", test=str(CASES / "ref10.smi"))


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    path = tmp_path / "mine.smi"
    path.write_text("CCO\nOCC\nC1CC\nCC*\nCCN.Cl\n" + "C" * 300 + "\n")
    notes = " ".join(find_reference(str(path), jobs=1).notes)
    for said in ("unparsable; first: line 3", "dummy; first: line 4", "fragments; first: line 5", "1 duplicates"):
        assert said in notes
    salty = find_reference(str(path), jobs=1, salts=True)
    assert "CCN" in salty.smiles("train") and "of 1 salts" in " ".join(salty.notes)
    result = evaluate(["CCO"], find_reference(str(path), jobs=1), only=["novelty"], jobs=1)
    assert any("left out as unparsable" in warning for warning in result.warnings)


def test_stereo_labels_and_maps_make_no_other_molecule() -> None:
    only = ["Novelty", "Uniqueness", "novelty", "uniqueness", "unique@1000"]
    from molgen.evaluation import reference_of

    reference = reference_of(["CC(F)Cl", "CO"])
    found = evaluate(
        ["C[C@H](F)Cl", "C[C@@H](F)Cl", "CO", "[CH3:1][OH:2]"], reference, ["moses", "guacamol", "graph"], only=only
    )
    assert {name: found[name] for name in only} == {
        **{"Novelty": 0, "novelty": 0},
        **dict.fromkeys(["Uniqueness", "uniqueness", "unique@1000"], 0.5),
    }


def test_what_does_not_depend_on_writing_is_the_same_of_one_reading() -> None:
    """Molecules as nobody's canonical SMILES has them, with Kekule rings and labels."""
    texts = [
        "OCC",
        "C1=CC=CC=C1C(O)=O",
        "[H]N([H])C(C)=O",
        "C1=CC2=C(C=C1)NC=C2",
        "F[C@H](Cl)Br",
        "C/C=C/C",
        "O=N(=O)c1ccccc1",
    ]
    texts += ["[O-][N+](=O)C1=CN=CN1", "OC(=O)C1=CC2=CC=CC=C2S1"]
    reference = reference_of(texts, texts)
    names = ["morgan", "neighbourhoods"]
    reference.prepare("test", names, 1)
    twice = examine(texts, names, verdicts=False, jobs=1)
    assert np.array_equal(reference.bits("test", "morgan"), twice.bits("morgan"))
    assert reference.discrepancy("test", "neighbourhoods", twice.mean("neighbourhoods")) == pytest.approx(0, abs=1e-12)
