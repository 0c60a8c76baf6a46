"""Sampling settings chosen on validation molecules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import molgen as package
from molgen.comparison.tuning import Aim, Point, tune
from molgen.datasets import load_dataset
from molgen.evaluation import reference_of
from molgen.models.registry import FAMILIES, Family
from molgen.models.results import Attempt
from tests.conftest import Run
from tests.toy_family.model import Chains, ChainsConfig


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


@pytest.mark.slow
def test_settings_given_by_hand_are_the_only_ones_tried(
    molgen: Run, tiny_text: Path, smiles_file: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_text, model)
    command = ["tune", model, "--reference", smiles_file, "--attempts", 24]
    tries = ("--try", "steps=2 temperature=0.5", "--try", "steps=3 top_p=tokens=0.9", "--aim", "validity")
    molgen(*command, *tries)
    points = json.loads((model / "tuning.json").read_text())["points"]
    tried = [{"steps": 2, "temperature": {"tokens": 0.5}}, {"steps": 3, "top_p": {"tokens": 0.9}}]
    assert [point["settings"] for point in points] == tried
    best = max(points, key=lambda point: point["validity"])["settings"]
    assert package.load(model).sampling.steps == best["steps"]
    other = tmp_path / "other"
    shutil.copytree(tiny_text, other)
    molgen("tune", other, *command[2:], *tries)  # the second time on the clock, the same files
    for name in ("tuning.json", "tuning.md", "config.json"):
        assert (other / name).read_bytes() == (model / name).read_bytes(), name
    molgen(*command, "--try", "steps=4", "--aim", "validity")  # replaces what it had before, not what was just chosen
    chosen = package.load(model).sampling
    assert chosen.steps == 4 and not chosen.temperature and not chosen.top_p


def test_validity_asked_for_counts_more_than_the_figure_aimed_at() -> None:
    def point(validity: float, fcd: float | None) -> Point:
        others = {"uniqueness": 1.0, "novelty": 1.0, "vun": validity, "calls": 1.0}
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


class Colder(Chains):
    """Chains of one to eight atoms, the more of them valid the lower the temperature: 1 - .4 of it."""

    def sample_batch(self, size, rng, sampling, form, conditions=None):  # type: ignore[no-untyped-def]
        valid = rng.fold_in(9).uniform() < 1 - 0.4 * sampling.temperature.get("atoms", 1.0)
        return [Attempt("C" * size if fine else "C(", size) for fine in valid.tolist()]


ENTRY = Family("chains", f"{__name__}:Colder", "tests.toy_family.recipe:ChainsRecipe", "Chains.")


@pytest.fixture
def chains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Directory of such a model."""
    monkeypatch.setitem(FAMILIES, ENTRY.name, ENTRY)
    Colder(ChainsConfig(largest=8)).save_pretrained(tmp_path / "chains")
    return tmp_path / "chains"


@pytest.fixture
def alkanes(tmp_path: Path) -> str:
    path = tmp_path / "alkanes.smi"
    path.write_text("".join("C" * n + end + "\n" for n in range(1, 25) for end in ("", "O", "N")))
    return str(path)


TRIES = [{"temperature": {"atoms": value}} for value in (1.0, 0.2, 2.0)]


@pytest.mark.slow
def test_the_best_of_points_without_ties_is_chosen(chains: Path, alkanes: str) -> None:
    for aim in ("validity", "fcd"):  # the second time everything is known
        best, table = tune(chains, alkanes, attempts=80, tries=TRIES, aim=Aim(aim))
        points = json.loads((chains / "tuning.json").read_text())["points"]
        assert [point["settings"] for point in points] == TRIES
        values = [point[aim] for point in points]
        assert len(set(values)) == 3
        number = values.index(min(values) if aim == "fcd" else max(values))
        assert best.settings == TRIES[number] == {"temperature": dict(package.load(chains).sampling.temperature)}
        bold = [line for line in table.splitlines() if "**" in line]
        assert len(bold) == 1 and f"temperature atoms {TRIES[number]['temperature']['atoms']}" in bold[0]
    assert [point["validity"] for point in points] == pytest.approx([0.6, 0.92, 0.2], abs=0.12)


@pytest.mark.slow
def test_a_point_is_what_its_attempts_score(chains: Path, alkanes: str) -> None:
    tune(chains, alkanes, attempts=14, tries=TRIES[:1])
    (point,) = json.loads((chains / "tuning.json").read_text())["points"]
    model = package.load(chains)
    drawn = model.attempts(14, seed=2_000_000, progress=False, **TRIES[0])
    dataset = load_dataset(alkanes)
    scores = package.evaluate(drawn, reference_of(dataset.smiles("train"), dataset.smiles("validation")), jobs=1)
    for name in ("validity", "uniqueness", "novelty", "vun"):
        assert point[name] == pytest.approx(scores[name]), name
    assert point["calls"] == pytest.approx(drawn.calls) and point["attempts"] == 14


@pytest.mark.slow
def test_the_search_goes_down_and_remembers(chains: Path, alkanes: str) -> None:
    said: list[str] = []
    best, _ = tune(chains, alkanes, attempts=12, aim=Aim("validity"), say=said.append)
    points = json.loads((chains / "tuning.json").read_text())["points"]
    assert best.settings == max(points, key=lambda point: point["validity"])["settings"] != {}
    assert [point["settings"].get("temperature", {}).get("atoms") for point in points] == [
        None,
        1.1,
        1.0,
        0.95,
        0.9,
        0.8,
    ]
    assert len(said) == len(points)
    tune(chains, alkanes, attempts=12, aim=Aim("validity"), say=said.append)
    assert len(said) == len(points)
    tune(chains, alkanes, attempts=11, tries=TRIES[:1], say=said.append)
    assert len(said) == len(points) + 1
