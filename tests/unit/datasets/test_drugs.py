"""A set of several collections from which test molecules and rare atoms are left out, on a small made-up source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from molgen.chem import GraphCodec
from molgen.chem.standardize import Limits, canonical_smiles
from molgen.chem.strict import strict_smiles
from molgen.datasets import SOURCES, EncodedDataset, drugs, load_dataset
from molgen.datasets.encoding import Record
from molgen.datasets.sources import AtomRule

MOSES = ["C" * n + "O" for n in range(1, 40)]
BIOACTIVE = [
    *("C" * n + "N" for n in range(1, 30)),
    "OCCC",  # in both, written in another way
    "F/C=C/CCO",  # a test molecule, with a stereo label that does not save it
    "C" * 51,
    "CC.CC",
    "C[Se]C",
    "CCBr",
    "CCBr.C",
    "CC(C)(C)NCC(O)c1ccc(O)cc1",  # like albuterol
]
HELD_OUT = ["OCCC=CF", "CCCCCO", "not read"]


@pytest.fixture(scope="module")
def made_up() -> EncodedDataset:
    def records() -> Iterator[Record]:
        for line, smiles in enumerate(MOSES, 1):
            yield Record(line, smiles, "train", None, "moses")
        for line, smiles in enumerate(BIOACTIVE, 1):
            yield Record(line, smiles, "train", None, "bioactive")

    source = replace(
        SOURCES["drugs"],
        records=records,
        excluded=lambda: (Record(line, smiles) for line, smiles in enumerate(HELD_OUT)),
        fingerprint=lambda: "made up",
        atoms=AtomRule(drugs.ELEMENTS, 5),
    )
    return load_dataset(source)


def test_no_test_molecule_is_in_any_split(made_up: EncodedDataset) -> None:
    excluded = {canonical_smiles(smiles) for smiles in HELD_OUT[:2]}
    assert set(made_up.report.splits) == {"train", "validation"}
    found = {smiles for split in made_up.report.splits for smiles in made_up.smiles(split)}
    assert len(found) == made_up.report.kept and not found & excluded
    assert {"CCCO", "CCCN"} <= found


def test_everything_left_out_is_counted_and_named(made_up: EncodedDataset) -> None:
    report = made_up.report
    assert report.skipped == {"excluded": 2, "too_many_atoms": 1, "fragments": 2, "rare_atom": 2, "like_a_target": 1}
    assert report.duplicates == 1 and report.read == len(MOSES) + len(BIOACTIVE)
    assert report.kept == report.read - report.duplicates - sum(report.skipped.values())
    assert report.examples["like_a_target"] == [[37, "similar to albuterol, 0.59: CC(C)(C)NCC(O)c1ccc(O)cc1"]]
    assert report.examples["rare_atom"] == [
        [34, "atom [Se] is not among the frequent ones of drugs: C[Se]C"],
        [35, "atom Br is not among the frequent ones of drugs: CCBr"],
    ]


def test_each_molecule_has_its_collection(made_up: EncodedDataset) -> None:
    codec = GraphCodec(made_up.vocabulary)
    assert made_up.collection_names == ("moses", "bioactive")
    expected = {canonical_smiles(smiles): 0 for smiles in MOSES}
    counts: Counter[tuple[str, str]] = Counter()
    for split in made_up.report.splits:
        graphs = list(made_up.graphs(split))
        numbers = [n for size in made_up.sizes(split) for n in made_up.collections(split, size)]  # type: ignore[union-attr]
        assert len(numbers) == len(graphs)
        for graph, number in zip(graphs, numbers, strict=True):
            smiles = strict_smiles(codec.decode(graph))
            assert smiles is not None and number == expected.get(smiles, 1)
            counts[split, made_up.collection_names[number]] += 1
    assert dict(counts) == {
        (split, name): count for split, found in made_up.report.collections.items() for name, count in found.items()
    }


def test_sets_without_collections_have_none(dataset: EncodedDataset) -> None:
    assert dataset.collection_names == () and dataset.collections("train", 9) is None


def test_limits_are_no_wider_than_those_of_the_set() -> None:
    assert SOURCES["drugs"].within(Limits()).max_atoms == 50
    assert SOURCES["drugs"].within(Limits(max_atoms=20)).max_atoms == 20
    assert SOURCES["moses"].within(Limits()) == Limits()


def test_the_ten_drugs_can_be_read() -> None:
    assert len({canonical_smiles(smiles) for smiles in drugs.TEN_DRUGS}) == 10
