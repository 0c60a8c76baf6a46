"""Bins hold all values of small sets and all but outliers of large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.axes
import numpy as np
import pytest

from molgen.features import FEATURES, MoleculeRecord
from molgen.report.histograms import PROPERTIES, bin_edges, draw_properties
from tests.conftest import Run


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0], [0.0, 1.0, 50.0]])
def test_nothing_of_a_small_set_is_left_out(values: list[float]) -> None:
    edges = bin_edges([np.array(values), np.array([0.5])])
    assert edges[0] == min(*values, 0.5) and edges[-1] >= max(values)
    assert (np.diff(edges) > 0).all() and len(edges) == 11


def test_outliers_of_a_large_set_are() -> None:
    values = np.append(np.linspace(0, 1, 9_999), 1e6)
    edges = bin_edges([values])
    assert edges[-1] < 1.001 and len(edges) == 61


class Panels:
    """What is handed to each panel."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.drawn: list[tuple[str, list[float], float]] = []
        self.labels: list[str] = []
        hist, change = matplotlib.axes.Axes.hist, matplotlib.axes.Axes.set

        def draw(axis: Any, values: Any, **options: Any) -> Any:
            self.drawn.append((options["label"], sorted(values.tolist()), float(options["weights"].sum())))
            return hist(axis, values, **options)

        def name(axis: Any, **options: Any) -> Any:
            self.labels.append(options["xlabel"])
            return change(axis, **options)

        patch.setattr(matplotlib.axes.Axes, "hist", draw)
        patch.setattr(matplotlib.axes.Axes, "set", name)


def test_each_panel_shows_its_own_property_of_each_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = {
        name: {
            prop: np.array([10.0 * number + shift, 10.0 * number + shift + 1]) for number, prop in enumerate(PROPERTIES)
        }
        for name, shift in (("mine", 0.0), ("theirs", 3.0))
    }
    panels = Panels(monkeypatch)
    draw_properties(tmp_path / "h.png", sets)
    expected = [(name, values[prop].tolist(), 1.0) for prop in PROPERTIES for name, values in sets.items()]
    assert panels.drawn == expected and panels.labels == list(PROPERTIES.values())


def test_the_command_draws_the_properties_of_its_files(
    molgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"mine.smi": ["CCO", "c1ccccc1O", "CC(=O)N"], "other.smi": ["CCCCCC", "CCN"]}
    for name, texts in files.items():
        (tmp_path / name).write_text("\n".join(texts) + "\n")
    panels = Panels(monkeypatch)
    molgen(
        "view", tmp_path / "mine.smi", "--properties", "--reference", tmp_path / "other.smi", "-o", tmp_path / "h.png"
    )
    expected = [
        (name, sorted(FEATURES[prop].compute(MoleculeRecord(text)) for text in files[name]))
        for prop in PROPERTIES
        for name in ("other.smi", "mine.smi")
    ]
    assert [name for name, _, _ in panels.drawn] == [name for name, _ in expected]
    for (_, found, total), (_, values) in zip(panels.drawn, expected, strict=True):
        assert found == pytest.approx(values, abs=1e-6) and total == pytest.approx(1)
