"""Beginning a library: its folder with all but the molecules."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from molgen.datasets.splits import TRAIN
from molgen.errors import LeftOutWarning, UsageError
from molgen.evaluation import find_reference
from molgen.library.excluded import write_excluded
from molgen.library.manifest import SHARDS, Folder, Manifest, now
from molgen.library.settings import Settings, versions
from molgen.library.shard import NEAREST_FILE
from molgen.system.files import whole_folder
from molgen.system.progress import Stage, stages


def check_free(path: Path) -> None:
    """Refuse a folder in which no library can be begun.

    Raises:
        UsageError: it is a library, is not empty, or is no folder.
    """
    if Folder(path).exists:
        raise UsageError(f"{path} is a library; go on with it (--resume), or choose another folder")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} is not empty and no library; choose another folder")


def begin(
    path: Path, n: int, settings: Settings, excluded: Sequence[str | Path], jobs: int | None, shown: bool = False
) -> None:
    """Write a library without molecules.

    Args:
        path: of its folder, new or empty.
        n: molecules to keep.
        settings: of the library.
        excluded: files of molecules and libraries, whose molecules are left out.
        jobs: processes.
        shown: a bar while molecules to compare with are prepared.

    Raises:
        UsageError: another process has begun a library in the folder meanwhile, or see `check_free`.
        MolgenError: a file cannot be read, or the disk is full.

    Warns:
        LeftOutWarning: of molecules that cannot be used.
    """
    target = path.resolve()  # a link to an empty folder stays
    with suppress(OSError):  # where it is not empty any more, it is refused below
        target.rmdir()
    try:
        with whole_folder(target) as temporary, stages(shown, "library") as show:
            _write(Folder(temporary), n, settings, excluded, jobs, show)
    except UsageError:
        check_free(path)
        raise


def _write(
    folder: Folder, n: int, settings: Settings, excluded: Sequence[str | Path], jobs: int | None, show: Stage
) -> None:
    (folder.path / SHARDS).mkdir()
    if settings.nearest is not None:
        _write_nearest(folder.path / NEAREST_FILE, settings.nearest, jobs, show)
    if excluded:
        show("reading molecules to exclude", 0)
    counts, unusable = write_excluded(folder, excluded, jobs) if excluded else ({}, {})
    folder.write_manifest(
        Manifest(settings=settings, requested=n, excluded=counts, unusable=unusable, versions=versions(), created=now())
    )


def _write_nearest(file: Path, name: str, jobs: int | None, show: Stage) -> None:
    reference = find_reference(name, jobs=jobs)
    for note in reference.notes:
        warnings.warn(note, LeftOutWarning, stacklevel=2)
    reference.prepare(TRAIN, ["morgan"], jobs, show)
    np.save(file, reference.bits(TRAIN, "morgan"), allow_pickle=False)
