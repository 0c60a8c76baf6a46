"""Pictures are files a viewer opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from rdkit import Chem

from molgen.errors import MolgenError, UsageError
from molgen.report import draw_grid, draw_trace


def test_grid_has_a_cell_for_each_readable_molecule(tmp_path: Path) -> None:
    assert (
        draw_grid(
            ["CCO", "bad", "c1ccccc1", "", None, Chem.MolFromSmiles("CC")], tmp_path / "grid.png", columns=2
        ).drawn
        == 3
    )
    with Image.open(tmp_path / "grid.png") as picture:
        width, height = picture.size
        colours = picture.convert("RGB").getcolors(100_000)
    assert (width, height) == (2 * 220, 2 * 180)
    assert colours is not None and len(colours) > 10
    assert draw_grid(["CCO"], str(tmp_path / "grid.svg")).drawn == 1
    assert "<svg" in (tmp_path / "grid.svg").read_text()


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    with pytest.raises(MolgenError, match="none of the molecules"):
        draw_grid(["bad"], tmp_path / "grid.png")
    with pytest.raises(UsageError, match=r"\.png and \.svg"):
        draw_grid(["C"], tmp_path / "grid.jpg")
    with pytest.raises(UsageError, match="exists"):
        draw_grid(["C"], tmp_path / "a.png")
        draw_grid(["C"], tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"\.gif"):
        draw_trace(tmp_path / "a.mp4", [Chem.MolFromSmiles("C")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png"]


def test_trace_is_an_animation_even_of_nonsense(tmp_path: Path) -> None:
    nonsense = Chem.MolFromSmiles("C(C)(C)(C)(C)C", sanitize=False)
    masked = Chem.MolFromSmiles("*.*.*.*.*.*")
    draw_trace(tmp_path / "t.gif", [masked, nonsense, Chem.MolFromSmiles("CCCCCC")])
    with Image.open(tmp_path / "t.gif") as animation:
        assert animation.n_frames == 3 and animation.info["loop"] == 0


def test_a_grid_is_shown_in_notebooks_without_a_file(tmp_path: Path) -> None:
    grid = draw_grid(text for text in ("CCO", "CC"))
    assert repr(grid) == "Grid(2 molecules, .svg)"
    shown = grid._repr_svg_()
    assert shown is not None and "<svg" in shown and grid._repr_png_() is None
    png = draw_grid(["CCO"], tmp_path / "a.png")._repr_png_()
    assert png is not None and png == (tmp_path / "a.png").read_bytes()
    with pytest.raises(UsageError, match="in a list"):
        draw_grid("CCO")
