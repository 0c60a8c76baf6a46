"""The generator: reproducible, every noise trains and samples, directories are read with suspicion."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch

import molgen
from molgen.chem.plausible import is_plausible
from molgen.chem.strict import strict_from_smiles, strict_smiles
from molgen.datasets import EncodedDataset, graph_batches
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError, UsageError
from molgen.graph.build import graph_model
from molgen.graph.config import NetworkConfig, ProcessConfig
from molgen.graph.model import GraphDiffusion
from molgen.models.generator import Generator
from molgen.models.results import TooFew


@pytest.fixture(scope="module")
def shipped() -> Generator:
    return molgen.load("qm9-graph")


SHAPE = NetworkConfig(width=32, pair_width=8, layers=1, heads=2, triangle=4)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Generator:
    return molgen.load(tiny_model)


def test_new_networks_read_valence_and_rings_and_older_models_do_not(dataset: EncodedDataset, tmp_path: Path) -> None:
    """Configurations that were written before there were features do not name them."""
    model = graph_model(dataset, ProcessConfig(), SHAPE)
    settings = model.config.model_dump()
    del settings["denoiser"]["features"]
    assert GraphDiffusion.from_config(settings).denoiser.features is None
    model.save_pretrained(tmp_path / "model")
    again = molgen.load(tmp_path / "model")
    assert isinstance(again, GraphDiffusion) and again.config.denoiser.features == ("valence", "rings")
    assert again.denoiser.features is not None


@pytest.mark.slow
@pytest.mark.parametrize("atoms", ["uniform", "absorbing", "marginal", "hamming"])
@pytest.mark.parametrize(
    ("bonds", "schedule", "parameterisation"),
    [("marginal", "cosine", "x0"), ("absorbing", "linear", "x0"), ("hamming", "polynomial", "reverse")],
)
def test_every_noise_learns_and_samples(
    dataset: EncodedDataset, atoms: str, bonds: str, schedule: str, parameterisation: str
) -> None:
    torch.manual_seed(0)
    process = ProcessConfig(
        atoms=atoms,
        bonds=bonds,
        schedule=schedule,
        parameterisation=parameterisation,
        steps=10,  # type: ignore[arg-type]
    )
    model = graph_model(dataset, process, SHAPE)
    objective = "cross-entropy" if parameterisation == "x0" else "variational"
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    stream = iter(graph_batches(dataset, "train", 32))
    for step in range(30):
        batch = next(stream)
        loss = sum(model.loss(batch, RandomKeys.from_seed(step, batch.examples), objective).values()).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()) / batch.atoms.shape[1] ** 2)
    assert torch.isfinite(torch.tensor(losses)).all()
    assert sum(losses[-8:]) < 0.8 * sum(losses[:8])
    assert torch.isfinite(model.bound(batch, RandomKeys.from_seed(0, batch.examples))).all()
    assert len(model.attempts(5, **({"steps": 5} if parameterisation == "x0" else {}))) == 5
    assert len(model.sample(range(3), 0, model.sampling, 2, "raw")) == 3


@pytest.mark.slow
def test_seed_decides_and_batch_size_does_not(model: Generator) -> None:
    base = model.attempts(40, seed=3, steps=10)
    assert model.attempts(40, seed=3, steps=10, batch_size=7) == base
    assert model.attempts(25, seed=3, steps=10) == base[:25]
    assert model.attempts(40, seed=4, steps=10) != base


@pytest.mark.slow
def test_kept_molecules_are_valid_unique_and_counted(shipped: Generator) -> None:
    options = {"seed": 1, "steps": 10}
    result = shipped.generate(60, **options)
    assert result.kept == len(result.smiles) == len(set(result.smiles)) == 60 == result.unique - result.implausible
    assert result.requested == 60 <= result.valid <= result.attempted
    raw = shipped.attempts(result.attempted, **options)
    assert [text for text in dict.fromkeys(raw) if strict_from_smiles(text) and is_plausible(text)] == result.smiles
    assert shipped.generate(60, batch_size=11, **options) == result


def test_it_gives_up_with_a_reason(model: Generator) -> None:
    with pytest.raises(MolgenError, match=r"only \d+ of 1000 molecules after 50 attempts"):
        model.generate(1000, max_attempts=50, steps=2)


def test_it_gives_up_early_where_nothing_is_kept(model: Generator) -> None:
    impossible = {"steps": 2, "without": "*"}
    with pytest.raises(TooFew, match="only 0 of 1000 molecules after 500 attempts"):
        model.generate(1000, **impossible)
    with pytest.raises(TooFew, match="only 0 of 1000 molecules after 600 attempts"):
        model.generate(1000, max_attempts=600, **impossible)


@pytest.mark.parametrize(
    "options",
    [{"sampler": "x"}, {"steps": 0}, {"temperature": {"atoms": -1.0}}, {"distortion": "x"}, {"colour": "red"}],
)
def test_bad_sampling_settings_are_refused(model: Generator, options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        model.attempts(1, **options)
    with pytest.raises(UsageError, match="at least 1"):
        model.attempts(0)


def test_trace_runs_from_noise_to_a_valid_molecule(shipped: Generator) -> None:
    states = shipped.trace(seed=0, steps=12)
    assert len(states) == 13 and len({mol.GetNumAtoms() for mol in states}) == 1
    assert strict_smiles(states[-1]) is not None


def test_saved_models_come_back_the_same(model: Generator, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "copy", card="# Mine\n")
    again = GraphDiffusion.from_pretrained(tmp_path / "copy")
    assert again.config == model.config and again.sampling == model.sampling
    assert again.attempts(5, steps=5) == model.attempts(5, steps=5)
    assert sorted(file.name for file in (tmp_path / "copy").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    with pytest.raises(UsageError, match="exists"):
        model.save_pretrained(tmp_path / "copy")


def test_options_of_the_network_train_and_come_back(dataset: EncodedDataset, tmp_path: Path) -> None:
    torch.manual_seed(0)
    shape = SHAPE.model_copy(update={"features": ("valence", "rings", "walks"), "local": "GINEConv"})
    model = graph_model(dataset, ProcessConfig(bonds="absorbing"), shape)
    batch = next(iter(graph_batches(dataset, "train", 16)))
    sum(model.loss(batch, RandomKeys.from_seed(0, batch.examples)).values()).mean().backward()
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    optimiser.step()
    model.save_pretrained(tmp_path / "model")
    again = GraphDiffusion.from_pretrained(tmp_path / "model")
    assert again.config == model.config
    assert again.attempts(4, steps=3) == model.eval().attempts(4, steps=3)
    config = json.loads((tmp_path / "model" / "config.json").read_text())["model"]
    config["denoiser"]["local"] = "os.system"
    change(tmp_path / "model", model=config)
    with pytest.raises(MolgenError, match="does not describe a model"):
        molgen.load(tmp_path / "model")


def broken(tiny_model: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_model, tmp_path / "broken")
    return tmp_path / "broken"


def change(path: Path, **values: object) -> None:
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | values))


def test_wrong_hash(tiny_model: Path, tmp_path: Path) -> None:
    path = broken(tiny_model, tmp_path)
    weights = bytearray((path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (path / "model.safetensors").write_bytes(weights)
    with pytest.raises(MolgenError, match="does not match the hash"):
        molgen.load(path)


def test_wrong_version_kind_and_format(tiny_model: Path, tmp_path: Path) -> None:
    path = broken(tiny_model, tmp_path)
    for values, match in (
        ({"version": 99}, "format version 99"),
        ({"version": 2, "family": "os.system"}, "known families"),
        ({"family": "graph", "extra": 1}, "extra"),
    ):
        change(path, **values)
        with pytest.raises(MolgenError, match=match):
            molgen.load(path)
    (path / "config.json").write_text("[" * 100_000)
    with pytest.raises(MolgenError, match="not a molgen configuration"):
        molgen.load(path)


def test_wrong_shape(tiny_model: Path, tmp_path: Path) -> None:
    path = broken(tiny_model, tmp_path)
    config = json.loads((path / "config.json").read_text())["model"]
    config["denoiser"]["width"] = 64
    change(path, model=config)
    with pytest.raises(MolgenError, match="do not fit"):
        molgen.load(path)
    config["sizes"] = {"500": 1.0}
    change(path, model=config)
    with pytest.raises(MolgenError, match="does not describe a model"):
        molgen.load(path)


@pytest.mark.parametrize("name", ["model.pkl", "weights.pt", "last.ckpt"])
def test_pickles_are_refused_unread(tiny_model: Path, tmp_path: Path, name: str) -> None:
    path = broken(tiny_model, tmp_path)
    marker = tmp_path / "was here"
    harmful = f"cos\nsystem\n(S'touch \"{marker}\"'\ntR.".encode()
    (path / name).write_bytes(harmful)
    with pytest.raises(MolgenError, match="could run code"):
        molgen.load(path)
    assert not marker.exists()
    pickle.loads(harmful)  # it would have run
    assert marker.exists()


def test_unknown_models_are_named() -> None:
    with pytest.raises(UsageError, match="there is no model 'nope'"):
        molgen.load("nope")
