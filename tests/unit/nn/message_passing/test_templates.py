"""Building a network leaves nothing in the temporary folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from molgen.nn.message_passing.templates import delete_templates

ROOT = Path(__file__).parents[4]


@pytest.mark.slow
def test_a_model_of_graphs_leaves_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    script = "import molgen; print(len(molgen.load('qm9-graph').attempts(2, steps=2, progress=False)))"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)
    assert shown.stdout == "2\n"
    assert not list(tmp_path.glob("*.py"))


def test_files_of_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    mine, other = tmp_path / "a.b_propagate_x.py", tmp_path / "sub" / "a.b_propagate.py"
    other.parent.mkdir()
    for number, file in enumerate((mine, other)):
        file.write_text("")
        module = type(sys)(f"a.b{'_c' * number}_propagate")
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    delete_templates()
    assert not mine.exists() and other.exists()
