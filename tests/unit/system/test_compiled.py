"""Compiled functions run where their machine code cannot be kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import resource, sys
from molgen.system.compiled import compiled
if sys.argv[1] == "full":  # no file may grow
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

@compiled
def double(x):
    return 2 * x

print(double(21))
"""


@pytest.mark.slow
@pytest.mark.parametrize("disk", ["sound", "full", "read-only"])
def test_code_runs_whatever_the_disk(disk: str, tmp_path: Path) -> None:
    script, cache = tmp_path / "code" / "script.py", tmp_path / "cache"
    script.parent.mkdir()
    script.write_text(SCRIPT)
    where = "/proc/none" if disk == "read-only" else str(cache)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": where, "HOME": where, "XDG_CACHE_HOME": where}
    if disk == "read-only":
        (script.parent / "__pycache__").write_text("")  # no folder can be made there
    result = subprocess.run([sys.executable, str(script), disk], capture_output=True, text=True, env=env)
    assert result.stdout == "42\n", result.stderr
    assert bool(list(cache.rglob("*.nbi"))) == (disk == "sound")
