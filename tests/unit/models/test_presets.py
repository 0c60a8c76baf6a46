"""Presets: by name, under settings that are given, through saving and tuning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import molgen as package
from molgen.errors import UsageError
from molgen.models.directory import shipped_models, write_sampling
from molgen.models.presets import BENCHMARK, CLOSE
from molgen.models.sampling import SamplingConfig
from molgen.system.shipped import shipped_path


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_model_has_both(name: str) -> None:
    model = package.load(name)
    assert model.sampling_with() == model.sampling
    for preset in (CLOSE, BENCHMARK):
        model.sampling_with(preset=preset)
    if name.startswith(("qm9", "moses")):
        assert set(model.presets) == {CLOSE, BENCHMARK} and model.presets[CLOSE] == model.sampling


@pytest.mark.slow
def test_settings_that_are_given_override_the_preset() -> None:
    model = package.load("moses-graph")
    assert model.sampling.temperature == {"atoms": 1.0, "bonds": 0.95}
    assert model.sampling_with(preset="benchmark").temperature == {"atoms": 1.25, "bonds": 0.95}
    assert model.sampling_with(preset="benchmark", temperature="bonds=1").temperature == {"atoms": 1.25, "bonds": 1.0}
    hot = model.attempts(4, seed=7, temperature={"atoms": 1.25})
    assert list(model.attempts(4, seed=7, preset="benchmark")) == list(hot) != list(model.attempts(4, seed=7))
    with pytest.raises(UsageError, match="no preset 'best'; this model has close, benchmark"):
        model.generate(1, preset="best")


def test_a_model_without_presets() -> None:
    model = package.load("qm9-text")
    model.presets, model.sampling = {}, SamplingConfig(temperature={"tokens": 1.5}, steps=7)
    assert model.sampling_with(preset="benchmark") == model.sampling
    assert model.sampling_with(preset="close") == SamplingConfig(temperature={"tokens": 1.0}, steps=7)


def test_presets_are_saved_and_tuning_leaves_them(tmp_path: Path) -> None:
    model = package.load("qm9-graph")
    model.presets = {**model.presets, "fast": model.sampling.replaced(steps=5)}
    model.save_pretrained(tmp_path / "model")
    assert json.loads((tmp_path / "model" / "config.json").read_text())["presets"]["fast"] == {"steps": 5}
    tuned = model.sampling.replaced(steps=20, temperature={"atoms": 0.9, "bonds": 0.9})
    write_sampling(tmp_path / "model", tuned.model_dump())
    again = package.load(tmp_path / "model")
    assert again.sampling == tuned
    for name in ("fast", "benchmark", "close"):
        assert again.sampling_with(preset=name) == model.sampling_with(preset=name)


@pytest.mark.parametrize("version", [1, 2])
def test_older_directories_load(tmp_path: Path, version: int) -> None:
    """As they were written before there were presets."""
    source, old = shipped_path("models", "qm9-text"), tmp_path / "old"
    old.mkdir()
    (old / "model.safetensors").write_bytes((source / "model.safetensors").read_bytes())
    header = json.loads((source / "config.json").read_text())
    del header["presets"]
    header["sampling"]["temperature"] = {"tokens": 1.2}
    if version == 1:
        header["kind"] = header.pop("family")
    (old / "config.json").write_text(json.dumps({**header, "version": version}))
    model = package.load(old)
    assert model.sampling.temperature == {"tokens": 1.2}
    assert model.sampling_with(preset="close").temperature == {"tokens": 1.0}
