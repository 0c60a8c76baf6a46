"""Locks, so that of several processes one works in a folder at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from molgen.errors import MolgenError


@contextmanager
def held(file: Path, busy: str) -> Iterator[None]:
    """Hold a lock as long as the block lasts.

    Args:
        file: of the lock, in a folder that exists.
        busy: message where another process holds it.

    Raises:
        MolgenError: another process holds it, or it cannot be written.
    """
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise MolgenError(busy) from None
    except OSError as error:
        raise MolgenError(f"cannot write {file.parent}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from making `path` at the same time; on a file system without locks, do nothing."""
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except NotImplementedError:
        pass
    except OSError as error:
        raise MolgenError(f"cannot write {path}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()
