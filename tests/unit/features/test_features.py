"""Faster ways of asking RDKit give RDKit's answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import QED
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

from molgen.evaluation import evaluate
from molgen.evaluation.columns import Words, load_column, save_column
from molgen.evaluation.similarity import internal_diversity, nearest_similarity
from molgen.features import FEATURES, MoleculeRecord, describe
from molgen.features.alerts import ALIASES, CATALOGUES, _entries, _moses_queries, matching_catalogues
from molgen.features.fragments import scaffold_of
from molgen.features.properties import drug_likeness

SMILES = json.loads((Path(__file__).parents[2] / "fixtures" / "originals.json").read_text())["generated"]
ODD = (
    "C[Si](C)(C)C",
    "[Na+].[Cl-]",
    "c1ccccc1[Hg]C",
    "[2H]C",
    "O=[U]=O",
    "CCB(O)O",
    "C[N+](C)(C)C",
    "[O-][n+]1ccccc1",
    "c1cc2ccc3cccc4ccc(c1)c2c34",
    "C1OCCOCCOCCOCCOCCO1",
    "CCCCCCCCC(=O)Cl",
)


@pytest.fixture(scope="module")
def subjects() -> list[MoleculeRecord]:
    return [record for record in map(MoleculeRecord, (*SMILES, *ODD)) if record.mol is not None]


@pytest.mark.parametrize("smiles", ("S~O[U]", "[2H]SP[O-]~[2H]"))
def test_what_rdkit_cannot_compute_of_one_molecule_ends_nothing(smiles: str) -> None:
    """A bond of order 0, of which BertzCT takes the logarithm, and isotopes without which RDKit reads no molecule."""
    found = describe(smiles, tuple(FEATURES)).features
    assert found is not None and np.isfinite(found[list(FEATURES).index("BertzCT")])


@pytest.mark.slow
def test_screened_alerts_are_those_of_rdkits_catalogues(subjects: list[MoleculeRecord]) -> None:
    found = [set(FEATURES["alerts"].compute(record)) for record in subjects]
    assert sum(map(len, found)) > 100
    for name in CATALOGUES:
        parameters = FilterCatalogParams()
        parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
        catalogue = FilterCatalog(parameters)
        for record, alerts in zip(subjects, found, strict=True):
            expected = {f"{name}: {entry.GetDescription()}" for entry in catalogue.GetMatches(record.mol)}
            assert {alert for alert in alerts if alert.startswith(f"{name}: ")} == expected


@pytest.mark.slow
def test_a_catalogue_under_two_names_counts_once(subjects: list[MoleculeRecord]) -> None:
    for other, name in ALIASES.items():
        assert other not in CATALOGUES
        first, second = _entries(other), _entries(name)
        assert len(first) == len(second)
        for record in subjects:
            matching = [sum(entry.HasFilterMatch(record.mol) for entry in entries) for entries in (first, second)]
            assert matching[0] == matching[1]
            assert (matching[0] > 0) == (name in matching_catalogues(record))


@pytest.mark.slow
def test_screened_filters_and_qed_are_the_plain_ones(subjects: list[MoleculeRecord]) -> None:
    queries, screen = _moses_queries()
    for record in [*subjects[:60], *subjects[-len(ODD) :]]:
        matching = {n for n, query in enumerate(queries) if record.hydrogens.HasSubstructMatch(query)}
        assert matching <= set(screen.survivors(record.hydrogen_pattern, record.hydrogens))
    for record in subjects:
        assert FEATURES["QED"].compute(record) == pytest.approx(QED.qed(record.mol), abs=1e-12)


def test_similarities_are_rdkits(subjects: list[MoleculeRecord]) -> None:
    raw = [FEATURES["morgan"].compute(record) for record in subjects]
    prints = np.frombuffer(b"".join(raw), dtype=np.uint64).reshape(len(raw), -1)
    vectors = [DataStructs.CreateFromBinaryText(row) for row in raw]
    table = np.array([DataStructs.BulkTanimotoSimilarity(vector, vectors) for vector in vectors])
    assert nearest_similarity(prints[:50], prints[50:]) == pytest.approx(table[:50, 50:].max(1))
    assert nearest_similarity(prints) == pytest.approx((table - np.eye(len(table))).max(1))
    found = internal_diversity(prints)
    assert found.first == pytest.approx(1 - table.mean())
    assert found.second == pytest.approx(1 - np.sqrt((table**2).mean(1)).mean())


def test_ring_systems_and_fragments() -> None:
    naphthyl = MoleculeRecord("O=C1CCCC1c1ccc2ccccc2c1")
    assert sorted(FEATURES["ring_systems"].compute(naphthyl)) == ["O=C1CCCC1", "c1ccc2ccccc2c1"]
    assert FEATURES["ring_systems"].compute(MoleculeRecord("C1CC12CC2")) == ("C1CC12CC2",)
    assert FEATURES["moses_scaffold"].compute(MoleculeRecord("CCC1CC1")) == ()
    assert FEATURES["scaffold"].compute(MoleculeRecord("CCC1CC1")) == ("C1CC1",)


def test_columns_survive_storage(tmp_path: Path) -> None:
    words = Words()
    for row in (("a", "b"), (), ("b",)):
        words.add(row)
    path = tmp_path / "fragments.npz"
    save_column(words, path)
    again = load_column("fragments", path)
    assert isinstance(again, Words)
    assert list(again) == [["a", "b"], [], ["b"]]
    assert again.counts(np.array([True, True, False])) == {"a": 1, "b": 1}
    path.write_bytes(b"broken")
    assert load_column("fragments", path) is None


def test_a_molecule_with_an_aromatic_bond_of_any_kind_has_all_its_figures() -> None:
    """RDKit reads it, and its own drug-likeness raises an error of valence."""
    for smiles in ("O=C(NCC1COc2cccc~c2O1)c1ccco1", "COC(=O)Nc1ccc(S(=O)(=O)Nc2cccc~c2OC)cc1"):
        with pytest.raises(Chem.AtomValenceException):
            QED.qed(Chem.MolFromSmiles(smiles))
        ordinary = drug_likeness(MoleculeRecord(smiles.replace("~", "")))
        assert drug_likeness(MoleculeRecord(smiles)) == pytest.approx(ordinary, abs=0.05)
        assert not evaluate([smiles, "CCO"], suite="medchem", jobs=1).lost


def test_molecules_group_by_scaffold_and_those_without_rings_are_their_own() -> None:
    groups = [scaffold_of(text) for text in ("Cc1ccccc1", "OCc1ccccc1", "C1CCCCC1O", "CCO", "CCN")]
    assert groups == ["c1ccccc1", "c1ccccc1", "C1CCCCC1", "CCO", "CCN"]
