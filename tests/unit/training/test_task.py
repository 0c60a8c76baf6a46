"""Every step of training against the same steps written out by hand, for each setting; schedule, average, clock."""

from __future__ import annotations

import csv
import math
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from molgen.diffusion.random_keys import RandomKeys
from molgen.models.recipe import OptimiserConfig
from molgen.training.display import Display
from molgen.training.run import fit
from molgen.training.task import learning_rate
from tests.unit.training.line import ATTEMPTS, FACTORS, HELD_OUT, POINTS, Line, LineRecipe, Points, points, recipe

Weights = dict[str, NDArray[np.float64]]
QUIET = Display.of(False)


def start() -> Weights:
    return {name: value.detach().double().numpy() for name, value in Line().named_parameters()}


def gradients(weights: Weights, batch: Points, config: OptimiserConfig) -> Weights:
    """Of the loss of a step: linear in y, so that each point counts by a coefficient."""
    keys = RandomKeys.from_seed(config.seed, batch.examples).fold_in(batch.visit)
    coefficients = FACTORS[config.objective] * (1 + keys.uniform().double().numpy())
    drawn = keys.fold_in(ATTEMPTS).uniform().double().numpy()
    coefficients -= config.validity_weight * (drawn - 0.9 * config.property_reward)
    summed = coefficients @ batch.x.double().numpy() / config.batch_size
    found = {
        "hidden.weight": np.outer(weights["head.weight"][0], summed),
        "head.weight": (weights["hidden.weight"] @ summed)[None],
    }
    norm = math.sqrt(sum((value**2).sum() for value in found.values()))
    return {name: value * min(1.0, config.clip / (norm + 1e-6)) for name, value in found.items()}


def by_hand(config: OptimiserConfig) -> tuple[list[Weights], list[Weights]]:
    """Weights and their average after each step of AdamW, by its definition (Loshchilov and Hutter, 2019)."""
    weights = start()
    average = {name: value.copy() for name, value in weights.items()}
    mean, square = ({name: np.zeros_like(value) for name, value in weights.items()} for _ in range(2))
    trail, averages = [], []
    stream = iter(points(POINTS, config.batch_size, seed=config.seed))
    assert config.steps is not None
    for step in range(config.steps):
        rate = config.learning_rate * min(1, (step + 1) / max(config.warmup, 1))
        rate *= 0.5 * (1 + math.cos(math.pi * step / config.steps))
        for name, slope in gradients(weights, next(stream), config).items():
            mean[name] = 0.9 * mean[name] + 0.1 * slope
            square[name] = config.beta2 * square[name] + (1 - config.beta2) * slope**2
            unbiased = mean[name] / (1 - 0.9 ** (step + 1)), square[name] / (1 - config.beta2 ** (step + 1))
            weights[name] = weights[name] * (1 - rate * config.weight_decay)
            weights[name] = weights[name] - rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
        decay = min(config.ema, (2 + step) / (11 + step))
        average = {name: decay * average[name] + (1 - decay) * weights[name] for name in weights}
        trail.append(dict(weights))
        averages.append(average)
    return trail, averages


def checkpoint(run: Path) -> dict[str, Any]:
    return torch.load(run / "last.ckpt", weights_only=True)


def trained(run: Path) -> tuple[Weights, Weights]:
    """Weights and average at the end of a run."""
    kept = checkpoint(run)
    raw = {name.removeprefix("generator."): value for name, value in kept["state_dict"].items()}
    average = kept["callbacks"]["ExponentialAverage"]["weights"]
    return tuple({name: value.double().numpy() for name, value in part.items()} for part in (raw, average))  # type: ignore[return-value]


def assert_close(found: Weights, expected: Weights) -> None:
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=2e-6, rtol=1e-5, err_msg=name)


