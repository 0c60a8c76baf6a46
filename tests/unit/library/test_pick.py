"""Picks of a library: which, in what order, with which columns."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from molgen.errors import LeftOutWarning, MolgenError, UsageError
from molgen.io import read_rows
from molgen.library import Library, pick

MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)


def similarity(first: str, second: str) -> float:
    one, other = (MORGAN.GetFingerprint(Chem.MolFromSmiles(text)) for text in (first, second))
    return DataStructs.TanimotoSimilarity(one, other)


def test_the_best_by_score(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "best.csv"
    found = library.pick(6, "score", score="qed", where="rings >= 1", jobs=1, out=out)
    table = library.query("SELECT * FROM molecules WHERE rings >= 1 ORDER BY QED DESC, attempt LIMIT 6")
    assert found["smiles"].tolist() == table["smiles"].tolist() and list(found) == list(table)
    rows = list(read_rows(out, values=True))
    assert [row.values["id"] for row in rows] == [f"attempt{number}" for number in found["attempt"]]
    least = library.pick(6, "score", score="SA", ascending=True, jobs=1)
    assert (
        least["SA"].is_monotonic_increasing
        and least["SA"].iloc[0] == library.query("SELECT min(SA) AS m FROM molecules")["m"][0]
    )


@pytest.mark.slow
def test_apart_and_diverse(library: Library) -> None:
    found = library.pick(10, "score", score="QED", apart_by=0.8, jobs=1)["smiles"].tolist()
    assert max(similarity(a, b) for a in found for b in found if a != b) <= 0.2
    everything = library.pick(10**6, apart_by=0, jobs=1)["smiles"]
    assert len(everything) == len(set(everything)) == len(library)
    spread = library.pick(8, jobs=1)["smiles"].tolist()
    assert len(set(spread)) == 8 and library.pick(8, jobs=1)["smiles"].tolist() == spread
    assert len(set(library.pick(8, "cluster", jobs=1)["smiles"])) == 8


def test_near_given_molecules(library: Library, tmp_path: Path) -> None:
    known = tmp_path / "active.smi"
    some = library.query("SELECT smiles FROM molecules WHERE rings = 1 ORDER BY attempt LIMIT 2")["smiles"].tolist()
    known.write_text("\n".join(some))
    found = library.pick(1000, near=known, within=0.7, jobs=1)
    everything = library.query("SELECT smiles FROM molecules")["smiles"]
    with pytest.raises(UsageError, match="no molecule of the library meets"):
        library.pick(3, near=known, within=0.7, where="QED > 2", jobs=1)
    expected = {text for text in everything if max(similarity(text, one) for one in some) >= 0.3}
    assert set(found["smiles"]) == expected and set(some) <= expected and len(expected) < len(everything)
    for text, value in zip(found["smiles"], found["near"], strict=True):
        assert value == pytest.approx(max(similarity(text, one) for one in some), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("within", [0.85, 0.95, 0.96])
def test_molecules_at_exactly_the_distance_are_near(library: Library, tmp_path: Path, within: float) -> None:
    everything = library.query("SELECT smiles FROM molecules")["smiles"].tolist()
    tied = ((a, b) for a in everything for b in everything if exact(a, b) == Fraction(str(within)))
    known, other = next(tied)
    (tmp_path / "active.smi").write_text(known)
    found = library.pick(1000, near=tmp_path / "active.smi", within=within, jobs=1)["smiles"].tolist()
    assert other in found and set(found) == {one for one in everything if exact(known, one) <= Fraction(str(within))}


def exact(first: str, second: str) -> Fraction:
    one, other = (MORGAN.GetFingerprint(Chem.MolFromSmiles(text)) for text in (first, second))
    return 1 - Fraction((one & other).GetNumOnBits(), (one | other).GetNumOnBits())


def test_given_molecules_that_cannot_be_used_are_named(library: Library, tmp_path: Path) -> None:
    known = tmp_path / "active.csv"
    known.write_text("smiles\nCCO\nC1CC\n")
    with pytest.warns(LeftOutWarning, match="^active.csv: 1 of 2 left out as unparsable; first: line 3, "):
        assert len(library.pick(2, near=known, within=1, jobs=1)) == 2
    known.write_text("smiles\nC1CC\n")
    with pytest.raises(MolgenError, match=r"nothing in active\.csv can be used: 1 read, skipped: unparsable 1"):
        library.pick(2, near=known, within=1, jobs=1)


def crashing(smiles: str) -> bytes:
    if smiles == "CCO":
        os._exit(3)
    return b"\0" * 128


def test_a_molecule_without_a_fingerprint_is_named(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "active.smi"
    known.write_text("CCN\nCCO\n")
    monkeypatch.setattr(pick, "_print", crashing)
    with pytest.raises(MolgenError, match=r"no fingerprint of CCO, which crashed its process .*: leave this molecule"):
        library.pick(2, near=known, within=1, jobs=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "score"}, "name of a column"),
        ({"method": "score", "score": "zzz"}, "no column 'zzz'"),
        ({"method": "cluster", "apart_by": 0.5}, "not with clusters"),
        ({"near": "x.smi"}, "within the largest distance"),
        ({"near": "nowhere.smi", "within": 0.4}, "no file"),
        ({"apart_by": 1.5}, "from 0 to 1"),
        ({"where": "QED > 2"}, "no molecule"),
        ({"ascending": True}, "ascending goes with a score"),
        ({"ascending": True, "method": "cluster"}, "ascending goes with a score"),
        ({"where": "qedd > 2"}, "unknown column"),
        ({"n": 0}, "at least 1"),
        ({"n": 2.5}, "number of molecules must be a whole number"),
        ({"method": "nonsense"}, "no method 'nonsense'; there are diverse, cluster, score"),
        ({"out": "x.doc"}, "cannot write"),
    ],
)
def test_what_cannot_be_picked_is_refused(library: Library, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        library.pick(**{"n": 3, "jobs": 1, **arguments})
