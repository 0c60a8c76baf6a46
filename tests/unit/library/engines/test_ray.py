"""Ray makes the same library as processes of this machine, byte for byte, also when it loses one."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from molgen.errors import MolgenError
from molgen.library import Library
from molgen.library.duplicates import find_duplicates
from molgen.library.engines import engine_named
from tests.unit.library.conftest import MODEL, Hashes
from tests.unit.library.test_duplicates import synthetic


def test_ray_that_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MolgenError, match=r"engine ray needs packages.*\[ray\]"):
        Library(tmp_path / "lib").build(5, model=MODEL, engine="ray")
    assert not (tmp_path / "lib").exists()


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_said(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.raises(MolgenError, match=r"Ray cannot be reached at 127.0.0.1:1") as caught:
        Library(tmp_path / "lib").build(5, model=MODEL, engine="ray", address="127.0.0.1:1")
    assert len(str(caught.value).splitlines()) == 1 and not (tmp_path / "lib").exists()


def command(process: psutil.Process) -> str:
    """The command line of a process, nothing where it has ended."""
    try:
        return "".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.mark.slow
def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    paths, _ = synthetic(tmp_path, 3000, 2000, 2)
    excluded = tmp_path / "excluded.parquet"
    pq.write_table(pa.table({"smiles": [f"C{i}" for i in range(3000)]}), excluded)
    whole = excluded.read_bytes()
    excluded.write_bytes(whole[:4] + b"\xff" * (len(whole) - 804) + whole[-800:])  # its end is sound
    with (
        engine_named("ray", 1) as engine,
        pytest.raises(MolgenError, match=r"excluded.parquet is damaged.*copy in its place") as caught,
    ):
        engine.duplicates(paths, [excluded], tmp_path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.slow
def test_the_same_bytes_with_a_process_killed(library: Library, hashes: Hashes, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    known = tmp_path / "known.smi"
    known.write_text("\n".join(library.query("SELECT smiles FROM molecules LIMIT 20")["smiles"]))
    same = {"model": MODEL, "seed": 5, "shard_attempts": 32, "exclude": known}
    killed = []

    def kill_one(kept: int, text: str) -> None:
        if killed:
            return
        workers = [one for one in psutil.Process().children(recursive=True) if "ray::_Actor" in command(one)]
        if workers:
            killed.append(workers[0])
            workers[0].kill()

    by_ray = Library(tmp_path / "ray").build(300, engine="ray", jobs=2, progress=kill_one, **same)
    assert killed
    here = Library(tmp_path / "local").build(300, jobs=1, progress=False, **same)
    assert hashes(by_ray) == hashes(here) and len(by_ray) == 300


@pytest.mark.slow
def test_the_shuffle_finds_what_the_database_finds(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    paths, table = synthetic(tmp_path, 3000, 2000, 70)
    excluded = [tmp_path / "excluded.parquet"]
    pq.write_table(pa.table({"smiles": sorted(set(table["smiles"]))[:100]}), excluded[0])
    with engine_named("ray", 2) as engine:
        engine.partition_rows = 400  # type: ignore[attr-defined]
        found = engine.duplicates(paths, excluded, tmp_path)
    expected = find_duplicates(paths, excluded)
    assert {name: numbers.tolist() for name, numbers in found.items()} == {
        name: numbers.tolist() for name, numbers in expected.items()
    }
    assert len(found["repeated"]) > 500 and len(found["excluded"]) >= 100
