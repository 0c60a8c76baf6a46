"""Fine-tuning: what fits, what is left out and named, what a child says of its parent, and that it learns."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import molgen as package
from molgen.cli.main import app
from molgen.datasets.encoded import EncodedDataset, load_dataset
from molgen.datasets.sources import find_source
from molgen.datasets.splits import SplitConfig
from molgen.errors import MolgenError, UsageError
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.models.directory import read_header
from molgen.models.generator import Generator
from molgen.models.registry import find_family
from molgen.system.files import read_toml
from molgen.system.shipped import shipped_path
from molgen.training.finetune import fine_tune_run
from molgen.training.screen import screen
from tests.conftest import Run

ALCOHOLS = ["CCO", "CCCO", "CC(C)O", "CCC(C)O", "OC1CC1", "OCC1CC1", "CC(O)CO", "OCCO"] * 3


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight alcohols three times, and five lines that no model of QM9 can take."""
    path = tmp_path_factory.mktemp("data") / "mixed.smi"
    others = ["nope", "C[Si](C)C", "CCO.CCO", "C" * 40, "OCC"]
    path.write_text("\n".join([*ALCOHOLS, *others, "C[C@H](O)CC"]) + "\n")
    return path


@pytest.fixture(scope="module")
def alcohols(tmp_path_factory: pytest.TempPathFactory) -> EncodedDataset:
    path = tmp_path_factory.mktemp("data") / "alcohols.smi"
    path.write_text("\n".join(ALCOHOLS))
    return load_dataset(str(path), split=SplitConfig(validation=0.0, test=0.0))


@pytest.mark.parametrize("name", ["qm9-graph", "qm9-text", "qm9-ar", "qm9-grow", "qm9-continuous", "moses-graph"])
def test_every_shipped_model_encodes_with_its_own_vocabulary(name: str) -> None:
    model = package.load(name)
    found = screen(model, find_source(["CCO", "OCC", "C[Si](C)C", "x", "C" * 60]))
    assert found.smiles == ["CCO"]
    assert (found.read, found.duplicates) == (5, 1)
    unknown = "unknown_atom" if "graph" in model.family else "unknown_token"
    assert {record.line: record.reason for record in found.left_out} == {3: unknown, 4: "unparsable", 5: "too_large"}
    assert sum(found.sizes.values()) == 1


def test_the_child_names_its_parent_and_what_it_learned_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parent, run = package.load("qm9-graph"), tmp_path / "run"
    before = {name: value.clone() for name, value in parent.state_dict().items()}
    small = ["CCOCC", "CCNCC", "C[Si](C)C"]
    assert fine_tune_run(parent, small, run, steps=1) is None
    assert all(torch.equal(value, before[name]) for name, value in parent.state_dict().items())
    digest = read_header(shipped_path("models", "qm9-graph")).weights_sha256
    expected = {"name": "qm9-graph", "weights_sha256": digest}
    config = json.loads((run / "model" / "config.json").read_text())
    assert config["model"]["data"]["parent"] == expected
    assert config["model"]["data"]["left_out"] == {"unknown_atom": 1}
    assert read_toml(run / "config.toml")["parent"] == expected
    assert digest in (run / "model" / "README.md").read_text()
    assert config["sampling"]["temperature"] == {"atoms": 1.0, "bonds": 1.0} and config["presets"] == {}
    sizes = {int(size): share for size, share in config["model"]["sizes"].items() if share}
    assert sizes == {5: 1.0}
    assert package.load(run / "model").config.atoms == parent.config.atoms
    assert (run / "molecules.smi").read_text().split() == ["CCOCC", "CCNCC"]
    with (run / "left_out.csv").open() as stream:
        assert [(row["record"], row["smiles"], row["reason"]) for row in csv.DictReader(stream)] == [
            ("3", "C[Si](C)C", "unknown_atom")
        ]
    said = capsys.readouterr().err
    assert "kept 2" in said and "unknown_atom 1" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["qm9-graph", "qm9-text", "qm9-ar", "qm9-grow", "qm9-continuous", "moses-graph"])
def test_what_a_model_is_tuned_on_becomes_likelier(name: str, alcohols: EncodedDataset) -> None:
    model = package.load(name)
    tuned = model.fine_tune(alcohols.smiles("train"), steps=4)
    assert isinstance(tuned, Generator) and tuned is not model
    batches = list(find_family(model.family).recipe_class().held_out(model, alcohols, "train"))
    with torch.no_grad():
        before, after = (sum(float(one.estimate(batch, 2).sum()) for batch in batches) for one in (model, tuned))
    assert after < before - 0.1 * len(alcohols.smiles("train"))


@pytest.mark.slow
def test_a_text_model_generates_molecules_of_the_class() -> None:
    model, alcohols = package.load("qm9-text"), set(ALCOHOLS)
    tuned = model.fine_tune(sorted(alcohols), steps=30)
    before, after = (sum(text in alcohols for text in found.attempts(60, seed=1)) for found in (model, tuned))
    assert before < 6 < 20 < after


