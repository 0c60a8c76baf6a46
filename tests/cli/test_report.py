"""`molgen report`: one file out of libraries and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run


@pytest.mark.slow
def test_files_are_compared(molgen: Run, tmp_path: Path, smiles: list[str]) -> None:
    for name, part in (("a.smi", smiles[:30]), ("b.csv", ["smiles", *smiles[30:60]])):
        (tmp_path / name).write_text("\n".join(part))
    words = ("report", "a.smi", "b.csv", "--reference", "a.smi", "-o", "report.html", "--jobs", 1)
    result = molgen(*words, cwd=tmp_path)
    assert "report.html: " in result.stderr and "MB" in result.stderr
    page = (tmp_path / "report.html").read_text()
    assert "<h3>a.smi</h3>" in page and "<h3>b.csv</h3>" in page and "novelty" in page
    assert "exists" in molgen(*words, cwd=tmp_path, code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.smi", "-o", "r.html"), "neither a library nor a file"),
        (("a.smi", "-o", "r.pdf"), ".html file"),
        (("a.smi", "-o", "r.html", "--map", "umap"), "pca or tsne"),
        (("a.smi", "-o", "r.html", "--reference-column", "smiles"), "goes with a reference"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(molgen: Run, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "a.smi").write_text("CCO\n")
    result = molgen("report", *words, cwd=tmp_path, code=2)
    assert said in result.stderr and len(result.stderr.splitlines()) == 1
    assert not (tmp_path / words[2]).exists()