SETTINGS: list[dict[str, Any]] = [
    {},
    {"learning_rate": 0.02},
    {"warmup": 3},
    {"objective": "variational", "seed": 3},
    {"objective": "continuous", "clip": 9.0},
    {"weight_decay": 0.5},
    {"clip": 0.5},
    {"beta2": 0.7},
    {"ema": 0.3},
    {"ema": 0.9},
    {"seed": 7},
    {"batch_size": 3},
    {"validity_weight": 2.0},
    {"validity_weight": 2.0, "property_reward": 0.8},
    {"steps": 9},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_steps_are_those_written_out_by_hand(settings: dict[str, Any], tmp_path: Path) -> None:
    made = recipe(**{"learning_rate": 0.1, **settings})
    assert fit(made, tmp_path / "run", display=QUIET) is None
    trail, averages = by_hand(made.optimiser)
    raw, average = trained(tmp_path / "run")
    assert_close(raw, trail[-1])
    assert_close(average, averages[-1])


def test_the_settings_above_make_a_difference() -> None:
    """Else the test above would pass where they are ignored."""
    ends = [by_hand(recipe(**{"learning_rate": 0.1, **settings}).optimiser) for settings in SETTINGS]
    shown = {
        tuple(np.concatenate([end[-1][name].ravel() for name in sorted(start()) for end in pair]).round(4))
        for pair in ends
    }
    assert len(shown) == len(SETTINGS)


def test_muon_takes_the_matrix_and_adamw_the_head(tmp_path: Path) -> None:
    """A hidden matrix moves by .2 sqrt(2) times singular values of about 1, times the rate; its gradient has rank 1."""
    made = recipe(learning_rate=0.1, method="muon", steps=1, weight_decay=0.5)
    fit(made, tmp_path / "run", display=QUIET)
    raw, _ = trained(tmp_path / "run")
    assert_close({"head.weight": raw["head.weight"]}, {"head.weight": by_hand(made.optimiser)[0][0]["head.weight"]})
    slope = gradients(start(), next(iter(points(POINTS, 4))), made.optimiser)["hidden.weight"]
    change = raw["hidden.weight"] - start()["hidden.weight"] * (1 - 0.1 * 0.5)
    expected = -0.1 * 0.2 * math.sqrt(2) * slope / np.linalg.norm(slope)
    factor = (change * expected).sum() / (expected**2).sum()
    assert 0.65 < factor < 1.25
    np.testing.assert_allclose(change, factor * expected, atol=1e-4)


def test_the_rate_rises_and_falls() -> None:
    config = OptimiserConfig(steps=100, learning_rate=0.4, warmup=10)
    assert learning_rate(config, 0, 0.0) == pytest.approx(0.04)
    assert learning_rate(config, 4, 0.0) == pytest.approx(0.2)
    assert learning_rate(config, 9, 0.0) == pytest.approx(0.4)
    assert learning_rate(config, 50, 0.5) == pytest.approx(0.2)
    assert learning_rate(config, 75, 0.75) == pytest.approx(0.2 * (1 - math.sqrt(0.5)))
    assert learning_rate(config, 100, 1.0) == pytest.approx(0)
    assert learning_rate(config, 200, 2.0) == pytest.approx(0)
    assert learning_rate(OptimiserConfig(steps=100, learning_rate=0.4, warmup=0), 0, 0.0) == pytest.approx(0.4)


def test_dropout_of_the_run_replaces_that_of_the_network(tmp_path: Path) -> None:
    model = Line()
    fit(recipe(dropout=0.25, steps=1), tmp_path / "run", model, display=QUIET)
    assert model.drop.share == 0.25


def resumed(run: Path, elapsed: float, **length: Any) -> list[float]:
    """Shares of training done after each step that follows a first one, which took `elapsed` seconds."""
    made = recipe(learning_rate=0.1, steps=1)
    fit(made, run, display=QUIET)
    kept = checkpoint(run)
    assert 0 < kept["elapsed"] < 60
    torch.save({**kept, "elapsed": elapsed}, run / "last.ckpt")
    shares: list[float] = []
    longer = made.model_copy(update={"optimiser": made.optimiser.model_copy(update={"steps": None, **length})})
    fit(longer, run, checkpoint=run / "last.ckpt", display=Display(False, False, False, follow=shares.append))
    return shares


def test_time_before_the_stop_counts(tmp_path: Path) -> None:
    assert resumed(tmp_path / "run", 121.0, minutes=2.0) == [1.0]


def test_minutes_are_minutes(tmp_path: Path) -> None:
    shares = resumed(tmp_path / "run", 30.0, minutes=10.0, steps=4)
    # Of time and steps the one that is further along: 30 s of 10 minutes are .05, one step of four is .25.
    assert shares == [0.25, 0.5, 1.0]
    shares = resumed(tmp_path / "other", 540.0, minutes=10.0, steps=4)
    assert shares[:2] == pytest.approx([0.9, 0.9], abs=0.01) and len(shares) == 3


def interrupt_at(step: int) -> Callable[[float], None]:
    """Sends Ctrl-C after so many steps."""
    seen: list[float] = []

    def follow(share: float) -> None:
        seen.append(share)
        if len(seen) == step:
            signal.raise_signal(signal.SIGINT)

    return follow


def test_a_run_that_was_stopped_ends_with_the_same_model_to_the_bit(tmp_path: Path) -> None:
    made = recipe(learning_rate=0.1, ema=0.9, steps=8, validity_weight=1.0, method="muon")
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    fit(made, straight, display=QUIET)
    assert fit(made, stopped, display=Display(False, False, False, follow=interrupt_at(3))) == signal.SIGINT
    assert 3 <= checkpoint(stopped)["global_step"] < 8
    before = (stopped / "model" / "model.safetensors").read_bytes()
    fit(made, stopped, checkpoint=stopped / "last.ckpt", display=QUIET)
    assert checkpoint(stopped)["global_step"] == 8
    first, second = ((run / "model" / "model.safetensors").read_bytes() for run in (straight, stopped))
    assert first == second != before
    for one, other in zip(trained(straight), trained(stopped), strict=True):
        assert all((one[name] == other[name]).all() for name in one)


def bound_of(weights: Weights, examples: int, draws: int) -> float:
    """Mean over held-out points, two of which are in the first batch."""
    chosen = list(points(HELD_OUT, 2, passes=1))[: math.ceil(examples / 2)]
    sums = []
    for batch in chosen:
        y = batch.x.double().numpy() @ weights["hidden.weight"].T @ weights["head.weight"][0]
        keys = RandomKeys.from_seed(0, batch.examples)
        noise = [(keys.fold_in(draw) if draw else keys).uniform().double().numpy() for draw in range(draws)]
        sums.append((y + 2) ** 2 + np.mean(noise, axis=0))
    return float(np.concatenate(sums).mean())


def validations(run: Path) -> dict[int, float]:
    with next(run.glob("logs/*/metrics.csv")).open() as stream:
        rows = list(csv.DictReader(stream))
    return {int(row["step"]): float(row["validation/bound_nats"]) for row in rows if row["validation/bound_nats"]}


@pytest.mark.parametrize(("molecules", "draws"), [(1, 1), (3, 1), (3, 4)])
def test_what_is_validated_is_the_average_on_held_out_examples(molecules: int, draws: int, tmp_path: Path) -> None:
    settings = {"validate_steps": 2, "validation_molecules": molecules, "validation_draws": draws, "ema": 0.9}
    made = recipe(learning_rate=0.1, sampled_molecules=5, **settings)
    fit(made, tmp_path / "run", display=QUIET)
    _, averages = by_hand(made.optimiser)
    expected = {step: bound_of(averages[step - 1], molecules, draws) for step in (2, 4, 5)}
    assert validations(tmp_path / "run") == pytest.approx(expected, rel=1e-4)


def test_training_stops_and_keeps_the_best(tmp_path: Path) -> None:
    """y falls without end, so that its distance from -2 falls and then grows."""
    made = recipe(learning_rate=0.05, steps=60, validate_steps=1, patience=3)
    fit(made, tmp_path / "run", display=QUIET)
    _, averages = by_hand(made.optimiser)
    bounds = [bound_of(average, 1000, 1) for average in averages]
    lowest = int(np.argmin(bounds[:20]))
    found = validations(tmp_path / "run")
    assert list(found.values()) == pytest.approx(bounds[: len(found)], rel=1e-4)
    assert lowest > 0 and len(found) == lowest + 1 + 3
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert f"for {lowest + 1} steps" in card


def test_the_recipe_of_these_tests_is_one() -> None:
    assert isinstance(recipe(), LineRecipe) and isinstance(Line.from_config({}), Line)
