"""Training batches: the same however they are made, and what the decoder reads; larger models from smaller ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem

from molgen.constraints.fragment import parse_fragment
from molgen.datasets.batches import BatchStream, GraphBatch, graph_batches
from molgen.datasets.encoded import EncodedDataset, load_dataset
from molgen.datasets.property_values import PropertyValues
from molgen.diffusion.random_keys import RandomKeys
from molgen.features.named_properties import property_values
from molgen.graph.autoregressive.build import autoregressive_graph_model
from molgen.graph.autoregressive.config import AutoregressiveGraphConfig
from molgen.graph.autoregressive.decoder import Decoder
from molgen.graph.autoregressive.given import Given
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.orders import PIECES
from molgen.graph.autoregressive.partial_graph import Features
from molgen.graph.autoregressive.preparation import Preparation
from molgen.graph.autoregressive.recipe import AutoregressiveGraphRecipe
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing, teacher_forcing
from molgen.graph.autoregressive.warm_start import enlarged
from molgen.training.loader import loader
from tests.unit.graph.toy import conditioned, toy

PROPERTIES = ("logP", "rings", "collection")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EncodedDataset]:
    path = tmp_path_factory.mktemp("molecules") / "some.smi"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLGEN_CACHE", str(path.parent))
        chains = ["C" * n + end for n in range(1, 7) for end in ("O", "N", "c1ccccc1", "C(=O)N", "n1cccc1")]
        path.write_text("\n".join(chains))
        yield load_dataset(str(path), jobs=1)


def preparation(dataset: EncodedDataset) -> Preparation:
    shares = {"canonical": 0.3, "traversal": 0.2, "pieces": 0.5}
    return Preparation(dataset.vocabulary, shares, (1,), PROPERTIES, seed=4)


def taken(stream: BatchStream[TeacherForcing], workers: int, number: int = 30) -> list[TeacherForcing]:
    batches = iter(loader(stream, workers))
    return [next(batches) for _ in range(number)]


def equal(first: TeacherForcing, second: TeacherForcing) -> bool:
    parts = [vars(batch) for batch in (first, second)]
    same = all(torch.equal(a, b) for a, b in zip(first.features, second.features, strict=True))
    tensors = [name for name, part in parts[0].items() if isinstance(part, torch.Tensor)]
    return same and first.visit == second.visit and all(torch.equal(parts[0][name], parts[1][name]) for name in tensors)


def test_batches_do_not_depend_on_the_number_of_workers(dataset: EncodedDataset) -> None:
    def stream() -> BatchStream[TeacherForcing]:
        return graph_batches(dataset, "train", 4, prepare=preparation(dataset), seed=1, start=3)

    one, two = taken(stream(), 0), taken(stream(), 2)
    assert all(equal(a, b) for a, b in zip(one, two, strict=True))
    assert {int(name) for batch in one for name in batch.order} == {0, 1, 2} and one[-1].visit > 0


def test_properties_are_those_of_the_molecules_and_withheld_at_random(dataset: EncodedDataset) -> None:
    prepare = preparation(dataset)
    known = []
    for batch in [next(iter(graph_batches(dataset, "train", 64, seed=seed))) for seed in range(4)]:
        every = torch.ones(len(batch), len(PROPERTIES), dtype=torch.bool)
        values, found = prepare.conditions(batch, every)
        assert not found[:, 2].any() and found[:, :2].all()  # the data do not say which collection
        for row in range(len(batch)):
            graph = [part[row].numpy().astype(np.uint8) for part in (batch.atoms, batch.bonds)]
            mol = prepare.codec.decode(type(next(dataset.graphs("train")))(*graph))
            Chem.SanitizeMol(mol)
            assert values[row, :2].tolist() == pytest.approx(property_values(mol, PROPERTIES[:2]))
        many = GraphBatch(*(part[:1].expand(2000, -1) for part in (batch.atoms, batch.bonds)), torch.arange(2000), 0)
        known.append(prepare(many).known)
        break
    shares = known[0][:, :2].float()
    assert float((shares.sum(1) == 0).float().mean()) == pytest.approx(0.3 + 0.7 / 3, abs=0.04)
    assert float(shares.mean()) == pytest.approx(0.35, abs=0.04)


@pytest.mark.slow
def test_properties_are_computed_once_and_kept(dataset: EncodedDataset) -> None:
    """Workers write what the next preparation reads; what is kept wins over what would be computed."""

    def prepare() -> Preparation:
        return Preparation(dataset.vocabulary, {"canonical": 1.0}, (1,), PROPERTIES, seed=4, dataset=dataset)

    def stream(made: Preparation) -> BatchStream[TeacherForcing]:
        return graph_batches(dataset, "train", 4, prepare=made, seed=1)

    kept = PropertyValues(dataset, "train", PROPERTIES[:2])
    everything = sum(dataset.sizes("train").values())
    assert np.isnan(kept.read(range(everything))).all()
    plain = Preparation(dataset.vocabulary, {"canonical": 1.0}, (1,), PROPERTIES, seed=4)
    for _ in range(2):
        both = zip(taken(stream(prepare()), 2), taken(stream(plain), 0), strict=True)
        assert all(equal(a, b) for a, b in both)
    values = kept.read(range(everything))
    assert np.isfinite(values).mean() > 0.5
    number = int(np.isfinite(values).all(1).nonzero()[0][0])
    kept.write(number, [0], [123.0])
    batches = [batch for batch in taken(stream(prepare()), 0, 60) if number in batch.examples]
    found = [batch.properties[batch.examples == number][0, 0] for batch in batches if batch.known.any()]
    assert 123.0 in found


def test_training_and_decoding_read_the_same(dataset: EncodedDataset) -> None:
    """Teacher forcing of what was decoded has the features and states that the decoder had."""
    model = conditioned(size=6)
    given = Given.of(parse_fragment("*CN.*C"), model.vocabulary)
    order = torch.arange(7).expand(5, -1)
    decoder = Decoder(model, 7, order, model.sampling, given)
    read: list[tuple[Features[torch.Tensor], torch.Tensor]] = []
    with torch.no_grad():
        for m in range(3, 7):
            decoder.step(RandomKeys.from_seed(m, torch.arange(5)))
            read.append((decoder.features, decoder.states))
        forced = _forced(model, decoder, given)
        states = model.states(forced, decoder.condition)
    for m, (features, kept) in zip(range(3, 7), read, strict=True):
        for name in ("relations", "used", "aromatic", "growth"):
            assert torch.equal(getattr(forced.features, name)[:, m, : m + 1].long(), getattr(features, name)[:, 0])
        for name in ("ends", "missing", "open", "pieces"):
            assert torch.equal(getattr(forced.features, name)[:, m].long(), getattr(features, name)[:, 0])
        assert torch.allclose(states[:, 1 : m + 1], kept[:, :m], atol=1e-4)


def _forced(model: AutoregressiveGraphModel, decoder: Decoder, given: Given) -> TeacherForcing:
    leaving = np.full((5, 7), -1)
    leaving[:, :3] = given.leaving
    return teacher_forcing(
        decoder.atoms.numpy(),
        decoder.graph.bonds,
        np.arange(7)[None].repeat(5, 0),
        model.valences,
        order=np.full(5, PIECES),
        given=np.full(5, 3),
        pieces=np.full(5, 2),
        leaving=leaving,
    )


def test_given_atoms_cost_nothing() -> None:
    model = conditioned()
    batch = GraphBatch(torch.zeros(3, 4, dtype=torch.int64), torch.ones(3, 6, dtype=torch.int64), torch.arange(3), 0)
    forced = model.in_order(batch, torch.arange(4).expand(3, -1))
    part = TeacherForcing(**{**vars(forced), "given": torch.tensor([0, 2, 4])})
    with torch.no_grad():
        whole, less = model.cost(forced), model.cost(part)
    for kind in ("atoms", "bonds"):
        assert torch.equal(whole[kind][0], less[kind][0]) and float(less[kind][2]) == 0
        assert 0 < float(less[kind][1]) < float(whole[kind][1])


def test_a_larger_model_costs_what_the_smaller_one_does() -> None:
    small = toy(blocks=(1,), size=3, atoms=("C", "N"))
    larger = AutoregressiveGraphConfig.model_validate(
        {
            **small.config.model_dump(),
            "atoms": ("C", "N", "O", "[O-]"),
            "sizes": {3: 0.5, 4: 0.3, 9: 0.2},
            "orders": {"canonical": 0.5, "pieces": 0.5},
            "properties": {"logP": {"mean": 1.0, "deviation": 2.0}},
        }
    )
    large = enlarged(small, larger).eval()
    batch = GraphBatch(torch.tensor([[0, 1, 0], [1, 1, 0]]), torch.tensor([[1, 0, 2], [1, 1, 0]]), torch.arange(2), 0)
    order = torch.arange(3).expand(2, -1)
    with torch.no_grad():
        before, after = (model.cost(model.in_order(batch, order)) for model in (small, large))
    assert torch.allclose(before["bonds"], after["bonds"], atol=1e-5)
    more = (after["atoms"] - before["atoms"]).tolist()  # the share that new tokens have
    assert all(0 < nats < 3 for nats in more)
    assert large.largest == 9 and large.config.atoms[2:] == ("O", "[O-]")


@pytest.mark.slow
def test_models_start_from_shipped_ones_of_other_data(dataset: EncodedDataset, tmp_path: Path) -> None:
    recipe = AutoregressiveGraphRecipe(orders={"canonical": 0.5, "pieces": 0.5}, properties=("logP", "weight"))
    model = autoregressive_graph_model(dataset, recipe, AutoregressiveGraphModel.from_pretrained("moses-graph"))
    assert model.conditions == {"fragment", "atoms", "logP", "weight"} and len(model.vocabulary.atoms) == 12
    assert 20 < model.config.properties["weight"].mean < 200 and float(model.targets[:, -1].min()) >= 2
    model.save_pretrained(tmp_path / "model")
    again = AutoregressiveGraphModel.from_pretrained(tmp_path / "model")
    assert torch.equal(again.targets, model.targets) and again.config == model.config


def test_properties_of_a_molecule_that_is_drawn_often_are_computed_once(
    dataset: EncodedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []

    def watched(mol: Chem.Mol, names: list[str]) -> list[float]:
        computed.append(Chem.MolToSmiles(mol))
        return property_values(mol, names)

    monkeypatch.setattr("molgen.graph.autoregressive.preparation.property_values", watched)
    recipe = AutoregressiveGraphRecipe(properties=("logP",))
    model = autoregressive_graph_model(dataset, recipe, None)
    assert len(computed) == len(set(computed)) > 10
    mols = [Chem.MolFromSmiles(text) for text in computed]
    expected = {(float(np.float32(property_values(mol, ["logP"])[0])), mol.GetNumAtoms()) for mol in mols}
    rows = {(value, int(size)) for value, size in model.targets.tolist()}
    assert rows == expected
