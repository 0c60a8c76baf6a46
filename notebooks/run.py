"""Run notebooks from top to bottom and keep their outputs: python notebooks/run.py [FILE ...]."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def run(path: Path) -> None:
    """Run one, and write it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(FOLDER.parent)}}
    NotebookClient(notebook, timeout=1200, kernel_name="python3", resources=resources).execute()
    nbformat.write(tidy(notebook), path)


def tidy(notebook: Any) -> Any:
    """Without what differs from run to run: times, progress bars, warnings of packages; streams in one piece."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _joined([output for output in cell.outputs if not _passing(output)])
    return notebook


def _passing(output: Any) -> bool:
    if output.output_type == "stream":
        return "Warning:" in output.text
    return output.output_type == "display_data" and output.data.get("text/html") == ""


def _joined(outputs: list[Any]) -> list[Any]:
    found: list[Any] = []
    for output in outputs:
        last = found[-1] if found else None
        if output.output_type == "stream" and last and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            found.append(output)
    return found


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(map(str, FOLDER.glob("*.ipynb"))):
        run(Path(name))
