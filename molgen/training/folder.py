"""The folder of a training run: what is in it, and how it is begun, read and continued."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import tomli_w
import torch

from molgen.errors import MolgenError, UsageError
from molgen.io import write_molecules
from molgen.models.recipe import Recipe
from molgen.system.files import whole_file
from molgen.training.config import read_config

CONFIG_FILE, CHECKPOINT_FILE, MOLECULES_FILE = "config.toml", "last.ckpt", "molecules.csv"


@contextmanager
def keep_molecules(molecules: Iterable[str] | None, run: Path) -> Iterator[Path | None]:
    """Molecules in a file of the run's folder, which goes again where the run does not begin."""
    if molecules is None:
        yield None
        return
    file = run / MOLECULES_FILE
    texts = list(molecules)
    _make_folder(run)
    try:
        write_molecules(file, texts, overwrite=True)
        yield file
    except BaseException:
        if not (run / CONFIG_FILE).exists():
            file.unlink(missing_ok=True)
            run.rmdir()
        raise


def read_run_config(run: Path, family: str | None = None, **length: object) -> Recipe:
    """The configuration a run was started with, made longer where ``steps`` or ``minutes`` is given.

    Raises:
        UsageError: `run` is not the folder of a run, or of one of another family.
    """
    if not (run / CONFIG_FILE).is_file():
        raise UsageError(f"{run} is not the folder of a training run: it has no {CONFIG_FILE}")
    return read_config(run / CONFIG_FILE, {"optimiser": length}, family)


def find_checkpoint(run: Path) -> Path:
    """What to resume from.

    Raises:
        UsageError: there is nothing.
    """
    checkpoint = run / CHECKPOINT_FILE
    if not checkpoint.is_file():
        raise UsageError(f"nothing to resume in {run}: there is no {CHECKPOINT_FILE}")
    return checkpoint


def check_free(run: Path) -> None:
    """Refuse a folder that holds something; other processes of the same run may have begun it.

    Raises:
        UsageError: it does, or it is a file.
    """
    if run.exists() and not run.is_dir():
        raise UsageError(f"{run} is a file; --out takes a folder")
    if run.exists() and any(run.iterdir()) and int(os.environ.get("LOCAL_RANK", 0)) == 0:
        raise UsageError(f"{run} is not empty; choose another folder, or continue it with --resume")


def begin_run(run: Path, config: Recipe) -> None:
    """Make the folder once nothing is known to be wrong, so that a refused run leaves nothing behind."""
    _make_folder(run)
    with whole_file(run / CONFIG_FILE) as temporary:
        temporary.write_text(tomli_w.dumps(config.model_dump(exclude_none=True)))


def _make_folder(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MolgenError(f"cannot make the folder {run}: {error.strerror}") from None


def read_step(checkpoint: Path) -> int:
    """Steps done when the checkpoint was written.

    Raises:
        MolgenError: it is damaged, or holds more than tensors and plain values.
    """
    try:
        return int(torch.load(checkpoint, weights_only=True, map_location="cpu")["global_step"])
    except Exception as error:  # torch raises many kinds for a damaged file
        raise MolgenError(f"cannot resume from {checkpoint}: {str(error).splitlines()[0]}") from None
