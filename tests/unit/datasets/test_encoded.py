"""Encoded sets: cached by content and settings, split by seed, batched without loss."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from molgen.chem import GraphCodec
from molgen.chem.standardize import Limits
from molgen.chem.strict import strict_smiles
from molgen.chem.vocabulary import Vocabulary
from molgen.datasets import EncodedDataset, graph_batches, load_dataset
from molgen.datasets.encoding import Record, encode_records
from molgen.datasets.sources import Source
from molgen.datasets.splits import SplitConfig, assign_splits
from molgen.errors import MolgenError, UsageError


def test_graphs_and_smiles_are_the_same_molecules(dataset: EncodedDataset) -> None:
    codec = GraphCodec(dataset.vocabulary)
    for split in ("train", "validation", "test"):
        graphs = Counter(strict_smiles(codec.decode(graph)) for graph in dataset.graphs(split))
        assert graphs == Counter(dataset.smiles(split))
    assert sum(dataset.report.splits.values()) == dataset.report.kept


def test_splits_are_disjoint_and_depend_on_the_seed_alone(smiles_file: Path, dataset: EncodedDataset) -> None:
    parts = [set(dataset.smiles(split)) for split in ("train", "validation", "test")]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert [len(part) for part in parts[1:]] == pytest.approx([0.1 * dataset.report.kept] * 2, abs=6)
    other = load_dataset(str(smiles_file), split=SplitConfig(seed=1))
    assert set(other.smiles("test")) != parts[2]
    assert other.fingerprint != dataset.fingerprint


def test_second_time_comes_from_the_cache(smiles_file: Path, dataset: EncodedDataset) -> None:
    stamp = (dataset.path / "meta.json").stat().st_mtime_ns
    again = load_dataset(str(smiles_file))
    assert again.path == dataset.path and (again.path / "meta.json").stat().st_mtime_ns == stamp
    assert again.report == dataset.report


def test_changed_content_is_encoded_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.smi"
    path.write_text("\n".join("C" * n for n in range(1, 12)))
    first = load_dataset(str(path))
    path.write_text("\n".join("C" * n for n in range(1, 13)))
    assert load_dataset(str(path)).report.kept == first.report.kept + 1


def test_official_splits_are_kept_and_validation_is_carved_from_train() -> None:
    official = ["train"] * 100 + ["test"] * 20
    names = assign_splits(official, SplitConfig(validation=0.1))
    assert Counter(names.tolist()) == {"train": 90, "validation": 10, "test": 20}
    assert (names[100:] == "test").all()


@pytest.mark.parametrize("seed", range(8))
def test_an_atom_that_one_molecule_has_is_trained_on(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "rare.smi"
    path.write_text("\n".join(["C" * n for n in range(1, 40)] + ["CCBr"]))
    dataset = load_dataset(str(path), split=SplitConfig(seed=seed, test=0.4))
    assert dataset.report.kept == 40 and not dataset.report.skipped
    assert "CCBr" in dataset.smiles("train")


def test_atoms_that_an_official_test_split_alone_has_are_skipped_by_name() -> None:
    records = [Record(n, "C" * n, "train") for n in range(1, 20)] + [Record(20, "CCBr", "test")]
    source = Source("made", "", "", "", lambda: "official", lambda: iter(records))
    report = load_dataset(source).report
    assert report.skipped == {"unknown_atom": 1}
    assert "Br" in report.examples["unknown_atom"][0][1]


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    records = [Record(i, "C" * (i % 9 + 1) + "O" * (i % 2)) for i in range(12_000)]
    one, two = (list(encode_records(records, False, Limits(), jobs)) for jobs in (1, 2))
    assert one == two and [line for line, _ in one] == list(range(12_000))


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "junk.smi"
    path.write_text("X\nY\n")
    with pytest.raises(MolgenError, match=r"nothing in junk\.smi"):
        load_dataset(str(path))
    with pytest.raises(UsageError, match="neither a known set"):
        load_dataset("zinc9000")


def test_a_pass_visits_every_molecule_once_in_batches_of_one_size(dataset: EncodedDataset) -> None:
    stream = graph_batches(dataset, "train", 32, passes=1)
    batches = list(stream)
    examples = np.concatenate([batch.examples.numpy() for batch in batches])
    assert sorted(examples) == list(range(dataset.report.splits["train"]))
    assert len(batches) == sum(-(-count // 32) for count in dataset.sizes("train").values())
    assert all(batch.bonds.shape[1] == batch.atoms.shape[1] * (batch.atoms.shape[1] - 1) // 2 for batch in batches)


def test_a_share_is_even_over_sizes(dataset: EncodedDataset) -> None:
    sizes = dataset.sizes("train")
    found = [
        (batch.atoms.shape[1], number)
        for batch in graph_batches(dataset, "train", 16, passes=1, share=3)
        for number in batch.examples.tolist()
    ]
    assert sorted(number for _, number in found) == list(range(0, sum(sizes.values()), 3))
    for size, count in sizes.items():
        assert abs(sum(n == size for n, _ in found) - count / 3) < 1


def test_order_is_a_function_of_seed_and_step(dataset: EncodedDataset) -> None:
    def order(start: int, seed: int = 0) -> list[list[int]]:
        stream = iter(graph_batches(dataset, "train", 32, seed=seed, start=start))
        return [next(stream).examples.tolist() for _ in range(40)]

    from_start = order(0)
    assert order(7)[:33] == from_start[7:40]
    assert order(0, seed=1) != from_start


def test_processes_share_a_batch(dataset: EncodedDataset) -> None:
    whole = list(graph_batches(dataset, "train", 32, passes=1))
    parts = [list(graph_batches(dataset, "train", 32, passes=1, rank=r, world=2)) for r in (0, 1)]
    for batch, first, second in zip(whole, *parts, strict=True):
        assert sorted(first.examples.tolist() + second.examples.tolist()) == sorted(batch.examples.tolist())


def test_shares_of_categories_sum_to_one(dataset: EncodedDataset) -> None:
    atoms, bonds = dataset.marginals()
    assert sum(atoms) == pytest.approx(1) and sum(bonds) == pytest.approx(1)
    assert len(atoms) == len(dataset.vocabulary.atoms) and bonds[0] > 0.5


def test_every_setting_has_a_cache_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    texts = ["CCO", "c1ccccc1", "CCN", "CCCC", "CC(=O)O", "C1CC1", "CCS", "CCOC", "CCCCCCl", "CN"]
    path.write_text("smiles,other\n" + "".join(f"{text},{text}C\n" for text in texts))
    base = {"split": SplitConfig(validation=0.2, test=0.2)}
    settings = [
        {},
        {"kekulized": True},
        {"limits": Limits(max_length=9)},
        {"limits": Limits(max_atoms=5)},
        {"desalt": True},
        {"split": SplitConfig(validation=0.2, test=0.2, seed=1)},
        {"split": SplitConfig(validation=0.3, test=0.2)},
        {"split": SplitConfig(validation=0.2, test=0.3)},
        {"vocabulary": Vocabulary(("C", "O", "c"))},
        {"vocabulary": Vocabulary(("O", "C", "c"))},
        {"column": "other"},
    ]
    found = [load_dataset(str(path), **{**base, **changed}) for changed in settings]
    assert len({one.path for one in found}) == len({one.fingerprint for one in found}) == len(settings)
    assert found[1].vocabulary.kekulized and not found[0].vocabulary.kekulized
    assert max(found[3].sizes("train")) <= 5 < max(size for split in SPLITS for size in found[0].sizes(split))
    assert found[8].vocabulary.atoms == ("C", "O", "c") and found[8].report.skipped["unknown_atom"] == 4
    assert load_dataset(str(path), **base).path == found[0].path


SPLITS = ("train", "validation", "test")


def test_marginals_by_hand(tmp_path: Path) -> None:
    """CCO and c1ccccc1: bonds of 3 + 15 pairs of atoms."""
    path = tmp_path / "some.smi"
    path.write_text("CCO\nc1ccccc1\n")
    dataset = load_dataset(str(path), split=SplitConfig(validation=0, test=0))
    atoms, bonds = dataset.marginals()
    assert dict(zip(dataset.vocabulary.atoms, atoms, strict=True)) == pytest.approx(
        {"c": 6 / 9, "C": 2 / 9, "O": 1 / 9}
    )
    assert bonds == pytest.approx([10 / 18, 2 / 18, 0, 0, 6 / 18])
