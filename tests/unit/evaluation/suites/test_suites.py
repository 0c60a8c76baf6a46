"""Metrics of every suite against cases counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from molgen.chem.validity import judge
from molgen.evaluation import evaluate, reference_of
from molgen.evaluation.flags import RARE
from molgen.evaluation.result import Evaluation
from molgen.features import FEATURES, MoleculeRecord
from molgen.features.stability import stable_atoms


def found(attempts: list[str], suite: str, *only: str, train: list[str] | None = None) -> Evaluation:
    reference = None if train is None else reference_of(train, train)
    return evaluate(attempts, reference, suite, only=only or None, jobs=1, progress=False)


@pytest.mark.parametrize(
    ("text", "stable", "atoms"),
    [
        ("C", 1, 1),
        ("[CH3]", 1, 1),  # three is one of carbon's valences
        ("[CH2]", 0, 1),
        ("[C+]", 0, 1),
        ("C[CH+]C", 3, 3),
        ("CN(C)(C)C", 4, 5),
        ("C[N+](C)(C)C", 5, 5),
        ("C[NH-]", 2, 2),
        ("C[O]", 1, 2),
        ("C[O-]", 2, 2),
        ("CO(C)C", 3, 4),
        ("C[OH+]C", 3, 3),
        ("CS(C)(=O)=O", 5, 5),
        ("CS(C)(C)(C)C", 6, 6),
        ("CS(C)(C)(C)(C)(C)C", 7, 8),
        ("CP(C)(C)(C)C", 6, 6),
        ("FFF", 2, 3),
        ("C[Si](C)(C)C", 5, 5),
        ("C[Se]C", 2, 3),  # not in the table
        ("c1ccccc1", 6, 6),
        ("c1cccc1", 0, 5),  # no alternating bonds
        ("[H]C", 1, 1),
        ("C(C)(C)(C)(C)C", 5, 6),
        ("C1CC", 0, 0),
    ],
)
def test_stable_atoms(text: str, stable: int, atoms: int) -> None:
    assert stable_atoms(MoleculeRecord(text)) == (stable, atoms)


def test_shares_of_stability() -> None:
    """Eleven heavy atoms of what parses, of which one nitrogen is not stable; of four attempts two are whole."""
    shown = found(["CN(C)(C)C", "CCO", "CCC", "C1CC"], "graph")
    assert shown["atom_stability"] == pytest.approx(10 / 11) and shown["molecule_stability"] == 2 / 4
    assert shown.metric("atom_stability").n == 11 and shown.metric("molecule_stability").n == 4


@pytest.mark.parametrize(
    ("text", "relaxed"),
    [
        ("CN(C)(C)C", True),
        ("CC=N(C)C", True),
        ("CO(C)C", True),
        ("CO(C)(C)C", False),
        ("CN(C)(C)(C)C", False),
        ("C[N+](C)(C)(C)C", False),
        ("CN(C)(C)C.C", False),
        ("CCC(C)(C)(C)C", False),
        ("FCN(C)(C)C(F)F", True),
        ("CF(C)", False),
        ("C[N-](C)(C)C", False),  # a charge that is there is not changed
        ("CN(C)(C)CS(C)(=O)=O", True),  # sulfur with six bonds needs none
    ],
)
def test_a_charge_mends_nitrogen_oxygen_and_sulfur_with_one_bond_too_many(text: str, relaxed: bool) -> None:
    assert judge(text).relaxed is relaxed


def test_unique_among_the_first_thousand_and_ten_thousand() -> None:
    different = [f"[{n}CH4]" for n in range(1, 501)] + [f"C[{n}CH3]" for n in range(1, 501)]
    shown = found(["x", *different, *different[:500]], "moses", "valid", "unique@1000", "unique@10000")
    assert shown["valid"] == 1500 / 1501
    assert shown["unique@1000"] == 1 and shown.metric("unique@1000").n == 1000
    assert shown["unique@10000"] == 1000 / 1500 and "only 1,500" in shown.metric("unique@10000").note


def test_figures_of_moses_by_hand() -> None:
    attempts = ["CCO", "OCC", "CCN", "x", "c1ccccc1CC", "CC[Si](C)C"]
    shown = found(
        attempts,
        "moses",
        "Novelty",
        "Filters",
        "SNN/Test",
        "weight",
        "IntDiv",
        train=["CCO", "c1ccccc1CO"],
    )
    assert shown["Novelty"] == 3 / 4 and shown.metric("Novelty").n == 4  # of the different ones
    assert shown["Filters"] == 4 / 5  # silicon is not one of the elements of MOSES
    weights = {"CCO": 46.069, "CCN": 45.085, "c1ccccc1CC": 106.168, "CC[Si](C)C": 87.22, "c1ccccc1CO": 108.14}
    values = sorted(weights[text] for text in ("CCO", "CCO", "CCN", "c1ccccc1CC", "CC[Si](C)C"))
    steps = np.sort([weights["CCO"]] * 5 + [weights["c1ccccc1CO"]] * 5)
    assert shown["weight"] == pytest.approx(np.abs(np.repeat(values, 2) - steps).mean(), abs=0.01)
    assert 0 < shown["IntDiv"] < 1 and shown["SNN/Test"] < 1


def test_cosines_of_moses_by_hand() -> None:
    """Of scaffolds with two rings; fragments by BRICS, of which an ester of two rings has several."""
    naphthalene, biphenyl = "c1ccc2ccccc2c1", "c1ccc(-c2ccccc2)cc1"
    train = [f"C{naphthalene}", f"C{biphenyl}", "CCO"]
    shown = found([f"CC{naphthalene}", f"O{naphthalene}", "x", "CCN"], "moses", "Scaf/Test", "Frag/Test", train=train)
    assert shown["Scaf/Test"] == pytest.approx(2 / (2 * math.sqrt(2)))
    assert found(train, "moses", "Frag/Test", train=train)["Frag/Test"] == pytest.approx(1)
    assert shown["Frag/Test"] == 0


def test_figures_of_guacamol_by_hand() -> None:
    """All shares are of the molecules wanted, here as many as there are attempts."""
    shown = found(["CCO", "OCC", "x", "CCN", "CCC"], "guacamol", "Validity", "Uniqueness", "Novelty", train=["CCO"])
    assert shown["Validity"] == 4 / 5
    assert shown["Uniqueness"] == 3 / 5 and "only 4 found of 5 wanted" in shown.metric("Uniqueness").note
    assert shown["Novelty"] == 2 / 5 and "only 3 found of 5 wanted" in shown.metric("Novelty").note


@pytest.mark.slow
def test_the_score_of_guacamol_falls_with_the_distance_by_a_fifth() -> None:
    train = ["C" * n + "O" for n in range(1, 15)]
    shown = found(["C" * n + "N" for n in range(1, 15)], "guacamol", "FCD", "Frechet ChemNet Distance", train=train)
    distance, score = shown.metric("FCD"), shown.metric("Frechet ChemNet Distance")
    assert distance.value > 1
    assert score.value == pytest.approx(math.exp(-0.2 * distance.value))
    assert distance.low is not None and distance.high is not None
    assert (score.low, score.high) == (
        pytest.approx(math.exp(-0.2 * distance.high)),
        pytest.approx(math.exp(-0.2 * distance.low)),
    )


def test_the_divergence_of_guacamol_is_the_mean_of_exponentials() -> None:
    train = ["CCO", "CCCO", "CC(C)O", "c1ccccc1O", "CCCCO", "CC(=O)NC", "C1CCCCC1O"]
    shown = found([*train[:5], "CCN", "CCCN"], "guacamol", train=train)
    parts = [metric.value for _, metric in shown.metrics() if metric.name.startswith("KL ")][1:]
    assert len(parts) == 10
    assert shown["KL divergence"] == pytest.approx(np.mean(np.exp([-value for value in parts])))


def test_ring_systems_are_rare_below_a_number() -> None:
    train = ["c1ccccc1" + "C" * n for n in range(1, RARE + 1)] + ["c1ccncc1" + "C" * n for n in range(1, RARE)]
    attempts = ["c1ccccc1F", "c1ccncc1F", "C1CC1", "CCO", "not a molecule"]
    shown = found(attempts, "medchem", "ring_system_never_seen", "ring_system_rare", train=train)
    assert shown["ring_system_never_seen"] == 1 / 4 and shown["ring_system_rare"] == 2 / 4
    assert shown.metric("ring_system_rare").n == 4
    twice = found(["C1CC1C1CCC1", "CCO"], "medchem", "ring_system_never_seen", train=train)
    assert twice["ring_system_never_seen"] == 1 / 2


def test_circles_are_picked_at_their_distance() -> None:
    texts = [
        *("C" * n for n in range(1, 9)),
        "c1ccccc1",
        "c1ccccc1C",
        "c1ccncc1",
        "OC(=O)CN",
        "OC(=O)C(C)N",
        "C1CC1",
        "C1CCC1",
    ]
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    vectors = [generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in texts]
    picked: list[int] = []
    for number, vector in enumerate(vectors):
        if all(1 - DataStructs.TanimotoSimilarity(vector, vectors[other]) > 0.75 for other in picked):
            picked.append(number)
    assert 4 < len(picked) < len(texts)
    assert found([*texts, "C1CC"], "medchem", "circles")["circles"] == len(picked)
    assert found(["CCO"] * 5, "medchem", "circles")["circles"] == 1


def test_scaffolds_and_their_entropy_in_nats() -> None:
    attempts = ["c1ccccc1C", "c1ccccc1CC", "C1CCCCC1C", "C1CCCCC1CC", "x"]
    shown = found(attempts, "medchem", "scaffolds", "scaffold_entropy")
    assert shown["scaffolds"] == 2 and shown["scaffold_entropy"] == pytest.approx(math.log(2))


def test_natural_products_are_likelier_natural_products() -> None:
    glucose, drug = "OCC1OC(O)C(O)C(O)C1O", "O=C(Nc1ccc(F)cc1)c1ccc(S(=O)(=O)N2CCOCC2)cc1"
    values = {text: FEATURES["NP"].compute(MoleculeRecord(text)) for text in (glucose, drug)}
    assert values[glucose] > 1 and values[drug] < -1
    shown = found([glucose, drug, "x"], "medchem", "NP", "QED", "SA")
    assert shown["NP"] == pytest.approx(sum(values.values()) / 2)
    assert FEATURES["QED"].compute(MoleculeRecord(drug)) > FEATURES["QED"].compute(MoleculeRecord(glucose))
    assert FEATURES["SA"].compute(MoleculeRecord(drug)) < FEATURES["SA"].compute(MoleculeRecord(glucose))


def test_quality_counts_different_attempts_that_are_drug_like_and_easy_to_make_of_all() -> None:
    good = ["O=C(Nc1ccc(F)cc1)c1ccc(S(=O)(=O)N2CCOCC2)cc1", "Cc1ccc(C(=O)N2CCOCC2)cc1", "COc1ccc(CN2CCCC2)cc1"]
    other_writing = Chem.MolToSmiles(Chem.MolFromSmiles(good[0]), canonical=False, rootedAtAtom=7)
    plain, strained, broken = "CCO", "C1C2CC3C1CC4C2C3C4N", "C1CC"  # QED .4; SA 5 and more; no molecule
    attempts = [good[0], broken, plain, *good, strained, other_writing, good[1]]
    shown = found(attempts, "medchem", "quality")
    drawn = {Chem.CanonSmiles(text) for text in attempts if text != broken}
    records = map(MoleculeRecord, drawn)
    expected = sum(FEATURES["QED"].compute(r) >= 0.6 and FEATURES["SA"].compute(r) <= 4 for r in records)
    assert shown["quality"] == expected / len(attempts) == 3 / 9
    assert found([broken], "medchem", "quality")["quality"] == 0


def test_alerts_are_shares_of_valid_molecules() -> None:
    shown = found(
        ["O=[N+]([O-])c1ccccc1", "CCO", "x"], "medchem", "alerts_BRENK", "alerts_PAINS", "alerts_any", "plausible"
    )
    assert shown["alerts_BRENK"] == 1 / 2 == shown["alerts_any"] and shown["alerts_PAINS"] == 0
    assert shown["plausible"] == 1
