from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import pytest

from molgen.errors import MolgenError
from molgen.scoring import Scorer, load_score
from molgen.scoring.calling import call_score
from molgen.system.signals import Ended

BROKEN = """
import json

def inner(text):
    return json.loads(text)

def f(smiles):
    return [inner(text) for text in smiles]
"""


def function_of(folder: Path, body: str) -> Path:
    (folder / "fn.py").write_text(body)
    path = folder / "score.toml"
    path.write_text('[[terms]]\ntype = "function"\nfunction = "fn:f"\n')
    return path


@pytest.mark.parametrize(("code", "said"), ((3, "SystemExit(3)"), ("no licence", "SystemExit('no licence')")))
def test_a_score_that_ends_the_program_has_failed(code: int | str, said: str) -> None:
    def leaving(smiles: list[str]) -> NoReturn:
        sys.exit(code)

    with pytest.raises(MolgenError) as found:
        Scorer(leaving)(["C"])
    assert str(found.value).startswith(f"the score failed: {said} (") and __file__ in str(found.value)


@pytest.mark.parametrize("error", (KeyboardInterrupt(), Ended(15)))
def test_what_ends_the_program_from_outside_is_no_failure_of_the_score(error: BaseException) -> None:
    def interrupted(smiles: list[str]) -> NoReturn:
        raise error

    with pytest.raises(type(error)):
        call_score(interrupted, ["C"])


def test_the_last_line_of_the_users_own_code_is_named_and_the_error_is_chained(tmp_path: Path) -> None:
    score = load_score(function_of(tmp_path, BROKEN))
    with pytest.raises(MolgenError) as found:
        score(["C"])
    assert str(found.value).endswith(f"({tmp_path / 'fn.py'}, line 5)") and "JSONDecodeError" in str(found.value)
    assert isinstance(found.value.__cause__, ValueError) and "\n" not in str(found.value)


def test_an_error_without_code_of_the_user_has_no_place() -> None:
    with pytest.raises(MolgenError, match=r"^the score failed: TypeError: 'ellipsis' object is not callable$"):
        call_score(..., ["C"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "message"),
    (
        ("import sys\nsys.exit(2)\n", "cannot import fn:f: SystemExit(2) ({file}, line 2)"),
        ("x = 1\nlimit = none\n", "cannot import fn:f: NameError: name 'none' is not defined ({file}, line 2)"),
        ("def score_all(smiles):\n    return []\n", "{file} has no 'f'; there are score_all"),
        ("def ff(smiles):\n    return []\n", "{file} has no 'f'; did you mean ff? There are ff"),
    ),
)
def test_a_module_without_the_function_is_refused_by_its_file(tmp_path: Path, body: str, message: str) -> None:
    path = function_of(tmp_path, body)
    with pytest.raises(MolgenError) as found:
        load_score(path)
    assert str(found.value).endswith(message.format(file=tmp_path / "fn.py"))
