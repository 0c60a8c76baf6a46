from __future__ import annotations

import math
import warnings
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas
import pytest

from molgen.errors import ConditionWarning, MolgenError, UsageError
from molgen.scoring import Score, Scorer, load_score
from molgen.scoring.calling import call_score
from molgen.scoring.file import score_records
from molgen.scoring.scorer import FEWEST

QED = {"type": "property", "property": "QED"}
ALCOHOL = {"type": "substructure", "smarts": "[OX2H]"}


def test_weights_count_in_every_combination() -> None:
    terms = [{**QED, "weight": 3}, ALCOHOL]
    qed = Score.of(terms=[QED])(["CCO"])[0]
    assert Score.of(combine="mean", terms=terms)(["CCO"])[0] == pytest.approx((3 * qed + 1) / 4)
    assert Score.of(combine="product", terms=terms)(["CCO"])[0] == pytest.approx(qed**3)
    assert Score.of(combine="geometric", terms=terms)(["CCO"])[0] == pytest.approx(qed**0.75)


def test_what_cannot_be_read_has_no_values_and_counts_as_nothing() -> None:
    score = Score.of(terms=[QED])
    assert math.isnan(score.table(["C1CC", "CC"])["QED"][0])
    assert score(["C1CC", "CC"])[0] == 0 < score(["CC"])[0]
    assert score([]) == []


def test_terms_with_one_name_have_columns_of_their_own() -> None:
    score = Score.of(terms=[QED, QED, {**QED, "name": "QED"}])
    assert score.names == ("QED", "QED_2", "QED_3")
    assert len(set(score.columns)) == 7 == len(score.table(["C"]))


@pytest.mark.parametrize("names", (["x", "x_score", "x"], ["QED", "QED_score", "QED_score_score"], ["a", "a", "a_2"]))
def test_no_column_takes_the_name_of_another(names: list[str]) -> None:
    columns = ("smiles", "id", *Score.of(terms=[{**QED, "name": name} for name in names]).columns)
    assert len(set(columns)) == 2 + 1 + 2 * len(names)


def test_functions_of_one_name_beside_two_files_are_two(tmp_path: Path) -> None:
    found = []
    for folder, value in (("a", 0.25), ("b", 0.75)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "json.py").write_text(f"def f(smiles):\n    return [{value}] * len(smiles)\n")
        (tmp_path / folder / "score.toml").write_text('[[terms]]\ntype = "function"\nfunction = "json:f"\n')
        found += load_score(tmp_path / folder / "score.toml")(["C"])
    assert found == [0.25, 0.75]


@pytest.mark.parametrize("function", ("mine:f", "mine.inner:f", "mine.deep.module:f", "outside.mine.inner:f"))
def test_a_package_beside_the_file_that_names_it_is_found(tmp_path: Path, function: str) -> None:
    found = []
    for folder, value in (("a", 0.25), ("b", 0.75)):
        package = tmp_path / folder / ("outside/mine" if "outside" in function else "mine")
        (package / "deep").mkdir(parents=True)
        (package / "__init__.py").write_text("from .inner import f\n")
        (package / "inner.py").write_text("from .deep.module import f\n")
        (package / "deep" / "__init__.py").write_text("from ..value import VALUE\n")
        (package / "value.py").write_text(f"VALUE = {value}\n")
        (package / "deep" / "module.py").write_text(
            "from . import VALUE\ndef f(smiles):\n    return [VALUE for _ in smiles]\n"
        )
        (tmp_path / folder / "score.toml").write_text(f'[[terms]]\ntype = "function"\nfunction = "{function}"\n')
        found += load_score(tmp_path / folder / "score.toml")(["C"])
    (package / "value.py").write_text("VALUE = 0.5  # changed since\n")
    assert [*found, *load_score(tmp_path / "b" / "score.toml")(["C"])] == [0.25, 0.75, 0.5]


def test_the_digest_is_that_of_the_terms() -> None:
    assert Score.of(terms=[QED]).digest == Score.of(terms=[dict(QED)]).digest
    assert Score.of(terms=[QED]).digest != Score.of(terms=[{**QED, "weight": 2}]).digest
    assert Score.of(terms=[QED]).digest != Score.of(combine="mean", terms=[QED]).digest


