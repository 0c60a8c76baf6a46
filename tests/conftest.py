"""Shared by all tests: a cache of their own, a small set of molecules, a tiny trained model."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import torch

from molgen.cli.main import main
from molgen.datasets import load_dataset
from molgen.datasets.qm9 import QM9_FILE
from molgen.io import read_smiles

FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(__file__).parents[2] / "shared" / "fixtures"

TINY_TOML = """
[network]
width = 32
pair_width = 8
layers = 2
heads = 2
triangle = 4

[optimiser]
steps = 40
batch_size = 64
warmup = 5
validation_molecules = 32
sampled_molecules = 8
"""


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache for this run of the tests alone; where several processes run them, it is common to all."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    base = tmp_path_factory.getbasetemp()
    os.environ["MOLGEN_CACHE"] = str((base if alone else base.parent) / "cache")
    torch.set_num_threads(2 if alone else 1)


@pytest.fixture(scope="session")
def smiles() -> list[str]:
    """600 molecules of QM9, spread over the whole set."""
    return [text for number, text in read_smiles(QM9_FILE) if number % 217 == 0][:600]


@pytest.fixture(scope="session")
def smiles_file(smiles: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "small.smi"
    path.write_text("\n".join(smiles) + "\n")
    return path


@pytest.fixture(scope="session")
def dataset(smiles_file: Path):  # type: ignore[no-untyped-def]
    return load_dataset(str(smiles_file))


Run = Callable[..., subprocess.CompletedProcess[str]]


def checked(result: subprocess.CompletedProcess[str], code: int) -> subprocess.CompletedProcess[str]:
    assert result.returncode == code, f"exit {result.returncode}\n{result.stdout}\n{result.stderr}"
    if code:
        assert "Traceback" not in result.stderr
    return result


@pytest.fixture(scope="session")
def molgen() -> Run:
    """Run the command line in this process, which spares the seconds that a new one needs to import everything."""

    def run(*args: object, code: int = 0, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        words = ["molgen", *map(str, args)]
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", words)
            for name, value in env.items():
                patch.setenv(name, value)
            if cwd is not None:
                patch.chdir(cwd)
            try:
                main()
                found: object = 0
            except SystemExit as end:
                found = end.code or 0
        shown = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        assert isinstance(found, int), found
        return checked(subprocess.CompletedProcess(words, found, *shown), code)

    return run


@pytest.fixture(scope="session")
def molgen_process() -> Run:
    """Run the command line in a process of its own, for what depends on that."""

    def run(*args: object, code: int = 0, given: str | None = None) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "molgen", *map(str, args)]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        return checked(subprocess.run(words, capture_output=True, text=True, env=env, timeout=300, input=given), code)

    return run


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "tiny.toml"
    path.write_text(TINY_TOML)
    return path


@pytest.fixture(scope="session")
def tiny_run(molgen: Run, smiles_file: Path, tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a short training run, made through the command line."""
    run = tmp_path_factory.mktemp("runs") / "tiny"
    molgen("train", "graph", "--data", smiles_file, "--out", run, "--config", tiny_config)
    return run


@pytest.fixture(scope="session")
def tiny_model(tiny_run: Path) -> Path:
    return tiny_run / "model"


TEXT_TOML = """
[network]
width = 32
layers = 2
heads = 4

[optimiser]
steps = 150
batch_size = 64
warmup = 5
learning_rate = 5e-3
validation_molecules = 32
sampled_molecules = 8
"""


@pytest.fixture(scope="session")
def tiny_text(molgen: Run, smiles_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model directory of a short text run; that of an autoregressive one stands beside it."""
    folder = tmp_path_factory.mktemp("text")
    config = folder / "config.toml"
    config.write_text(TEXT_TOML)
    for family, name in (("text", "text"), ("autoregressive", "ar")):
        molgen("train", family, "--data", smiles_file, "--out", folder / name, "--config", config)
    return folder / "text" / "model"
