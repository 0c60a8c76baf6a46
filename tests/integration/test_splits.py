"""Which molecules each consumer of a set sees: in the set of these tests the split of a molecule shows in its size."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import molgen
from molgen.chem.standardize import canonical_smiles
from molgen.cli.main import app
from molgen.comparison.scored import reference_for
from molgen.comparison.tuning import Aim, tune
from molgen.datasets import SOURCES, load_dataset
from molgen.datasets.encoding import Record
from molgen.datasets.property_values import PropertyValues
from molgen.datasets.sources import Source
from molgen.datasets.splits import SplitConfig, assign_splits
from molgen.dialogue.pairs import Pair, split_pairs
from molgen.evaluation import evaluate, find_reference
from molgen.features.named_properties import PROPERTIES
from molgen.models.recipe import Prepared
from molgen.models.registry import find_family
from molgen.training.config import read_config

SIZES = {"train": 3, "validation": 4, "test": 5}
CHAINS = {
    split: sorted({canonical_smiles("".join(atoms) + "C" * (size - 3)) for atoms in product("CNO", repeat=3)})
    for split, size in SIZES.items()
}
RINGS = {"train": "C1CC1", "validation": "C1CCC1", "test": "C1CCCC1"}
MOLECULES = {split: [*chains, RINGS[split]] for split, chains in CHAINS.items()}
NOTHING_MORE = SplitConfig(validation=0, test=0)
"""Splits as the set has them; by default a tenth of the training molecules would be held out too."""
TRANSFORMER = {"width": 16, "layers": 1, "heads": 2}
FAMILIES = ("graph", "graph-autoregressive", "text", "any-order", "autoregressive", "continuous")


def records() -> Iterator[Record]:
    for number, (smiles, split) in enumerate(
        [(smiles, split) for split, texts in MOLECULES.items() for smiles in texts], 1
    ):
        yield Record(number, smiles, split)


@pytest.fixture(autouse=True)
def _marked(monkeypatch: pytest.MonkeyPatch) -> None:
    content = hashlib.sha256(repr(MOLECULES).encode()).hexdigest()
    monkeypatch.setitem(SOURCES, "marked", Source("marked", "", "", "", lambda: content, records))


def prepared(family: str, **tables: Any) -> Prepared:
    network = (
        {"width": 16, "pair_width": 8, "layers": 1, "heads": 2, "triangle": 4} if family == "graph" else TRANSFORMER
    )
    config = {"data": {"name": "marked", "split": NOTHING_MORE.model_dump()}, "network": network, **tables}
    return read_config(config, {"optimiser": {"steps": 1}}, family).prepare(None, None)


def sizes(stream: Any) -> list[int]:
    """Atoms of every molecule of a stream; of a text that the tokens C, N and O and its ring alone take."""
    found = []
    for batch in stream:
        values = batch.tokens if hasattr(batch, "tokens") else batch.atoms
        found += [values.shape[1]] * len(values)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_trains_on_the_training_split_and_validates_on_the_validation_split(family: str) -> None:
    made = prepared(family)
    assert made.validation is not None
    trained, validated = sizes(made.batches(passes=1)), sizes(made.validation)
    ring = 0 if "graph" in family else 2  # two numbers of a ring closure
    assert sorted(trained) == sorted([3] * len(CHAINS["train"]) + [3 + ring])
    assert sorted(validated) == sorted([4] * len(CHAINS["validation"]) + [4 + ring])


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_model_knows_of_its_data_is_of_the_training_split(family: str) -> None:
    config = prepared(family).model.config
    shares = config.sizes if "graph" in family else config.lengths  # type: ignore[attr-defined]
    chains = len(CHAINS["train"])
    expected = {3: 1.0} if "graph" in family else {3: chains / (chains + 1), 5: 1 / (chains + 1)}
    assert {size: share for size, share in shares.items() if share} == pytest.approx(expected)


def test_marginals_are_those_of_the_training_split() -> None:
    atoms = "".join(MOLECULES["train"]).replace("1", "")
    for family in ("graph", "text"):
        config: Any = prepared(family).model.config
        if family == "graph":
            names, shares, text = config.atoms, config.atom_marginal, atoms
            assert config.bond_marginal[1] == pytest.approx(
                (2 * len(CHAINS["train"]) + 3) / (3 * len(MOLECULES["train"]))
            )
        else:
            names, shares, text = config.tokenizer.tokens, config.marginal, "".join(MOLECULES["train"])
        expected = {name: text.count(name) / len(text) for name in names}
        assert dict(zip(names, shares, strict=False)) == pytest.approx(expected)


@pytest.mark.slow
def test_properties_and_pieces_of_a_model_are_of_the_training_split() -> None:
    other = PropertyValues(load_dataset("marked", split=NOTHING_MORE), "test", ["heavy_atoms"])
    for number in range(len(MOLECULES["test"])):
        other.write(number, [0], [5.0])  # what would be read if training asked for values of this split
    made = prepared("graph-autoregressive", properties=["heavy_atoms"], orders={"canonical": 0.5, "pieces": 0.5})
    config: Any = made.model.config
    assert config.properties["heavy_atoms"].mean == 3.0
    assert set(made.model.targets.flatten().tolist()) == {3.0}  # type: ignore[union-attr, operator]
    # Of three atoms one, two or all are given, so that shares are in the bins of 1/3, 2/3 and 1.
    bins = {bin_ for shares in config.given.values() for bin_, share in enumerate(shares) if share}
    assert bins <= {6, 13, 19} and bins
    known = torch.cat([batch.properties[batch.known] for batch in made.batches(passes=8)])
    assert set(known.tolist()) == {3.0}


def test_properties_kept_of_a_split_are_its_own() -> None:
    dataset = load_dataset("marked", split=NOTHING_MORE)
    assert "heavy_atoms" in PROPERTIES
    kept = {split: PropertyValues(dataset, split, ["heavy_atoms"]) for split in SIZES}
    for split, size in SIZES.items():
        kept[split].write(1, [0], [float(size)])
    assert {split: kept[split].read(np.array([1])).tolist() for split in SIZES} == {s: [[n]] for s, n in SIZES.items()}


@pytest.mark.slow
@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_comparison_measures_what_it_is_asked_for(split: str, tmp_path: Path) -> None:
    settings = {
        "network": TRANSFORMER,
        "optimiser": {"sampled_molecules": 0},
        "data": {"split": NOTHING_MORE.model_dump()},
    }
    plan = {"rows": [{"name": "words", "family": "autoregressive", "settings": settings}]}
    table = molgen.compare(
        plan, tmp_path / "out", data="marked", budget="0.1s", attempts=5, split=split, progress=False
    )
    # Its lists of molecules are those of the default splits, for which a tenth of the training molecules is held out.
    held = load_dataset("marked").smiles(split)
    assert table["likelihood_tokens"].tolist() == pytest.approx([1 + sum(map(len, held)) / len(held)])
    model = molgen.load(tmp_path / "out" / "words-0" / "run" / "model")
    batches = list(find_family("autoregressive").recipe_class().held_out(model, load_dataset("marked"), split))
    with torch.no_grad():
        costs = [float(value) for batch in batches for value in model.estimate(batch, 1)]
    assert table["likelihood_molecules"].tolist() == [len(costs)]
    assert table["likelihood_nats"].tolist() == pytest.approx([sum(costs) / len(costs)], rel=1e-4)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_what_is_sampled_is_compared_with_held_out_molecules(split: str) -> None:
    reference = reference_for(load_dataset("marked", split=NOTHING_MORE), split)
    assert sorted(reference.smiles("test")) == sorted(MOLECULES[split])
    assert sorted(reference.smiles("train")) == sorted(MOLECULES["train"])


def test_settings_are_chosen_on_validation_molecules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model writes validation molecules at a temperature near 0; FCD is least for these if they are what counts."""
    import molgen.comparison.tuning as tuning

    seen = []
    wanted = tuning.reference_for
    monkeypatch.setattr(tuning, "reference_for", lambda dataset, split: seen.append(split) or wanted(dataset, split))
    model = molgen.train("autoregressive", "marked", tmp_path / "run", config={"network": TRANSFORMER}, steps=1)
    assert model.family == "autoregressive"
    shutil.copytree(tmp_path / "run" / "model", tmp_path / "model")
    tune(tmp_path / "model", "marked", attempts=4, tries=[{"temperature": {"tokens": 1.0}}], aim=Aim("validity"))
    assert seen == ["validation"]