def test_paths_begin_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "actives.smi").write_text("CCO\n")
    (tmp_path / "mine_for_test.py").write_text("def length(smiles):\n    return [len(text) / 10 for text in smiles]\n")
    file = tmp_path / "score.toml"
    file.write_text(
        'combine = "mean"\n[[terms]]\ntype = "similarity"\nfile = "actives.smi"\n'
        '[[terms]]\ntype = "function"\nfunction = "mine_for_test:length"\n'
    )
    assert load_score(file)(["OCC"]) == [pytest.approx((1 + 0.3) / 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("terms = []", "toml: terms must have at least 1 item, not []"),
        ('combine = "mean"', "toml: the setting terms is missing"),
        ('folder = "x"', "toml: there is no setting 'folder'; there are combine, terms"),
        ('[[term]]\ntype = "rings"', "toml: there is no setting 'term'; did you mean terms? There are combine, terms"),
        ('[terms]\ntype = "rings"', "toml: terms: write [[terms]], with two brackets, above each of them"),
        ('terms = ["rings"]', "toml: term 1 must be a table, not 'rings'"),
        ('[[terms]]\ntype = "rings"\n[[terms]]\nlargest = 5', "toml: term 2: its type is missing; there are alerts, c"),
        (
            '[[terms]]\ntype = "potency"',
            "toml: term 1: there is no type 'potency'; there are alerts, command, des",
        ),
        (
            '[[terms]]\ntype = "propertie"',
            "toml: term 1: there is no type 'propertie'; did you mean property? There are a",
        ),
        (
            '[[terms]]\ntype = "property"\npropertey = "logP"',
            "toml: term 1 (property): there is no setting 'propertey'; did you mean property? There are name, we",
        ),
        (
            '[[terms]]\ntype = "property"\nname = "mass"\nproperty = "weight"\nwieght = 2',
            "toml: term 1 (mass, property): there is no setting 'wieght'; did you mean weight?",
        ),
        (
            '[[terms]]\ntype = "property"\nproperty = "lopP"',
            "term 1 (property): there is no property 'lopP'; did you m",
        ),
        (
            '[[terms]]\ntype = "property"\nproperty = "logP"\nshape = {type = "bell"}',
            "toml: term 1 (property), shape: there is no type 'bell'; did you mean below? There are clip, range,",
        ),
        (
            '[[terms]]\ntype = "property"\nproperty = "logP"\nshape = {type = "range", low = 2, high = 1}',
            "toml: term 1 (property), shape (range): low is larger than high",
        ),
        (
            '[[terms]]\ntype = "property"\nproperty = "logP"\nshape = {type = "above", value = "x"}',
            "toml: term 1 (property), shape (above): value must be a number, not 'x'",
        ),
        (
            '[[terms]]\ntype = "property"\nproperty = "logP"\nshape = {type = "above"}',
            "toml: term 1 (property), shape (above): the setting value is missing",
        ),
        (
            '[[terms]]\ntype = "similarity"\nmolecules = ["CCO", 5]',
            "toml: term 1 (similarity): molecule 2 must be a text, not 5",
        ),
        (
            '[[terms]]\ntype = "similarity"\nmolecules = "CCO"\nfingerprint = "ecfp5"',
            "fingerprint must be 'morgan', 'ecfp4', 'ecfp6', 'fcfp4', 'fcfp6', 'atom_pairs', 'torsions' or "
            "'pharmacophores', not 'ecfp5'",
        ),
        *(
            (
                f'[[terms]]\ntype = "rings"\n[[terms]]\ntype = "rings"\nname = "{name}"',
                f"toml: terms: number 2 has the name of another column, '{name}'; choose another name",
            )
            for name in ("total", "smiles", "id")
        ),
        ('[[terms]]\ntype = "substructure"\nsmarts = "c1cc("', "not SMARTS"),
        ('[[terms]]\ntype = "similarity"', "name molecules or a file"),
        ('[[terms]]\ntype = "similarity"\nmolecules = ["C1CC"]', "cannot be read"),
        ('[[terms]]\ntype = "similarity"\nfile = "none.smi"', "no file"),
        ('[[terms]]\ntype = "formula"\nformula = "C2X3"', "not a formula"),
        ('[[terms]]\ntype = "formula"\nformula = "benzene"', "not a formula"),
        ('[[terms]]\ntype = "element"\nelement = "Zz"', "no element"),
        ('[[terms]]\ntype = "scaffold"\nscaffold = "CCO"', "no ring"),
        (
            '[[terms]]\ntype = "scaffold"\nscaffold = "C1CCP2(C1)(CCC2)c1ccccc1"\ngeneric = true',
            "RDKit finds no scaffold of C1",
        ),
        ('[[terms]]\ntype = "rings"\nsystems = "none.smi"', "no file"),
        ('[[terms]]\ntype = "rings"\nsystems = "chain.smi"', "chain.smi, record 2: CCO has no ring"),
        ('[[terms]]\ntype = "rings"\nsystems = "bad.smi"', "bad.smi, record 1: RDKit cannot read 'c1cc('"),
        (
            '[[terms]]\ntype = "alerts"\ncatalogues = ["PAIN"]',
            "term 1 (alerts): there is no catalogue of alerts 'PAIN'; did you mean PAINS?",
        ),
        ('[[terms]]\ntype = "command"\ncommand = "no_such_docking --x"', "there is no command 'no_such_docking'"),
        ('[[terms]]\ntype = "command"\ncommand = "sh \'"', "cannot be read"),
        ('[[terms]]\ntype = "function"\nfunction = "no_such_module:f"', "cannot import no_such_module:f"),
        ('[[terms]]\ntype = "function"\nfunction = "math"', "module:function"),
        ('[[terms]]\ntype = "function"\nfunction = "math:pi"', "cannot be called"),
        ('[[terms]]\ntype = "descriptor"\ndescriptor = "BertCT"', "no descriptor 'BertCT'; did you mean BertzCT?"),
        ('[[terms]]\ntype = "property"\nproperty = "logP"\nweight = 0', "weight must be greater than 0, not 0"),
        (
            'combine = "median"\n[[terms]]\ntype = "rings"',
            "toml: combine must be 'product', 'mean' or 'geometric', not 'median'",
        ),
        ("terms = [", "is not TOML"),
    ),
)
def test_a_file_that_makes_no_score_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    for name, entries in (("chain", "C1CC1\nCCO\n"), ("bad", "c1cc(\n")):
        (tmp_path / f"{name}.smi").write_text(entries)
    file = tmp_path / "score.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as found:
        load_score(file)
    assert message in str(found.value) and str(file) in str(found.value)
    assert "\n" not in str(found.value)