def test_the_order_of_atoms_in_the_file_does_not_matter(tmp_path: Path) -> None:
    """The vocabulary of moses-graph begins with aromatic carbon; here nitrogen is the most frequent."""
    model = package.load("moses-graph")
    fine_tune_run(model, ["NNN", "NNCN", "NCN"], tmp_path / "run", steps=1, learning_rate=1e-8)
    tuned = package.load(tmp_path / "run" / "model")
    assert tuned.config.atoms == model.config.atoms
    found = [one.attempts(3, seed=1, atoms=20, temperature=1).smiles for one in (model, tuned)]
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_model_of_properties_draws_its_targets_from_the_new_molecules(tmp_path: Path) -> None:
    config = {"atoms": ("C", "O", "N"), "sizes": {4: 0.5, 9: 0.5}, "network": {"width": 16, "layers": 1, "heads": 2}}
    scale = {"mean": 1.0, "deviation": 2.0}
    model = AutoregressiveGraphModel.from_config({**config, "properties": {"logP": scale}})
    tuned = model.fine_tune(["CCCCC", "CCCCO"], steps=1)
    assert tuned.name == ""  # its folder is gone
    assert tuned.config.properties == model.config.properties
    assert set(tuned.targets[:, 1].tolist()) == {5.0}
    assert len(set(tuned.targets[:, 0].tolist())) == 2


def test_nothing_that_fits_is_one_line_and_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(MolgenError, match=r"nothing in 2 SMILES fits qm9-graph: read 2 .* left out 2"):
        package.fine_tune("qm9-graph", ["C[Si](C)C", None], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_of_few_molecules_it_says_that_none_is_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fine_tune_run(package.load("qm9-ar"), ["CCO"], tmp_path / "run", steps=1)
    assert "fewer than 20 molecules: none is held out" in capsys.readouterr().err


@pytest.mark.slow
def test_training_stops_when_the_likelihood_of_held_out_molecules_falls(smiles: list[str], tmp_path: Path) -> None:
    steps = 400
    fine_tune_run(package.load("qm9-ar"), smiles[:60], tmp_path, steps=steps, learning_rate=2e-3)
    with next(tmp_path.glob("logs/*/metrics.csv")).open() as stream:
        rows = [(int(row["step"]), row["validation/bound_nats"]) for row in csv.DictReader(stream)]
    bounds = {step: float(bound) for step, bound in rows if bound}
    lowest = min(bounds, key=bounds.__getitem__)
    assert max(bounds) < steps
    assert sorted(bounds).index(lowest) == len(bounds) - 7  # six validations without a lower bound
    card = (tmp_path / "model" / "README.md").read_text()
    assert f"for {lowest} steps" in card


def finetune(*arguments: object) -> None:
    """The verb, called in this process."""
    CliRunner().invoke(app, ["finetune", *map(str, arguments)], catch_exceptions=False)


def test_the_command_line_fine_tunes(molgen: Run, mixed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    result = molgen("finetune", "qm9-text", mixed, "--out", run, "--steps", 3)
    assert "read 30  kept 8  duplicates 18" in result.stderr
    assert "left out 4 (unparsable 1, unknown_token 1, fragments 1, too_large 1)" in result.stderr
    assert (run / "left_out.csv").is_file()
    assert package.load(run / "model").attempts(5).attempted == 5
    with pytest.raises(UsageError, match="not empty"):
        finetune("qm9-text", mixed, "--out", run)
    with pytest.raises(UsageError, match="name a model and a file"):
        finetune("qm9-text", "--out", tmp_path / "x")
    with pytest.raises(UsageError, match="is a file"):
        finetune("qm9-text", mixed, "--out", mixed)


@pytest.mark.slow
def test_a_run_is_resumed_without_naming_its_model(
    smiles: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.smi").write_text("\n".join(smiles[:40]) + "\n")
    monkeypatch.chdir(tmp_path)
    finetune("qm9-text", "mine.smi", "--out", "whole", "--steps", 4)
    finetune("qm9-text", "mine.smi", "--out", "parts", "--steps", 2)
    parts = tmp_path / "parts"
    monkeypatch.chdir(parts)
    finetune("--out", parts, "--resume", "--steps", 4)
    ends = [torch.load(run / "last.ckpt", weights_only=True) for run in (tmp_path / "whole", parts)]
    assert ends[0]["global_step"] == ends[1]["global_step"] == 4
    assert package.load(parts / "model").config.data["parent"]["name"] == "qm9-text"
    with pytest.raises(UsageError, match="leave the other options out"):
        finetune("qm9-text", "mine.smi", "--out", parts, "--resume")
    (parts / "molecules.smi").write_text("CCO\n" * 30)
    with pytest.raises(UsageError, match="has changed since the run began"):
        finetune("--out", parts, "--resume")
