"""The user's cache folder, and files and folders that are written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import tomllib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from molgen.errors import MolgenError, UsageError
from molgen.system.locks import locked


def cache_root() -> Path:
    """The cache folder: ``$MOLGEN_CACHE``, or the platform's place for user caches."""
    override = os.environ.get("MOLGEN_CACHE")
    return Path(override) if override else user_cache_path("molgen")


def _unfinished(path: Path) -> str:
    """Name, without an end, under which this process writes a path; other machines may share its folder."""
    return f".{zlib.crc32(platform.node().encode()):08x}-{os.getpid()}.partial.{path.name}"


def remove_stale(path: Path) -> None:
    """Remove what killed processes of this machine have left unfinished of a path.

    Only names that `whole_file`, `whole_folder` and `make_once` use for this path are looked at. What running processes
    write stays, as does what other machines do. Where this cannot be done, nothing happens.
    """
    machine = re.escape(_unfinished(path).split("-")[0])
    name = re.compile(rf"{machine}-(\d+)\.partial\.{re.escape(path.name)}(\.[a-z0-9_]{{8}})?")
    with suppress(OSError):
        for file in path.parent.iterdir():
            found = name.fullmatch(file.name)
            if found is None or _is_running(int(found[1])):
                continue
            _remove(file)


def _is_running(process: int) -> bool:
    """Whether there is a process of this number; true where that cannot be known."""
    if os.name != "posix":  # where signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@contextmanager
def passing(path: Path) -> Iterator[Path]:
    """A path that nothing is at when the block has ended, whether a file, a folder or nothing was made there.

    Its name is known before it is made, and it is removed twice: a signal whose handler raises may come at any moment,
    also while it is being made or removed.
    """
    try:
        try:
            yield path
        finally:
            _remove(path)
    finally:
        _remove(path)


@contextmanager
def passing_folder(parent: Path | None = None, name: str = "molgen") -> Iterator[Path]:
    """An empty folder of a new name, which is gone when the block has ended.

    Args:
        parent: in which it is made; by default the system's folder for such things.
        name: with which its name begins.

    Raises:
        OSError: it cannot be made.
    """
    with passing((parent or Path(tempfile.gettempdir())) / f"{name}.{secrets.token_hex(4)}") as folder:
        folder.mkdir(mode=0o700)
        yield folder


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def whole_file(path: Path, overwrite: bool = True) -> Iterator[Path]:
    """A temporary path beside `path`, with the same suffixes, renamed to it if the block ends without error.

    What killed processes have left unfinished of `path` is removed.

    Raises:
        UsageError: `path` exists and `overwrite` is false, or its folder does not exist.
        MolgenError: it cannot be written (disk full, no permission).
    """
    check_writable(path, overwrite)
    remove_stale(path)
    with passing(path.with_name(_unfinished(path))) as temporary:
        try:
            yield temporary
            temporary.replace(path)
        except OSError as error:
            raise MolgenError(f"cannot write {path}: {error.strerror or error}") from None


def check_replaceable(path: Path, overwrite: bool, mark: str) -> None:
    """Refuse to put a folder in the place of what a user may miss.

    Args:
        path: where the folder will be.
        overwrite: whether one of its kind may be replaced.
        mark: name of a file that all of its kind hold.

    Raises:
        UsageError: something is there, and may not be overwritten or is neither of this kind nor an empty folder.
    """
    if not path.exists():
        return
    if not overwrite:
        raise UsageError(f"{path} exists; choose another name or pass --overwrite")
    if not path.is_dir() or (any(path.iterdir()) and not (mark and (path / mark).exists())):
        raise UsageError(f"{path} holds something else than what would be written there; choose another name")


@contextmanager
def whole_folder(path: Path, overwrite: bool = False, mark: str = "") -> Iterator[Path]:
    """A temporary folder beside `path`, renamed to it if the block ends without error.

    What killed processes have left unfinished of `path` is removed.

    Args:
        path: of the folder.
        overwrite: replace a folder of the same kind.
        mark: see `check_replaceable`; needed to overwrite.

    Raises:
        UsageError: as `check_replaceable`, or another process has made `path` during the block.
        MolgenError: it cannot be written.
    """
    check_replaceable(path, overwrite, mark)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path)
        with passing_folder(path.parent, _unfinished(path)) as temporary:
            temporary.chmod(0o755)
            yield temporary
            if overwrite and path.exists():
                _replace(path, temporary)
            else:
                _rename_to_free(temporary, path)
    except OSError as error:
        raise MolgenError(f"cannot write {path}: {error.strerror or error}") from None


def _replace(path: Path, folder: Path) -> None:
    """Put a folder in the place of another; only a kill between two renames can leave nothing there."""
    with passing(path.with_name(f"{_unfinished(path)}.replaced")) as former:
        try:
            path.replace(former)
            folder.replace(path)
        finally:
            if not path.exists():
                former.replace(path)


def _rename_to_free(folder: Path, path: Path) -> None:
    """Rename a folder to a path where nothing is; the system refuses it in one step where something is."""
    try:
        folder.replace(path)
    except OSError:
        if path.exists():
            raise UsageError(f"{path} exists; choose another name or pass --overwrite") from None
        raise


def make_once(path: Path, last: str, make: Callable[[Path], None]) -> None:
    """Make a folder of the cache, unless it is there and whole. Of several processes one makes it, the others wait.

    A whole folder is never replaced, so that who reads it is not disturbed; where there are no locks, the first one
    that is finished wins.

    Args:
        path: of the folder.
        last: the file in it that is written last, by which a whole folder is known.
        make: fills an empty folder.

    Raises:
        MolgenError: it cannot be written.
    """
    if (path / last).is_file():
        return
    with locked(path):
        if (path / last).is_file():
            return
        remove_stale(path)
        try:
            with passing_folder(path.parent, _unfinished(path)) as scratch:
                made = scratch / path.name
                made.mkdir()
                make(made)
                _put(made, path, last)
        except OSError as error:
            raise MolgenError(f"cannot write {path}: {error.strerror or error}") from None


def _put(made: Path, path: Path, last: str) -> None:
    """Rename a folder to a path where nothing whole is."""
    try:
        if path.exists() and not (path / last).is_file():
            shutil.rmtree(path)
        made.replace(path)
    except OSError:
        if not (path / last).is_file():
            raise


def as_path(value: str | os.PathLike[str]) -> Path:
    """A path that was handed over.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(value, str | os.PathLike):
        return Path(value)
    raise UsageError(f"a path is wanted, such as 'molecules.csv', not {value!r}")


def check_writable(path: Path, overwrite: bool) -> None:
    """Check that an output can be written, before any work.

    Raises:
        UsageError: it exists and may not be overwritten, is a folder, or its folder is missing.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists; choose another name or pass --overwrite")
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} does not exist; create it first")


def check_regular(path: Path) -> None:
    """Check that a path is an ordinary file: to read a pipe or a device may never end.

    Raises:
        MolgenError: it is none.
    """
    if not path.is_file():
        what = "is no ordinary file" if path.exists() else "is missing"
        raise MolgenError(f"{path} {what}")


def read_toml(path: Path) -> dict[str, Any]:
    """Contents of a TOML file.

    Raises:
        UsageError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}") from None


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        MolgenError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MolgenError(f"cannot read {path}: {error.strerror or error}") from None