def test_a_molecule_is_scored_once() -> None:
    asked: list[str] = []

    def length(smiles: list[str]) -> list[int]:
        asked.extend(smiles)
        return [len(text) for text in smiles]

    scorer = Scorer(length)
    assert scorer(["CCO", "CC", "CCO"]) == [3, 2, 3]
    assert scorer(["CC", "C"]) == [2, 1]
    assert asked == ["CCO", "CC", "C"] and scorer.calls == 3


@pytest.mark.parametrize(
    ("score", "message"),
    (
        (lambda smiles: [1.0], "returned 1 values for 2 molecules"),
        (lambda smiles: ["good"] * 2, "returned 'good', which is no number"),
        (lambda smiles: [0.5, -1.0], "the score gives -1, but totals must be at least 0"),
        (lambda smiles: 1.0, "returned 1.0 for 2 molecules: it is called with a list of SMILES and returns a list"),
        (lambda smiles: 1 / 0, "the score failed: ZeroDivisionError: division by zero"),
    ),
)
def test_a_score_that_does_not_answer_is_refused_in_one_line(score: object, message: str) -> None:
    with pytest.raises(MolgenError, match=message):
        Scorer(score)(["C", "CC"])  # type: ignore[arg-type]


@pytest.mark.parametrize("batch", (1, 5, FEWEST, 20))
def test_no_batch_makes_a_score_fail_whose_first_molecules_fail(batch: int) -> None:
    smiles = ["C" * number for number in range(1, 21)]
    for first in (1, FEWEST - 1, 20):  # molecules without a value
        scorer, found = Scorer(lambda texts, n=first: [math.nan if len(text) <= n else 0.5 for text in texts]), []
        batches = [smiles[start : start + batch] for start in range(0, len(smiles), batch)]
        with pytest.raises(MolgenError, match="no value for any of the first") if first == 20 else nullcontext():
            for part in batches:
                found += scorer(part)
        assert found == ([0.0] * first + [0.5] * 20)[: len(found)] and (first == 20 or len(found) == 20)
        assert (scorer.calls >= FEWEST) and (first == 20 or scorer.failures == {"total": first})


def test_records_may_be_below_0_and_without_any_value() -> None:
    """Nothing is compared there, so that a failure needs no total."""
    assert score_records(["CCO", "CC"], lambda texts: [-len(text) for text in texts]).columns == {"total": [-3.0, -2.0]}
    none = score_records(["CCO", "CC"], lambda texts: [math.nan for _ in texts])
    assert none.columns == {"total": [None, None]} and str(none) == "read 2  different 2  without total 2"
    with pytest.raises(MolgenError, match="no value for any of the first 16 molecules"):
        score_records(["C" * number for number in range(1, FEWEST + 1)], lambda texts: [None for _ in texts])


@pytest.mark.parametrize("seconds", (0, -1, math.nan, math.inf, 1e9))
def test_a_limit_of_time_that_is_none_is_refused_in_one_line(seconds: float) -> None:
    settings = {"type": "function", "function": "builtins:len", "timeout": seconds}
    for refused in (
        lambda: Score.of(terms=[settings]),
        lambda: Score.of(terms=[{"type": "command", "command": "cat", "timeout": seconds}]),
        lambda: Scorer(lambda _: [], timeout=seconds),
        lambda: call_score(lambda _: [], [], timeout=seconds),
    ):
        with pytest.raises(UsageError, match="timeout must be above 0 and at most 1,000,000 seconds, not"):
            refused()


