"""A missing package is one line with a command for a clone and one for an installed molgen."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from molgen.dialogue import metrics
from molgen.errors import UsageError
from molgen.system.extras import missing_extra

ROOT = Path(__file__).parents[3]


def test_both_commands_name_an_extra_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nltk.translate.bleu_score", None)
    with pytest.raises(UsageError) as refused:
        metrics.bleu([["a"]], ["a"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = str(refused.value)
    assert "pip install -e '.[dialogue]'" in said and f"pip install '{project['name']}[dialogue]'" in said
    assert "dialogue" in project["optional-dependencies"]
    assert said == str(missing_extra("BLEU", "dialogue")) and "\n" not in said
