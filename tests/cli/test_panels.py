"""Help in groups: every option and verb stands in one, and what a group names exists."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from molgen.cli.main import app
from molgen.models.registry import FAMILIES
from tests.conftest import Run


def sections(text: str) -> dict[str, str]:
    """The text of each group of a help page."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(" ") and line.endswith(":"):
            current = found.setdefault(line[:-1], [])
        elif found:
            current.append(line)
    return {title: "\n".join(lines) for title, lines in found.items()}


@pytest.mark.parametrize("verb", [("generate",), ("evaluate",), ("view",), ("train", "graph")])
def test_every_option_has_a_group(molgen: Run, verb: tuple[str, ...]) -> None:
    found = sections(molgen(*verb, "--help").stdout)
    assert len(found) >= 4
    assert found["Options"].split() == ["-h,", "--help", "Show", "this", "message", "and", "exit."]
    command: Any = typer.main.get_command(app)
    for name in verb:
        command = command.commands[name]
    for param in command.params:
        if param.param_type_name == "option":
            assert any(f"{param.opts[-1]} " in text for text in found.values()), param.name


def test_every_verb_and_family_has_a_group_and_a_whole_sentence(molgen: Run) -> None:
    root = molgen("--help").stdout
    assert "Commands" not in sections(root) and "..." not in "".join(sections(root).values())
    train = molgen("train", "--help").stdout
    found = sections(train)
    assert "Commands" not in found and "begin with graph-autoregressive" in train
    assert "graph-any-order" not in train, "a former name"
    for family in FAMILIES.values():
        where = (
            found["Ordinary text"]
            if not family.molecules
            else found["Molecules as graphs"] + found["Molecules as SMILES"]
        )
        assert f"  {family.name} " in where
        assert " ".join(family.summary.split()) in " ".join(where.split())


def test_brackets_in_help_are_text(molgen: Run) -> None:
    assert "[default: 0]" in molgen("generate", "--help").stdout


def test_a_wrong_option_is_refused_without_boxes(molgen: Run) -> None:
    wrong = molgen("generate", "--modle", "x", code=2).stderr
    assert "No such option: --modle" in wrong and "│" not in wrong
