"""Disks that are full, names that no disk takes, places that are none: one line, and what was saved before stays."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import molgen as package
from molgen.errors import MolgenError
from tests.conftest import Run

SMALL = "[network]\nwidth = 64\nlayers = 2\nheads = 2\n[optimiser]\nsteps = 2\nbatch_size = 16\nsampled_molecules = 0\n"


@contextmanager
def no_large_files() -> Iterator[None]:
    """As on a full disk, no file can grow beyond 200 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def one_line(error: str) -> str:
    """What the program said last; no traceback."""
    assert "Traceback" not in error, error
    lines = [line for line in error.splitlines() if line.startswith("molgen: ")]
    assert len(lines) == 1, error
    return lines[0]


def test_names_and_places_that_cannot_be(molgen: Run, smiles_file: Path, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    for arguments in (
        ("generate", "-n", 1, "--model", "qm9-text", "-o", f"{long}.smi"),
        ("train", "text", "--data", smiles_file, "--out", long, "--steps", 1),
        ("view", smiles_file, "-o", f"{long}.png"),
        ("generate", "-n", 1, "--model", long),
    ):
        assert "too long" in one_line(molgen(*arguments, code=1).stderr)
    said = molgen("generate", "-n", 1, "--model", "qm9-text", "--device", "meta", code=2).stderr
    assert "cannot use the device 'meta'" in one_line(said)


def test_a_full_disk_ends_training_in_one_line_and_what_was_saved_stays(
    molgen: Run, smiles_file: Path, tmp_path: Path
) -> None:
    config, run = tmp_path / "small.toml", tmp_path / "run"
    config.write_text(SMALL)
    molgen("train", "autoregressive", "--data", smiles_file, "--out", run, "--config", config)
    before = {file: file.read_bytes() for file in (run / "last.ckpt", run / "model" / "model.safetensors")}

    with no_large_files():
        said = one_line(molgen("train", "autoregressive", "--out", run, "--resume", "--steps", 4, code=1).stderr)
    assert "cannot write" in said and "last.ckpt" in said
    assert {file: file.read_bytes() for file in before} == before
    assert not list(run.glob(".*partial*"))
    assert package.load(run / "model")
    molgen("train", "autoregressive", "--out", run, "--resume", "--steps", 4)


def test_a_model_that_does_not_fit_on_the_disk(tmp_path: Path) -> None:
    model = package.load("qm9-ar")
    with no_large_files(), pytest.raises(MolgenError, match="cannot write"):
        model.save_pretrained(tmp_path / "copy")
    assert not list(tmp_path.iterdir())
