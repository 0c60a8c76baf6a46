"""Sampling settings chosen on validation molecules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import molgen as package
from molgen.comparison.tuning import Aim, Point
from tests.conftest import Run


@pytest.mark.slow
def test_settings_are_chosen_stored_and_not_measured_twice(
    molgen: Run, tiny_text: Path, smiles_file: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_text, model)
    weights = (model / "model.safetensors").read_bytes()
    command = ["tune", model, "--reference", smiles_file, "--attempts", 24, "--aim", "validity"]
    first = molgen(*command, "--steps", 2, "--steps", 4)
    points = json.loads((model / "tuning.json").read_text())["points"]
    assert {point["settings"]["steps"] for point in points} == {2, 4} and len(points) > 10
    best = max(points, key=lambda point: point["validity"])
    chosen = package.load(model).sampling
    assert {name: getattr(chosen, name) for name in best["settings"]} == best["settings"]
    assert (model / "tuning.md").read_text() == first.stdout and "**" in first.stdout
    assert (model / "model.safetensors").read_bytes() == weights
    again = molgen(*command, "--steps", 2, "--steps", 4)
    assert again.stdout == first.stdout and "validity" not in again.stderr


def test_settings_given_by_hand_are_the_only_ones_tried(
    molgen: Run, tiny_text: Path, smiles_file: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_text, model)
    command = ["tune", model, "--reference", smiles_file, "--attempts", 24]
    molgen(*command, "--try", "steps=2 temperature=0.5", "--try", "steps=3 top_p=tokens=0.9", "--aim", "validity")
    points = json.loads((model / "tuning.json").read_text())["points"]
    tried = [{"steps": 2, "temperature": {"tokens": 0.5}}, {"steps": 3, "top_p": {"tokens": 0.9}}]
    assert [point["settings"] for point in points] == tried
    best = max(points, key=lambda point: point["validity"])["settings"]
    assert package.load(model).sampling.steps == best["steps"]
    molgen(*command, "--try", "steps=4", "--aim", "validity")  # replaces what it had before, not what was just chosen
    chosen = package.load(model).sampling
    assert chosen.steps == 4 and not chosen.temperature and not chosen.top_p


def test_validity_asked_for_counts_more_than_the_figure_aimed_at() -> None:
    def point(validity: float, fcd: float | None) -> Point:
        others = {"uniqueness": 1.0, "novelty": 1.0, "vun": validity, "calls": 1.0, "per_second": 1.0}
        return Point(settings={}, attempts=10, validity=validity, fcd=fcd, **others)

    cold, warm, hot = point(0.96, 0.6), point(0.95, 0.5), point(0.94, 0.4)
    unknown = point(0.99, None)
    points = [unknown, hot, cold, warm]
    assert min(points, key=Aim().cost) is hot
    assert min(points, key=Aim(validity=0.95).cost) is warm
    assert min(points, key=Aim("vun", validity=0.955).cost) is unknown
    assert min([hot, cold, warm], key=Aim(validity=0.99).cost) is cold


def test_what_cannot_be_tuned_has_a_one_line_error(
    molgen: Run, tiny_text: Path, smiles_file: Path, tmp_path: Path
) -> None:
    assert "copy its directory" in molgen("tune", "qm9-graph", code=2).stderr
    assert "--aim" in molgen("tune", tiny_text, "--aim", "beauty", code=2).stderr
    assert "'steps=20 temperature=0.9'" in molgen("tune", tiny_text, "--try", "speed=3", code=2).stderr
    wrong = molgen("tune", tiny_text, "--reference", smiles_file, "--try", "valence_guard=true", code=2).stderr
    assert "no valence_guard" in wrong
    assert "leave --steps out" in molgen("tune", tiny_text, "--try", "eta=1", "--steps", 3, code=2).stderr
    ar = tiny_text.parents[1] / "ar" / "model"
    assert "no steps" in molgen("tune", ar, "--reference", smiles_file, "--steps", 3, code=2).stderr
    model = tmp_path / "model"
    shutil.copytree(ar, model)
    (model / "tuning.json").write_text("{")
    assert "damaged" in molgen("tune", model, "--reference", smiles_file, code=1).stderr