def test_a_score_that_hangs_is_stopped() -> None:
    def hang(smiles: list[str]) -> list[float]:
        while True:
            pass

    with pytest.raises(MolgenError, match=r"the score took longer than 0.1 s for 1 molecules"):
        Scorer(hang, timeout=0.1)(["C"])


def test_failures_are_counted_and_worth_nothing() -> None:
    scorer = Scorer(lambda smiles: [1.0 if text == "C" else math.nan for text in smiles])
    assert scorer(["C", "CC", "CCC"]) == [1, 0, 0]
    assert scorer.failures == {"total": 2}


def test_a_text_alone_is_a_list_of_one() -> None:
    pains, like = (
        {"type": "alerts", "catalogues": "PAINS"},
        {"type": "similarity", "molecules": "c1ccccc1CC(=O)N", "fingerprint": "morgan"},
    )
    listed = [{**pains, "catalogues": ["PAINS"]}, {**like, "molecules": ["c1ccccc1CC(=O)N"]}]
    assert Score.of(terms=[pains, like]).digest == Score.of(terms=listed).digest


RAW = {"type": "property", "property": "weight"}


@pytest.mark.parametrize(
    ("term", "smiles", "said"),
    (
        (
            RAW,
            ["CCO", "CC", "C1CC"],
            ["term weight: 100% of its values are above 1 and count as 1; give it a shape (docs/"],
        ),
        (
            {**RAW, "property": "logP"},
            ["O", "NCCO", "CCCCCC"],
            ["term logP: 67% of its values are below 0 and count as 0"],
        ),
        ({**RAW, "property": "logP"}, ["O", "C", "CCCO", "CCCCCC"], []),
        ({**RAW, "property": "rings"}, ["C1CC1", "C1CC1C1CC1", "CC"], []),
        ({**RAW, "shape": {"type": "clip"}}, ["CCO"], []),
        (QED, ["CCO"], []),
        (RAW, ["C1CC"], []),
        (RAW, [], []),
    ),
)
def test_a_term_of_which_most_values_are_cut_off_is_warned_of_once(
    term: dict[str, object], smiles: list[str], said: list[str]
) -> None:
    score = Score.of(terms=[term])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        score(smiles)
        score(smiles)
    assert len(caught) == len(said)
    assert all(text in str(one.message) for text, one in zip(said, caught, strict=True))
    assert all(one.category is ConditionWarning for one in caught)


@pytest.mark.parametrize(
    "score", (Score.of(terms=[QED]), Scorer(Score.of(terms=[QED])), Scorer(lambda texts: [1] * len(texts)))
)
def test_what_is_no_list_of_smiles_is_refused_and_columns_are_lists(score: Score | Scorer) -> None:
    for given, message in (
        ("CCO", r"not a text: write \['CCO'\]"),
        ([None, "CCO"], "number 1 is None"),
        (["C", 6], "number 2 is 6"),
        (5, "a list of SMILES, not 5"),
        (pandas.DataFrame({"smiles": ["CCO"]}), "one column of a table"),
        ({"CCO": 1}, "one column of a table"),
    ):
        with pytest.raises(UsageError, match=message):
            score(given)  # type: ignore[arg-type]
    for several in (pandas.Series(["CCO", "CC"], index=[7, 8]), np.array(["CCO", "CC"]), ("CCO", "CC")):
        assert score(several) == score(["CCO", "CC"])  # type: ignore[arg-type]


def test_a_limit_of_time_for_a_score_with_limits_of_its_own_is_refused() -> None:
    with pytest.raises(UsageError, match="the terms of a score have their own"):
        Scorer(Score.of(terms=[QED]), timeout=5)


@pytest.mark.parametrize("make", (Score, Scorer))
def test_a_score_is_not_made_of_a_path(make: type[Score] | type[Scorer]) -> None:
    for given in ("score.toml", Path("score.toml")):
        with pytest.raises(UsageError, match=r"load_score\(path\)"):
            make(given)  # type: ignore[arg-type]


def test_many_molecules_are_scored_in_parts() -> None:
    parts: list[int] = []

    def score(smiles: list[str]) -> list[float]:
        parts.append(len(smiles))
        return [float(len(text)) for text in smiles]

    smiles = [f"{'C' * (n % 50 + 1)}{'O' * (n // 50)}" for n in range(2500)]
    assert Scorer(score)(smiles) == [float(len(text)) for text in smiles]
    assert parts == [1000, 1000, 500]
