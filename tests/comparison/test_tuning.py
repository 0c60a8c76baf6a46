"""Sampling settings chosen on validation molecules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import molgen as package
from tests.conftest import Run


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


def test_what_cannot_be_tuned_has_a_one_line_error(
    molgen: Run, tiny_text: Path, smiles_file: Path, tmp_path: Path
) -> None:
    assert "copy its directory" in molgen("tune", "qm9-graph", code=2).stderr
    assert "--aim" in molgen("tune", tiny_text, "--aim", "beauty", code=2).stderr
    ar = tiny_text.parents[1] / "ar" / "model"
    assert "no steps" in molgen("tune", ar, "--reference", smiles_file, "--steps", 3, code=2).stderr
    model = tmp_path / "model"
    shutil.copytree(ar, model)
    (model / "tuning.json").write_text("{")
    assert "damaged" in molgen("tune", model, "--reference", smiles_file, code=1).stderr
