"""What the README, the pages of docs/ and the cards tell users to type is accepted; the cheap part of it runs."""

from __future__ import annotations

import re
import shlex
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from rdkit import Chem

from molgen.cli.main import app
from molgen.comparison.plan import read_plan
from molgen.models.directory import shipped_models
from molgen.models.registry import FAMILIES
from molgen.system.shipped import DEFAULT_MODEL
from molgen.training.config import read_config
from tests.conftest import Run

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / "README.md", ROOT / "benchmarks" / "prior" / "README.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "data" / "models").glob("*/README.md"),
    ],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SUITES = {"moses", "guacamol", "graph", "medchem", "all"}
EXPENSIVE = 20
"""Molecules beyond which a command is not run here."""


def blocks(page: Path, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(page.read_text()) if name == language]


def commands(page: Path) -> list[list[str]]:
    """The lines of shell blocks, without comments, as lists of words."""
    lines = [line for body in blocks(page, "") for line in body.replace("\\\n", " ").splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def molgen_commands(page: Path) -> list[list[str]]:
    """Arguments of `molgen` in shell blocks, and in lines of text that quote a command with an option."""
    found = [words[1:] for words in commands(page) if words[0] == "molgen"]
    text = FENCE.sub("", page.read_text())
    return found + [shlex.split(line) for line in re.findall(r"`molgen ([^`]+ -[^`]+)`", text)]


@cache
def root_command() -> Any:
    return typer.main.get_command(app)


def parse(args: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Verbs and parameters of a command line, parsed and not run."""
    context, verbs = root_command().make_context("molgen", list(args)), []
    command = root_command()
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        verbs.append(name)
        context = command.make_context(name, rest, parent=context)
    return verbs, context.params


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_parse(page: Path) -> None:
    for args in molgen_commands(page):
        _, params = parse(args)
        model = str(params.get("model") or DEFAULT_MODEL)
        there = model in shipped_models() or (ROOT / model / "config.json").is_file()
        assert there or "/model" in model, f"{page.name}: no model {model}"
        assert set(params.get("suite") or ()) <= SUITES, f"{page.name}: {args}"
        config = params.get("config")
        assert config is None or not str(config).startswith("docs/") or (ROOT / config).is_file(), args
        for name in ("data", "reference", "init_from"):
            value = params.get(name)
            assert value is None or value in ("qm9", "moses", *shipped_models()) or "." in value or "/" in value, args


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_other_programs_and_links_exist(page: Path) -> None:
    for words in commands(page):
        if words[0] == "python":
            assert (ROOT / words[1]).is_file(), words
        if words[0] == "make":
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text(), words
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("http") or (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("args", (["generate", "--modle", "qm9-graph"], ["train", "grahp", "--out", "x"], ["vieww"]))
def test_a_wrong_command_would_be_found(args: list[str]) -> None:
    with pytest.raises(Exception, match=r"[Nn]o such"):
        parse(args)


def test_plans_and_settings_are_accepted(tmp_path: Path) -> None:
    for plan in (ROOT / "docs" / "results").glob("*.toml"):
        read_plan(plan)
    for page in PAGES:
        for body in blocks(page, "toml"):
            tomllib.loads(body)
    file = tmp_path / "defaults.toml"
    everything = next(body for body in blocks(ROOT / "docs" / "train.md", "toml") if "[data.split]" in body)
    file.write_text(everything)
    assert read_config(file, {}, "graph") == read_config(None, {}, "graph")


PAGE_OF_SETTINGS = ROOT / "docs" / "train.md"
BLOCKS_OF_FAMILY = {
    "graph": "[data.split]",
    "graph-autoregressive": "[data.split] [tokens] orders",
    "any-order": "[data.split] [tokens]",
    "text": "[data.split] [tokens]",
    "autoregressive": "[data.split] [tokens]",
    "continuous": "[data.split] [tokens]",
    "dialogue": "[data.split] [tokens] stream:",
    "stream": "[data.split] [tokens] stream:",
}
"""Words that mark the blocks of settings which hold for a family; what a later block states counts."""

FILLED_IN = {("family",), ("parent",), ("data", "fingerprint")}
"""Fields that the trainer writes."""


def flat(tables: dict[str, Any], *above: str) -> dict[tuple[str, ...], Any]:
    """Values by table and key."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in tables.items():
        inside = isinstance(value, dict) and key != "orders"
        found |= flat(value, *above, key) if inside else {(*above, key): value}
    return found


def documented(mark: str) -> dict[tuple[str, ...], Any]:
    """Settings of the block that has a mark; those that are commented out have no value by default."""
    body = next(body for body in blocks(PAGE_OF_SETTINGS, "toml") if mark in body)
    found, table = flat(tomllib.loads(body)), ()
    for line in body.splitlines():
        if heading := re.match(r"\[([\w.]+)\]", line):
            table = tuple(heading[1].split("."))
        if unset := re.match(r"# (\w+) = ", line):
            found[*table, unset[1]] = None
    return found


def settings(family: str) -> dict[tuple[str, ...], Any]:
    """All settings of a family with their defaults."""
    given = {"data": {"name": "chatterbot"}} if family == "stream" else {}  # it has no default
    found = flat(read_config(None, given, family).model_dump(mode="json"))
    return {key: value for key, value in found.items() if key not in FILLED_IN}


@pytest.mark.parametrize("family", BLOCKS_OF_FAMILY)
def test_every_setting_is_documented_with_its_default(family: str) -> None:
    stated: dict[tuple[str, ...], Any] = {}
    for mark in BLOCKS_OF_FAMILY[family].split():
        stated |= documented(mark)
    expected = settings(family)
    assert {key: stated.get(key, "missing") for key in expected} == expected


def test_every_documented_setting_exists() -> None:
    known = set().union(*map(settings, BLOCKS_OF_FAMILY))
    assert set(BLOCKS_OF_FAMILY) == set(FAMILIES)
    for mark in ("[data.split]", "[tokens]", "orders", "stream:"):
        assert documented(mark).keys() <= known


def cheap(args: list[str]) -> bool:
    """Whether a command takes some seconds and no reference data."""
    verbs, params = parse(args)
    if verbs == ["data", "list"]:
        return True
    if verbs == ["finetune"]:
        return not params["resume"]
    if verbs == ["view"] or verbs == ["evaluate"]:
        return params["reference"] is None
    return verbs == ["generate"] and params["attempts"] is None and (params["n"] or 99) <= EXPENSIVE


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", sorted({shlex.join(args) for page in PAGES for args in molgen_commands(page) if cheap(args)})
)
def test_command_runs(line: str, molgen: Run, smiles: list[str], tmp_path: Path) -> None:
    args = shlex.split(line)
    _, params = parse(args)
    for file in [params.get("file"), params.get("molecules"), *params.get("files", ())]:
        if file is not None:
            rows = smiles[:EXPENSIVE]
            header = ["smiles"] if Path(file).suffix == ".csv" else []
            (tmp_path / file).write_text("\n".join([*header, *rows]) + "\n")
    if args[0] == "finetune":
        args += ["--steps", "2"]
    result = molgen(*args, cwd=tmp_path)
    out = params.get("out") or ()
    outputs = out if isinstance(out, (list, tuple)) else [out]
    assert all((tmp_path / path).stat().st_size > 0 for path in outputs)
    if args[0] == "generate" and not outputs:
        written = result.stdout.split()
        assert len(written) == params["n"] and all(Chem.MolFromSmiles(text) for text in written)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for body in blocks(page, "python"):
        exec(compile(body, page.name, "exec"), {"__name__": "documented"})
