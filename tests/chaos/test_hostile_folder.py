"""A folder with files named as modules: no process that molgen starts takes them for the real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [
    "pip",
    "zipfile",
    "multiprocessing",
    "signal",
    "pickle",
    "tokenize",
    "typing",
    "random",
    "numpy",
    "torch",
    "numba",
    "rdkit",
    "tempfile",
]

COMMANDS = """
import sys
from molgen.cli.main import main

for words in (
    "data info many.smi --jobs 2",
    "evaluate many.smi --only validity,uniqueness --jobs 2",
    "train autoregressive --data few.smi --out run --config config.toml",
    "data fetch moses",
):
    sys.argv = ["molgen", *words.split()]
    try:
        main()
    except SystemExit as end:
        print(words, end.code, file=sys.stderr)
"""
CONFIG = "[network]\nwidth = 16\nlayers = 1\nheads = 2\n[optimiser]\nsteps = 3\nworkers = 2\nsampled_molecules = 0\n"


@pytest.mark.slow
def test_workers_pip_and_training_read_nothing_from_the_folder(tmp_path: Path) -> None:
    """Python itself is started with ``-P``, as the script ``molgen`` is: the folder is not on its own path."""
    folder, witness = tmp_path / "hostile", tmp_path / "ran"
    folder.mkdir()
    for module in MODULES:
        (folder / f"{module}.py").write_text(f"open({str(witness)!r}, 'a').write({module!r})\nraise SystemExit(3)\n")
    few = [f"C{'C' * (n % 6)}{'ON'[n % 2]}C{'C' * (n // 6)}" for n in range(60)]
    (folder / "few.smi").write_text("\n".join(few) + "\n")
    (folder / "many.smi").write_text("\n".join(few * 200) + "\n")
    (folder / "config.toml").write_text(CONFIG)
    (tmp_path / "cache").mkdir()
    env = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    env |= {"PYTHONPATH": str(ROOT), "MOLGEN_CACHE": str(tmp_path / "cache"), "PIP_INDEX_URL": "http://127.0.0.1:9"}
    env |= {"PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    words = [sys.executable, "-P", "-c", COMMANDS]
    result = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=env)
    assert not witness.exists(), witness.read_text()
    assert "Traceback" not in result.stderr, result.stderr
    ended = [line for line in result.stderr.splitlines() if line[-2:] in (" 0", " 1")]
    assert "data fetch moses 1" in ended, result.stderr  # there is no network: pip itself ran and said so
    assert (folder / "run" / "model" / "model.safetensors").exists(), result.stderr
