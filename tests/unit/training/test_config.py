"""Configurations: unknown keys are refused, the command line wins, the saved copy reads back."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from molgen.errors import UsageError
from molgen.graph.recipe import GraphRecipe
from molgen.training.config import read_config


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[network]\nwidht = 3", "network: there is no setting 'widht'; did you mean width"),
        ("[sampler]\nx = 1", "there is no setting 'sampler'; "),
        ("[network]\nwidth = 'wide'", "network: width must be a whole number, not 'wide'"),
        ("[optimiser]\nsteps = 0", "optimiser: steps must be greater than"),
        ("[data.split]\nseed = 9223372036854775808", "data, split.* seed"),
        ("[process]\natoms = 'gaussian'", "process.* atoms"),
        ("[process]\nparameterisation = 'reverse'", "objective"),
        ("family = 'dialogue'\n[optimiser]\nobjective = 'variational'", "trains by cross-entropy:"),
        ("family = 'text'\n[optimiser]\ncompile = true", "cannot be compiled"),
        ("family = 'text'\n[optimiser]\nvalidity_weight = 1", "takes no reward"),
        ("[optimiser]\nproperty_reward = 0.5", "optimiser.*set validity_weight too"),
        ("family = 'any-order'\nblocks = []", "blocks"),
        ("family = 'gan'", "unknown family 'gan'"),
        ("family = 'stream'", "the setting data is missing; name what to learn from, by --data"),
        ("network = 3", "network"),
        ("not toml", "is not TOML"),
    ],
)
def test_bad_files_have_one_line_errors(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=match) as caught:
        read_config(path, {"optimiser": {"seed": 1}})
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_config(tmp_path / "none.toml", {})


def test_command_line_wins_and_replaces_the_length(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[optimiser]\nminutes = 5\nbatch_size = 7\n[data]\nname = 'moses'\n")
    config = read_config(path, {"optimiser": {"steps": 10, "minutes": None}, "data": {"name": "qm9", "column": None}})
    assert (config.optimiser.steps, config.optimiser.minutes, config.optimiser.batch_size) == (10, None, 7)
    assert config.data.name == "qm9"


def test_saved_copy_reads_back(tmp_path: Path) -> None:
    config = read_config(None, {"optimiser": {"steps": 10}})
    path = tmp_path / "copy.toml"
    path.write_text(tomli_w.dumps(config.model_dump(exclude_none=True)))
    assert read_config(path, {}) == config
    assert GraphRecipe().optimiser.minutes == 60


def test_a_seed_of_64_bits_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"optimiser: seed"):
        read_config(None, {"optimiser": {"seed": 2**63}})


def test_both_lengths_may_be_given() -> None:
    config = read_config(None, {"optimiser": {"steps": 7, "minutes": 3.0}})
    assert (config.optimiser.steps, config.optimiser.minutes) == (7, 3.0)
