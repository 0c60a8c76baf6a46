"""A new family of generators needs its own folder and one entry of the registry, and then does all that others do."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import molgen
from molgen.cli.main import app
from molgen.cli.train import train_app
from molgen.comparison import default_plan
from molgen.models.registry import FAMILIES, Family

ENTRY = Family("chains", "tests.toy_family.model:Chains", "tests.toy_family.recipe:ChainsRecipe", "Train chains.")
OPTIMISER = {"learning_rate": 0.3, "warmup": 1, "ema": 0.9, "sampled_molecules": 4, "validation_molecules": 4}


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, ENTRY.name, ENTRY)


@pytest.mark.slow
@pytest.mark.usefixtures("registered")
def test_one_entry_is_enough(tmp_path: Path) -> None:
    file, config, run = tmp_path / "alcohols.smi", tmp_path / "config.toml", tmp_path / "run"
    file.write_text("".join("C" * n + "O\n" for n in (4, 5)) + "".join("C" * n + "N\n" for n in (4, 5)))
    lines = [f"{name} = {value}" for name, value in OPTIMISER.items()]
    config.write_text("\n".join(["[data.split]", "test = 0.0", "validation = 0.0", "[optimiser]", *lines]))
    command = ["chains", "--data", file, "--out", run, "--config", config, "--steps", 40]
    trained = CliRunner().invoke(train_app(FAMILIES.values()), list(map(str, command)), catch_exceptions=False)
    assert trained.exit_code == 0, trained.output

    generated = CliRunner().invoke(app, ["generate", "-n", "2", "--model", str(run / "model")], catch_exceptions=False)
    assert sorted(generated.stdout.split()) == ["CCCCC", "CCCCCC"]
    model = molgen.load(run / "model")
    assert model.family == "chains"
    lengths = [len(text) for text in model.attempts(50, temperature=0.5)]
    assert set(lengths) == {5, 6}

    longer = model.fine_tune(["C" * 9, "C" * 8 + "O"], steps=30, learning_rate=1.0)
    assert longer.attempts(20, temperature=0.3).smiles.count("C" * 9) > 15
    assert "chains" in {row.name for row in default_plan().rows}
    rows = {"rows": [{"name": "chains", "family": "chains", "settings": {"optimiser": OPTIMISER}}]}
    table = molgen.compare(rows, data=["C" * n for n in range(1, 12)] * 3, budget="1s", attempts=5, progress=False)
    assert table["validity"].tolist() == [1.0]


def test_a_family_that_is_not_registered_is_unknown() -> None:
    with pytest.raises(molgen.errors.UsageError, match="unknown family 'chains'"):
        molgen.train("chains", ["CCO"])