@pytest.mark.slow
def test_figures_are_against_the_split_that_they_name() -> None:
    reference = find_reference("marked")
    train, test = (MOLECULES[split] for split in ("train", "test"))
    assert sorted(reference.smiles("test")) == sorted(test)
    known = reference.smiles("train")  # without the tenth that is held out by default
    assert set(known) <= set(train)
    assert evaluate(known, reference, only=["novelty"])["novelty"] == 0
    assert evaluate(test, reference, only=["novelty"])["novelty"] == 1
    assert evaluate(test, reference, suite="moses", only=["SNN/Test"])["SNN/Test"] == pytest.approx(1)
    assert evaluate(known, reference, suite="moses", only=["SNN/Test"])["SNN/Test"] < 0.9
    assert evaluate(test, reference, only=["nspdk"])["nspdk"] == pytest.approx(0, abs=1e-9)
    assert evaluate(known, reference, only=["nspdk"])["nspdk"] > 0.01


def test_rings_of_a_model_are_those_of_training_molecules(tmp_path: Path) -> None:
    molgen.train("autoregressive", "marked", tmp_path / "run", config={"network": TRANSFORMER}, steps=1)
    result = CliRunner().invoke(app, ["data", "rings", "marked", "--model", str(tmp_path / "run" / "model")])
    assert result.exit_code == 0, result.output
    found = molgen.load(tmp_path / "run" / "model").ring_systems
    known = set(find_reference("marked").smiles("train"))
    assert found == ({RINGS["train"]} & known)


