"""Whatever takes molecules takes them in every form, and whatever takes a path takes text; the rest is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from rdkit import Chem

import molgen
from molgen.errors import UsageError
from molgen.models.generator import Generator
from molgen.report import draw_trace

GIVEN = ["CCO", "CCCO", "CC(C)O", "OC1CC1", "CCN", "CCCN", "nope"]
NETWORK = {"width": 16, "layers": 1, "heads": 2}
SMALL = {"network": NETWORK, "optimiser": {"sampled_molecules": 0, "validation_molecules": 1}}

FORMS: dict[str, Callable[[Path], Any]] = {
    "list": lambda file: GIVEN,
    "tuple": lambda file: tuple(GIVEN),
    "generator": lambda file: iter(GIVEN),
    "array": lambda file: np.array(GIVEN, dtype=object),
    "Series": lambda file: pandas.Series(GIVEN, index=range(7, 14)),
    "Series of strings": lambda file: pandas.Series(GIVEN, dtype="string"),
    "RDKit molecules": lambda file: [Chem.MolFromSmiles(text) for text in GIVEN],
    "path": lambda file: file,
    "text": str,
}


def evaluated(molecules: Any) -> Any:
    return molgen.evaluate(molecules, only=["validity", "uniqueness"], jobs=1).to_dict()["suites"]


def compared_with(molecules: Any) -> Any:
    return molgen.evaluate(["CCO", "CCCCO"], molecules, only="novelty", jobs=1)["novelty"]


def drawn(molecules: Any) -> Any:
    picture = molgen.draw(molecules)
    return picture.drawn, picture.not_drawn


def fine_tuned(molecules: Any) -> Any:
    return summed(molgen.fine_tune("qm9-text", molecules, steps=1))


def tuned_by_method(molecules: Any) -> Any:
    return summed(molgen.load("qm9-text").fine_tune(molecules, steps=1))


def trained(molecules: Any) -> Any:
    return summed(molgen.train("autoregressive", molecules, config=SMALL, steps=1))


def encoded(molecules: Any) -> Any:
    dataset = molgen.load_dataset(molecules)
    return dataset.report.kept, sorted(dataset.smiles("train"))


def scored(molecules: Any) -> Any:
    return molgen.load("qm9-ar").nll(molecules).to_pandas()["nll"].round(3).astype(str).tolist()


def summed(model: Generator) -> float:
    return sum(float(weights.double().sum()) for weights in model.state_dict().values())


TAKERS = (evaluated, compared_with, drawn, fine_tuned, tuned_by_method, trained, encoded, scored)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("molecules") / "mine.smi"
    path.write_text("\n".join(GIVEN) + "\n")
    return path


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return {taker.__name__: taker(GIVEN) for taker in TAKERS}


@pytest.mark.parametrize("form", list(FORMS)[1:])
@pytest.mark.parametrize("taker", TAKERS, ids=lambda taker: taker.__name__)
def test_every_form_is_taken(taker: Callable[[Any], Any], form: str, file: Path, expected: dict[str, Any]) -> None:
    assert taker(FORMS[form](file)) == expected[taker.__name__]


@pytest.mark.parametrize(
    "refused",
    [
        "CCO",
        "C" * 300,
        "nowhere.smi",
        Path("nowhere"),
        Chem.MolFromSmiles("CCO"),
        pandas.DataFrame({"smiles": GIVEN}),
        {"smiles": GIVEN},
        [1, 2],
        3,
    ],
    ids=["SMILES", "long SMILES", "no file", "no path", "molecule", "DataFrame", "dict", "numbers", "number"],
)
@pytest.mark.parametrize("taker", TAKERS, ids=lambda taker: taker.__name__)
def test_the_rest_is_refused_in_one_line(taker: Callable[[Any], Any], refused: Any) -> None:
    with pytest.raises(UsageError) as caught:
        taker(refused)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


@pytest.mark.parametrize("form", [str, Path])
def test_paths_are_taken_as_text_too(form: Callable[[Path], Any], file: Path, tmp_path: Path) -> None:
    at = lambda name: form(tmp_path / name)  # noqa: E731
    config = tmp_path / "config.toml"
    config.write_text("[network]\nwidth = 16\nlayers = 1\nheads = 2\n[optimiser]\nsampled_molecules = 0\n")
    molgen.train("autoregressive", form(file), at("run"), config=form(config), steps=1)
    model = molgen.load(at("run/model"))
    molgen.train("autoregressive", form(file), at("next"), init_from=at("run/model"), steps=1)
    molgen.train("autoregressive", out=at("next"), resume=True, steps=2)
    molgen.fine_tune(at("run/model"), form(file), at("tuned"), steps=1)
    model.save_pretrained(at("saved"))
    assert Generator.from_pretrained(at("saved")).attempts(2) == model.attempts(2)
    attempts = molgen.load("qm9-text").attempts(5)
    attempts.save(at("attempts.csv"))
    assert molgen.evaluate(at("attempts.csv"), at("attempts.csv"), only="validity", jobs=1).attempts == 5
    molgen.draw(at("attempts.csv"), at("grid.png"))
    draw_trace(at("trace.gif"), ["C", "CC"])
    assert {"next", "tuned", "grid.png", "trace.gif"} <= {path.name for path in tmp_path.iterdir()}
