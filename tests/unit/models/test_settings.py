"""Sampling settings are read in one way, and merged with those stored in the model."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from rdkit import Chem

import molgen
from molgen.dialogue import BlockDiffusion
from molgen.errors import UsageError
from molgen.models.generator import Generator
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import KINDS, SamplingSettings


@pytest.fixture(scope="module")
def model() -> Generator:
    loaded = molgen.load("moses-graph")
    assert isinstance(loaded, Generator)
    return loaded


def test_a_number_is_meant_for_all_kinds(model: Generator) -> None:
    for value in (0.9, "0.9", {"atoms": 0.9, "bonds": 0.9}, "atoms=0.9, bonds=0.9"):
        assert model.sampling_with(temperature=value).temperature == {"atoms": 0.9, "bonds": 0.9}  # type: ignore[arg-type]


def test_kinds_that_are_not_named_keep_what_is_stored(model: Generator) -> None:
    stored = model.sampling.temperature
    assert set(stored) == {"atoms", "bonds"}
    for value in ({"atoms": 0.5}, "atoms=0.5"):
        assert model.sampling_with(temperature=value).temperature == {**stored, "atoms": 0.5}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"temperature": {"atom": 1.1}}, "unknown kind 'atom'; known: atoms, bonds"),
        ({"temperature": {"tokens": 1.1}}, "unknown kind 'tokens'"),
        ({"temperature": "hot"}, "takes a number"),
        ({"temperature": "atoms=1=2"}, "takes a number"),
        ({"temperature": {"atoms": None}}, "takes a number"),
        ({"temperature": float("nan")}, "takes a number"),
        ({"temperature": -1}, "between 0.001 and 1000"),
        ({"speed": 3}, "no argument or setting 'speed'; the settings of this model are block"),
        ({"eta": 0.0}, "has no eta to set"),
        ({"remask": False}, "has no remask to set"),
        ({"steps": 50}, "has no steps to set"),
    ],
)
def test_what_means_nothing_is_refused(model: Generator, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        model.sampling_with(**settings)


@pytest.mark.parametrize(
    ("name", "said"),
    [("property", "did you mean properties"), ("temp", "temperature"), ("xyz", "there are n, seed, ")],
)
def test_what_was_meant_by_a_name_is_asked(model: Generator, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"no argument or setting '{name}'; .*{said}"):
        model.generate(2, **{name: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sampler", "setting", "fits"),
    [
        ("renoise", {"eta": 0.0}, False),
        ("renoise", {"omega": 0.1}, False),
        ("flow", {"eta": 1.0, "omega": 0.1}, True),
        ("flow", {"remask": True}, False),
        ("confidence", {"eta": 1.0, "remask": True, "steps": 5}, True),
        ("confidence", {"omega": 0.1}, False),
        ("first-hitting", {"steps": 5}, False),
        ("first-hitting", {"temperature": 0.9}, True),
    ],
)
def test_what_a_sampler_does_not_use_is_refused(sampler: str, setting: dict[str, Any], fits: bool) -> None:
    config = SamplingConfig(sampler=sampler).replaced(**setting)
    if fits:
        config.check_used(setting)
    else:
        with pytest.raises(UsageError, match=f"the sampler {sampler} has no {next(iter(setting))} to set"):
            config.check_used(setting)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n": None}, "number of molecules must be a whole number, got None"),
        ({"n": 2.5}, "number of molecules must be a whole number, got 2.5"),
        ({"seed": "one"}, "seed must be a whole number, got 'one'"),
        ({"batch_size": 1.5}, "batch size must be a whole number"),
        ({"max_attempts": "10"}, "max_attempts must be a whole number"),
        ({"keep": 3}, "keep takes a text or a list of texts, not 3"),
        ({"drop_alerts": True}, "drop_alerts takes a text"),
        ({"contains": Chem.MolFromSmarts("C")}, "contains takes a text"),
        ({"without": ["C", None]}, "without takes a text .* not None"),
        ({"keep": "QED > 3"}, "no molecule has QED 3"),
    ],
)
def test_what_is_no_argument_is_refused(model: Generator, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        model.generate(**{"n": 1, **arguments})


def test_a_temperature_of_zero_is_refused_by_name(model: Generator) -> None:
    with pytest.raises(UsageError, match=r"^temperatures must lie between 0.001 and 1000, got 0$"):
        model.generate(1, temperature=0)


@pytest.mark.slow
def test_what_is_no_path_is_refused(model: Generator) -> None:
    for write in (model.generate(1).save, model.nll(["CCO"]).save, model.save_pretrained):
        with pytest.raises(UsageError, match=r"a path is wanted, such as .*, not None"):
            write(None)  # type: ignore[arg-type]


def test_a_model_is_shown_in_a_line(model: Generator) -> None:
    shown = repr(model)
    assert shown.startswith("AutoregressiveGraphModel('moses-graph', family='graph-autoregressive', parameters=")
    assert shown.endswith("settings=[block, guidance, temperature, top_p, valence_guard])") and "\n" not in shown


@pytest.mark.slow
def test_numbers_of_numpy_and_no_filters_are_taken(model: Generator) -> None:
    assert model.generate(np.int64(2), seed=np.int64(4), keep=None, contains=None) == model.generate(2, seed=4)


@pytest.mark.slow
def test_the_guard_is_on_where_molecules_are_kept(model: Generator) -> None:
    guarded = model.generate(12, seed=4)
    assert guarded == model.generate(12, seed=4, valence_guard=True)
    assert guarded.valid == guarded.attempted
    assert model.attempts(12, seed=4) == model.attempts(12, seed=4, valence_guard=False)


def test_configurations_take_numbers_too() -> None:
    assert SamplingConfig.model_validate({"top_p": 0.9}).top_p == dict.fromkeys(KINDS, 0.9)
    with pytest.raises(ValueError, match="unknown kind"):
        SamplingConfig.model_validate({"top_p": {"water": 0.9}})


def test_settings_are_named_in_one_place() -> None:
    assert set(SamplingSettings.__annotations__) == {*SamplingConfig.model_fields, "preset"}
    molecules = (Generator.attempts, Generator.generate, Generator.trace, Generator.sampling_with)
    texts = (BlockDiffusion.reply, BlockDiffusion.replies, BlockDiffusion.go_on)
    for method in (*molecules, *texts):
        assert set(SamplingSettings.__annotations__) <= set(inspect.signature(method).parameters)


@pytest.mark.parametrize(
    ("setting", "message"),
    (
        ({"stps": 3}, "bad sampling setting: there is no setting 'stps'; did you mean steps"),
        ({"steps": 0}, "bad sampling setting: steps must be greater than or equal to 1, not 0"),
        ({"steps": "a"}, "bad sampling setting: steps must be a whole number, not 'a'"),
    ),
)
def test_a_bad_setting_is_one_line_that_says_what_there_is(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SamplingConfig().replaced(**setting)
