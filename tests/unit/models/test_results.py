"""What sampling gives back can be sliced, shown, tabulated and saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.errors import UsageError
from molgen.io import read_smiles
from molgen.models.results import Attempt, Attempts, Generated

DRAWN = [Attempt("CCO", 3), Attempt(None, 5), Attempt("CCO", 4), Attempt("CCN", 2), Attempt("C", 1), Attempt("N", 9)]


def _attempts() -> Attempts:
    found = Attempts()
    found.add(DRAWN[:4])
    found.add(DRAWN[4:])
    return found


def _generated() -> Generated:
    found = Generated(requested=3)
    found.add(DRAWN[:3])
    found.add(DRAWN[3:])
    return found


def test_attempts_keep_everything() -> None:
    found = _attempts()
    assert found.smiles == list(found) == ["CCO", "", "CCO", "CCN", "C", "N"]
    assert (len(found), found.attempted, found.calls) == (6, 6, 4)
    assert isinstance(found[:2], Attempts) and found[:2].calls == 4 and found[1:2].calls == 5
    assert found[:6] == found != found[:5]
    assert str(found) == "attempted 6 (raw: nothing filtered)  network calls 4 each"


def test_generated_keeps_different_valid_molecules_until_there_are_enough() -> None:
    found = _generated()
    assert found.smiles == list(found) == ["CCO", "CCN", "C"]
    assert found.counts() == {"requested": 3, "attempted": 5, "valid": 4, "unique": 3, "kept": 3}
    assert found.calls == 3 and found[0] == "CCO" and found[-1] == "C"
    part = found[1:]
    assert isinstance(part, Generated) and part.smiles == ["CCN", "C"] and part.attempted == 5
    assert str(found).startswith("requested 3  attempted 5  valid 4  unique 3  kept 3  network calls 3 each")


@pytest.mark.parametrize("found", [_attempts(), _generated()])
def test_representations_are_short(found: Attempts | Generated) -> None:
    long = type(found)(smiles=["C" * 10] * 100_000)
    assert len(repr(long)) < 300 and repr(long).startswith(f"{type(found).__name__}(")
    assert "'CCO'" in repr(found)
    assert "<table" in found._repr_html_() and len(long._repr_html_()) < 3000


@pytest.mark.parametrize("suffix", [".smi", ".csv", ".parquet", ".smi.gz"])
def test_what_is_saved_is_read_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"library{suffix}"
    _generated().save(str(path))
    assert [text for _, text in read_smiles(path)] == _generated().smiles
    with pytest.raises(UsageError, match="exists"):
        _generated().save(path)
    _generated().save(path, overwrite=True)


def test_tables() -> None:
    assert _attempts().to_pandas()["smiles"].tolist() == _attempts().smiles


@pytest.mark.parametrize("found", [_attempts(), _generated()])
def test_a_slice_keeps_the_ids_of_its_molecules(found: Attempts | Generated) -> None:
    whole = found.to_pandas()
    for chosen in (slice(1, None), slice(None, None, -2), slice(-1, None)):
        assert found[chosen].to_pandas().equals(whole[chosen].reset_index(drop=True))
    assert found[1:][1:].to_pandas()["id"].tolist() == whole["id"].tolist()[2:]


def test_properties_are_columns_and_the_likelihood_is_the_models(tmp_path: Path) -> None:
    found = Generated(
        requested=3, likelihood=lambda smiles: [float(len(text)) for text in smiles[:-1]] + [float("nan")]
    )
    found.add(DRAWN)
    table = found.to_pandas(properties=True)
    assert table["nll"].tolist()[:2] == [3, 3] and table["nll"].isna()[2]
    assert table["heavy_atoms"].tolist() == [3, 3, 1] and "nll" not in _attempts().to_pandas(properties=True)
    found.save(tmp_path / "library.sdf", properties=True)
    text = (tmp_path / "library.sdf").read_text()
    assert text.startswith("mol000001\n") and text.count("<TPSA>") == 3 and text.count("<nll>") == 2
    with pytest.raises(UsageError, match="no place for properties"):
        found.save(tmp_path / "library.smi", properties=True)
