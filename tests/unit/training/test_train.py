"""`molgen.train`: the command line and Python train the same model, from data in any form."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
import torch
from rdkit import Chem
from typer.testing import CliRunner

import molgen
from molgen.cli.main import app
from molgen.errors import MolgenError, UsageError
from molgen.models.base import Model
from molgen.system.files import read_toml
from molgen.system.stopping import pass_on

SMALL = {
    "network": {"width": 16, "layers": 1, "heads": 2},
    "optimiser": {"batch_size": 16, "validation_molecules": 8, "sampled_molecules": 0},
}
TOML = """
[network]
width = 16
layers = 1
heads = 2
[optimiser]
batch_size = 16
validation_molecules = 8
sampled_molecules = 0
"""


def weights(model: Model) -> dict[str, torch.Tensor]:
    return dict(model.state_dict())


def same(first: Model, second: Model) -> bool:
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.fixture(scope="module")
def some(smiles: list[str]) -> list[str]:
    return smiles[:60]


@pytest.fixture(scope="module")
def file(some: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "some.smi"
    path.write_text("\n".join(some) + "\n")
    return path


@pytest.fixture(scope="module")
def trained(file: Path) -> Model:
    return molgen.train("autoregressive", file, config=SMALL, steps=3)


def test_the_command_line_trains_the_same_model(trained: Model, file: Path, tmp_path: Path) -> None:
    config, run = tmp_path / "config.toml", tmp_path / "run"
    config.write_text(TOML)
    arguments = ["train", "autoregressive", "--data", file, "--out", run, "--config", config, "--steps", 3]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    assert same(trained, molgen.load(run / "model"))
    assert same(trained, molgen.train("autoregressive", str(file), config=str(config), steps=3))


@pytest.mark.parametrize(
    "form", [list, tuple, iter, pandas.Series, lambda texts: [Chem.MolFromSmiles(text) for text in texts]]
)
def test_molecules_in_memory_are_as_good_as_a_file(
    form: Callable[[list[str]], Any], trained: Model, some: list[str]
) -> None:
    assert same(trained, molgen.train("autoregressive", form(some), config=SMALL, steps=3))


def test_a_run_keeps_its_molecules_and_is_resumed(trained: Model, some: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    model = molgen.train("autoregressive", [*some, None, "nope"], run, config=SMALL, steps=2, seed=0)
    assert model.attempts(4).attempted == 4 and not same(trained, model)
    assert read_toml(run / "config.toml")["data"]["name"] == str(run / "molecules.csv")
    assert pandas.read_csv(run / "molecules.csv", keep_default_na=False)["smiles"].tolist() == [*some, "", "nope"]
    longer = molgen.train("autoregressive", out=str(run), resume=True, steps=3)
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] == 3
    assert same(longer, molgen.load(run / "model")) and not same(longer, model)


def test_it_starts_from_a_model(some: list[str], tmp_path: Path) -> None:
    first = molgen.train("autoregressive", some, tmp_path / "first", config=SMALL, steps=1)
    still = {"optimiser": {**SMALL["optimiser"], "learning_rate": 1e-9, "warmup": 0, "ema": 0.0}}
    second = molgen.train("autoregressive", some, config=still, init_from=tmp_path / "first" / "model", steps=1)
    for name, value in weights(first).items():
        torch.testing.assert_close(weights(second)[name], value, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("gan", {}, "unknown family 'gan'"),
        ("dialogue", {}, "generates no molecules; train it by: molgen train dialogue"),
        ("text", {"data": pandas.DataFrame({"smiles": ["CCO"]})}, "one column of a table"),
        ("text", {"data": "CCO"}, "neither a known set"),
        ("text", {"data": 3}, "not int"),
        ("text", {"config": {"network": {"widht": 3}}}, "network: there is no setting 'widht'; did you mean width"),
        ("text", {"resume": True}, "name it by out"),
        ("text", {"steps": 0}, "optimiser: steps must be greater than"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(family: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        molgen.train(family, **options)
    assert "\n" not in str(caught.value)


def test_a_refused_run_leaves_nothing(some: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(MolgenError):
        molgen.train("autoregressive", ["nope", None], run, config=SMALL, steps=1)
    assert not run.exists()
    molgen.train("autoregressive", some, run, config=SMALL, steps=1)
    with pytest.raises(UsageError, match="is not empty"):
        molgen.train("autoregressive", some, run, config=SMALL, steps=1)


def test_a_signal_goes_on_to_the_program_and_ctrl_c_does_not() -> None:
    caught: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: caught.append(number))
    try:
        for stopped in (None, signal.SIGINT, signal.SIGTERM):
            pass_on(stopped)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught == [signal.SIGTERM]


def test_options_are_named() -> None:
    for function in (molgen.fine_tune, molgen.models.generator.Generator.fine_tune):
        named = inspect.signature(function).parameters
        assert {"minutes", "steps", "learning_rate", "batch_size", "seed", "column", "desalt"} <= set(named)
        with pytest.raises(TypeError, match="stepz"):
            function(molgen.load("qm9-text"), ["CCO"], stepz=3)
