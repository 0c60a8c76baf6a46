"""Every notebook runs from top to bottom."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_notebook_ships_with_outputs_that_a_forge_shows(path: Path) -> None:
    assert path.stat().st_size < 400_000, "larger ones are not shown, or slowly"
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/" in str(output) for output in outputs)
    for output in outputs:
        text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
        assert output.output_type != "error" and "Warning:" not in text and "site-packages" not in text


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_notebook_runs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    pictures = [output for cell in notebook.cells for output in cell.get("outputs", []) if "image/" in str(output)]
    assert pictures