def test_a_share_is_held_out_as_the_seed_says() -> None:
    names = assign_splits([None] * 1000, SplitConfig(seed=3, validation=0.2, test=0.05))
    assert [(names == name).sum() for name in ("train", "validation", "test")] == [750, 200, 50]
    again = assign_splits([None] * 1000, SplitConfig(seed=4, validation=0.2, test=0.05))
    assert 0 < (names == again).sum() < 1000
    official = assign_splits(["train"] * 90 + ["test"] * 10, SplitConfig(validation=0.2, test=0.5))
    assert (official[90:] == "test").all() and (official[:90] == "validation").sum() == 18
    assert not (official[:90] == "test").any()


def test_dialogue_trains_and_validates_on_other_prompts(tmp_path: Path) -> None:
    pairs = [Pair(f"{'word ' * n}?", "yes") for n in range(1, 41)]
    (tmp_path / "pairs.tsv").write_text("".join(f"{pair.prompt}\t{pair.reply}\n" for pair in pairs))
    split = SplitConfig(validation=0.2, test=0.3)
    parts = split_pairs(pairs, split)
    assert [len(parts[name]) for name in ("train", "validation", "test")] == [20, 8, 12]
    config = {"data": {"name": str(tmp_path / "pairs.tsv"), "split": split.model_dump()}, "network": TRANSFORMER}
    made = read_config(config, {"optimiser": {"steps": 1}}, "dialogue").prepare(None, None)
    tokenizer = made.model.tokenizer  # type: ignore[union-attr]
    for stream, name in ((made.batches(passes=1), "train"), (made.validation, "validation")):
        prompts = []
        for batch in stream:
            for row, begin in zip(batch.tokens.tolist(), batch.begins.tolist(), strict=True):
                prompts.append(tokenizer.decode(row[1 : begin - 1]))
        assert sorted(prompts) == sorted(pair.prompt for pair in parts[name])
    sizes = json.loads(made.model.config.model_dump_json())["data"]["splits"]
    assert sizes == {"train": 20, "validation": 8, "test": 12}
