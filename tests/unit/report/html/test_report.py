"""What a report holds, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import QED

from molgen.errors import MolgenError, UsageError
from molgen.library import Library
from molgen.report import draw_grid
from molgen.report.html import write_report


def data(page: str) -> dict[str, object]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.mark.slow
def test_it_needs_no_network_and_is_small(report: Path) -> None:
    page = report.read_text()
    elements = page.partition('<script id="data"')[0]
    assert not re.findall(r'(?:src|href)="(?!#)', elements) and "default-src 'none'" in elements
    assert len(page) < 4_000_000


def test_molecules_are_there_with_their_values(report: Path) -> None:
    page = report.read_text()
    columns = data(page)["columns"]
    assert columns["set"].count(0) == 60 and columns["set"].count(1) == 41
    for text, qed in list(zip(columns["smiles"], columns["QED"], strict=True))[::7]:
        assert qed == pytest.approx(QED.qed(Chem.MolFromSmiles(text)), abs=1e-3)
    assert "2 cannot be read" in page and "60 of 60 (finished)" in page


def test_the_fragment_is_marked(report: Path) -> None:
    found = data(report.read_text())
    marked, smiles = found["marked"], found["columns"]["smiles"]
    assert len(marked) == 60
    for row, atoms in marked.items():
        mol = Chem.MolFromSmiles(smiles[int(row)])
        assert len(atoms) == 3 and all(mol.GetAtomWithIdx(atom).IsInRingSize(3) for atom in atoms)


@pytest.mark.slow
def test_gallery_and_table_mark_the_same_atoms(tmp_path: Path) -> None:
    """A fragment with bonds as Kekule wrote them is the aromatic ring, in both."""
    asked = {"fragment": "C1=CC=CC=C1", "model": "qm9-graph", "steps": 8}
    Library(tmp_path / "lib").build(2, jobs=1, progress=False, **asked)
    write_report(Library(tmp_path / "lib"), tmp_path / "report.html", jobs=1, progress=False)
    page = (tmp_path / "report.html").read_text()
    assert [len(atoms) for atoms in data(page)["marked"].values()] == [6, 6]
    smiles = data(page)["columns"]["smiles"]
    drawn = [draw_grid(smiles, columns=6, highlighted=mark).data.decode() for mark in ("c1ccccc1", None)]
    marked, plain = (picture[picture.index("<svg") :] for picture in drawn)
    assert marked in page and plain not in page


@pytest.mark.slow
def test_the_column_of_a_reference_is_its_own(tmp_path: Path, smiles: list[str]) -> None:
    for name, column in (("a.csv", "mine"), ("b.csv", "theirs")):
        (tmp_path / name).write_text("\n".join([f"id,{column}", *(f"{text},{text}" for text in smiles[:30])]))
    out, known = tmp_path / "report.html", tmp_path / "b.csv"
    write_report(
        tmp_path / "a.csv",
        out,
        column="mine",
        reference=known,
        reference_column="theirs",
        jobs=1,
        progress=False,
    )
    assert "b.csv (reference)" in out.read_text()
    with pytest.raises(UsageError, match="goes with a reference"):
        write_report(tmp_path / "a.csv", tmp_path / "c.html", column="mine", reference_column="theirs")


def test_what_the_reference_never_has_is_said(report: Path) -> None:
    page = report.read_text()
    assert "never in the reference" in page and "ring systems that the reference never has" in page


def test_names_and_molecules_from_files_are_escaped(report: Path) -> None:
    page = report.read_text()
    assert "<img src=x" not in page and "<script>alert" not in page and "</script><b>" not in page
    assert "&lt;img src=x" in page and "\\u003cimg src=x" in page


@pytest.mark.parametrize(
    ("sets", "arguments", "said"),
    [
        ([], {}, "needs a library"),
        (["nowhere.smi"], {}, "neither a library nor a file"),
        (["."], {}, "not a library"),
        (["a.smi"], {"out": "report.pdf"}, "an .html file"),
        (["a.smi"], {"out": "a.html"}, "exists"),
        (["a.smi"], {"map_method": "umap"}, "pca or tsne"),
        (["a.smi"], {"most": 0}, "at least 1"),
        (["bad.smi"], {}, "no molecule that can be read"),
        (["a.smi"], {"reference": "nowhere.smi"}, "no"),
    ],
)
def test_what_cannot_be_reported_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sets: list[str], arguments: dict[str, object], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.smi").write_text("CCO\nCCN\nC1CC1\n")
    Path("a.html").write_text("mine")
    Path("bad.smi").write_text("C1CC\n")
    with pytest.raises((UsageError, MolgenError), match=said):
        write_report(sets, **{"out": "new.html", "jobs": 1, "progress": False, **arguments})
    assert Path("a.html").read_text() == "mine" and not Path("new.html").exists()


def test_one_molecule_and_a_sample(tmp_path: Path, smiles: list[str]) -> None:
    one, many = tmp_path / "one.smi", tmp_path / "many.smi"
    one.write_text("c1ccccc1\n")
    many.write_text("\n".join(smiles[:50]))
    write_report(one, tmp_path / "one.html", jobs=1, progress=False)
    write_report([many], tmp_path / "many.html", most=20, map_method="tsne", jobs=1, progress=False)
    found = data((tmp_path / "many.html").read_text())
    assert len(found["columns"]["smiles"]) == 20 == len(found["map"][0]["x"])
    assert "20 at random" in (tmp_path / "many.html").read_text()
