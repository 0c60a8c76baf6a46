"""Every option changes what it should; here for the verbs, on tiny models and files."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import molgen as package
from molgen.chem.strict import strict_from_smiles
from molgen.report.page import HEIGHT, WIDTH
from tests.conftest import Run
from tests.unit.graph.toy import conditioned

Lines = list[str]


@pytest.fixture(scope="module")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model of molecules of three or four atoms that takes fragments and properties."""
    path = tmp_path_factory.mktemp("toy") / "model"
    conditioned(atoms=("C", "N", "O")).save_pretrained(path)
    return path


def attempts(molgen: Run, *options: object, model: object = "qm9-graph", n: int = 6) -> Lines:
    few = ("--steps", 3) if model == "qm9-graph" and "--steps" not in options else ()
    return molgen("generate", "--model", model, "--attempts", n, *few, *options).stdout.splitlines()


@pytest.fixture(scope="module")
def usual(molgen: Run) -> Lines:
    return attempts(molgen)


@pytest.mark.parametrize(
    "options",
    [
        ("--seed", 1),
        ("--steps", 5),
        ("--distortion", "cosine"),
        ("--temperature", "bonds=3"),
        ("--temperature", "atoms=9"),
        ("--top-p", "atoms=0.3"),
        ("--sampler", "flow"),
        ("--sampler", "ancestral"),
        ("--atoms", "4"),
        ("--fragment", "*C1CC1"),
    ],
    ids=str,
)
def test_an_option_of_sampling_makes_other_molecules(molgen: Run, usual: Lines, options: tuple[object, ...]) -> None:
    assert len(usual) == 6 and attempts(molgen, *options) != usual


def test_the_size_of_batches_changes_nothing(molgen: Run, usual: Lines) -> None:
    assert attempts(molgen, "--batch-size", 2) == usual


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--eta", 30), ("--omega", 2)], ids=str)
def test_options_of_the_flow_sampler(molgen: Run, options: tuple[object, ...]) -> None:
    plain = attempts(molgen, "--sampler", "flow")
    assert len(plain) == 6 and attempts(molgen, "--sampler", "flow", *options) != plain


@pytest.mark.slow
def test_the_collection_is_followed(molgen: Run) -> None:
    """Molecules of MOSES have 27 heavy atoms at most; bioactive ones more."""
    found = {name: attempts(molgen, "--collection", name, model="drugs-graph", n=40) for name in ("moses", "bioactive")}
    sizes = {name: [len(re.findall("Cl|Br|[BCNOPSFIbcnops]", text)) for text in texts] for name, texts in found.items()}
    assert max(sizes["moses"]) <= 27 < max(sizes["bioactive"])


@pytest.mark.slow
def test_options_of_texts(molgen: Run) -> None:
    one, three = (attempts(molgen, "--block", block, model="qm9-text") for block in (1, 3))
    assert one != three
    close, benchmark = (attempts(molgen, "--preset", name, model="moses-graph", n=3) for name in ("close", "benchmark"))
    assert len(close) == 3 and close != benchmark
    given = attempts(molgen, "--template", "C1CC1*", model="qm9-text")
    assert all(text.startswith("C1CC1") for text in given)


@pytest.mark.slow
def test_conditions_of_graphs(molgen: Run, toy_model: Path) -> None:
    plain = attempts(molgen, model=toy_model, n=40)
    guarded = attempts(molgen, "--valence-guard", model=toy_model, n=40)
    valid = [sum(strict_from_smiles(text) is not None for text in texts) for texts in (plain, guarded)]
    assert valid[0] + 5 < valid[1] >= 38  # what stays invalid after some drawings is kept
    heavy = attempts(molgen, "--property", "weight=44", model=toy_model, n=40)
    guided = attempts(molgen, "--property", "weight=44", "--guidance", "atoms=2", model=toy_model, n=40)
    assert plain != heavy != guided != plain
    four = attempts(molgen, "--atoms", 4, "--valence-guard", model=toy_model)
    assert all(sum(map(str.isalpha, text)) == 4 for text in four)
    counts = []
    for guard in ("--valence-guard", "--no-valence-guard"):
        said = molgen("generate", "--model", toy_model, "-n", 8, guard).stderr
        counts.append([int(re.search(rf"{name} (\d+)", said)[1]) for name in ("attempted", "valid")])  # type: ignore[index]
    assert counts[0][1] >= counts[0][0] - 1 and counts[1][1] < counts[1][0] - 1


def config_of(run: Path) -> dict[str, Any]:
    return tomllib.loads((run / "config.toml").read_text())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two columns of molecules, of which the second has a salt."""
    path = tmp_path / "table.csv"
    rows = [("C" * n, "C" * n + "O") for n in range(1, 20)] + [("CCN", "CCN.Cl")]
    path.write_text("smiles,other\n" + "".join(f"{one},{two}\n" for one, two in rows))
    return path


def test_options_of_training(molgen: Run, table: Path, tmp_path: Path) -> None:
    toml = tmp_path / "small.toml"
    toml.write_text("[network]\nwidth = 16\nlayers = 1\nheads = 2\n[optimiser]\nsampled_molecules = 0\n")
    run = tmp_path / "run"
    given = ("--data", table, "--column", "other", "--desalt", "--config", toml)
    lengths = ("--steps", 2, "--minutes", 3, "--batch-size", 7, "--seed", 5)
    molgen("train", "autoregressive", "--out", run, *given, *lengths)
    found = config_of(run)
    assert {name: found["optimiser"][name] for name in ("steps", "minutes", "batch_size", "seed")} == {
        **{"steps": 2, "minutes": 3.0, "batch_size": 7, "seed": 5}
    }
    assert (found["data"]["column"], found["data"]["desalt"], found["data"]["name"]) == ("other", True, str(table))
    assert found["network"]["width"] == 16 and found["family"] == "autoregressive"
    other = tmp_path / "other"
    molgen("train", "autoregressive", "--out", other, "--data", table, "--init-from", run / "model", "--steps", 1)
    assert config_of(other)["parent"]["weights_sha256"] == package.load(run / "model").weights_sha256
    molgen("train", "autoregressive", "--out", run, "--resume", "--steps", 3)
    assert "for 3 steps" in (run / "model" / "README.md").read_text()
    for wrong in (("--accelerator", "warp"), ("--devices", "0"), ("--strategy", "none")):
        bad = molgen("train", "autoregressive", "--out", tmp_path / "bad", *given, *lengths, *wrong, code=2)
        assert "cannot train there" in bad.stderr and not (tmp_path / "bad").exists()


def test_the_confidence_sampler_remasks_where_asked(molgen: Run, table: Path, tmp_path: Path) -> None:
    """Hardly trained: what was drawn first is rarely what the network holds for probable a call later."""
    toml, run = tmp_path / "masks.toml", tmp_path / "run"
    network = "[network]\nwidth = 16\nlayers = 1\nheads = 2\n"
    toml.write_text(f'{network}[process]\ntokens = "absorbing"\n[optimiser]\nsampled_molecules = 0\n')
    molgen("train", "text", "--data", table, "--out", run, "--config", toml, "--steps", 1)
    given: tuple[object, ...] = ("--sampler", "confidence", "--steps", 6)
    kept, remasked = (attempts(molgen, *given, *options, model=run / "model") for options in ((), ("--remask",)))
    assert len(kept) == len(remasked) == 6 and kept != remasked


def test_options_of_fine_tuning(molgen: Run, table: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    given = ("--column", "other", "--desalt")
    lengths = ("--steps", 2, "--minutes", 4, "--batch-size", 3, "--seed", 6, "--learning-rate", 0.0007)
    said = molgen("finetune", "qm9-ar", table, "--out", run, *given, *lengths).stderr
    assert "desalted 1" in said
    optimiser = config_of(run)["optimiser"]
    names = ("steps", "minutes", "batch_size", "seed", "learning_rate")
    assert [optimiser[name] for name in names] == [2, 4.0, 3, 6, 0.0007]
    assert config_of(run)["data"]["split"]["seed"] == 6
    assert (
        "CCCO" in (run / "molecules.smi").read_text().split() and "CCN" in (run / "molecules.smi").read_text().split()
    )


def values(result: str) -> dict[str, list[str]]:
    """Cells of the table on stdout by metric."""
    cells = [[cell.strip() for cell in line.replace("│", "|").split("|")[1:-1]] for line in result.splitlines()]
    return {cell[0]: cell[1:] for cell in cells if len(cell) > 1}


def scores(molgen: Run, tmp_path: Path, *options: object) -> dict[str, float]:
    out = tmp_path / "scores.json"
    molgen("evaluate", *options, "-o", out, "--overwrite", "--jobs", 1)
    found = json.loads(out.read_text())
    return {name: metric["value"] for suite in found["suites"].values() for name, metric in suite.items()}


@pytest.mark.slow
def test_options_of_evaluation(molgen: Run, table: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("smiles,other\nCC,CCN\nCCC,CCN\nCCCO,CCN.Cl\n")
    only = ("--only", "validity,novelty,uniqueness")
    first = scores(molgen, tmp_path, mine, "--reference", table, *only)
    assert first == {"validity": 1, "uniqueness": 1, "novelty": pytest.approx(1 / 3)}
    assert (
        scores(molgen, tmp_path, mine, "--reference", table, "--reference-column", "other", *only)["novelty"] == 2 / 3
    )
    column = scores(molgen, tmp_path, mine, "--column", "other", "--reference", table, *only)
    assert column["validity"] == pytest.approx(2 / 3) and column["uniqueness"] == 1 / 2
    salts = scores(molgen, tmp_path, mine, "--column", "other", "--desalt", "--reference", table, *only)
    assert salts["validity"] == 1 and salts["uniqueness"] == 1 / 3
    apart = ("--reference", table, "--reference-test", mine, "--suite", "moses", "--only", "SNN/Test,valid")
    assert scores(molgen, tmp_path, mine, *apart) == {"valid": 1, "SNN/Test": pytest.approx(1)}
    flags = tmp_path / "flags.csv"
    molgen("evaluate", mine, "--only", "validity", "--flags", flags)
    assert len(list(csv.DictReader(flags.open()))) == 3


SLOW = (
    "S12345S6789S%10%11%12%13S%14%15%16%17S%18%19%20%21S%22%23%24%25S%26%27%28%29S%30%31%32%33S%34%35%36%37"
    "S%186%38%39S6%18%40%41S1%19%42%43S%201%19%44S%10%20%45%46S%30%22%26%10S%22%26%30%47S%48%49%50%51S%52%53%54%55"
    "S2%56%57%58S7%31%38(S3%5627S%27%113%31S4%22%39%11S%23%42%204S%14%48%20%22S%26%14%23%27S%523%26%38S%24%28%12"
    "(S%218%30%29S%11%57%453S%346%532S%15%35%184S%49%43%20(S59%361S%16%40%46%10%14)S%50%37%41%313)S%17%54%47%26"
    "S%32%19%237S%51%22%38%44%27)S%33%25%55%58%13"
)
"""A graph of 40 atoms of sulphur with six neighbours each: RDKit seeks the alerts in it for about 3 seconds."""


@pytest.mark.slow
def test_the_time_limit_of_evaluation(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "slow.smi"
    path.write_text(f"CCO\n{SLOW}\nCCN\n")
    only = ("evaluate", path, "--suite", "medchem", "--only", "alerts_any", "--jobs", 1)
    lost = molgen(*only, "--time-limit", 0.1).stderr
    assert "1 attempts lost" in lost and f"attempt 2 took longer than 0.1 s: {SLOW[:80]}" in lost
    assert "lost" not in molgen(*only, "--time-limit", 100).stderr
    for refused in (("--time-limit", 0), ("--time-limit", "nan"), ("--only", "alerts_anny")):
        said = molgen(*only, *refused, "--reference", tmp_path / "none.smi", code=2).stderr
        assert ("--time-limit must be above 0" in said or "unknown metric" in said) and said.count("\n") == 1


@pytest.mark.slow
def test_options_of_likelihood(molgen: Run, table: Path) -> None:
    def rows(*options: object, model: str = "qm9-ar") -> list[dict[str, str]]:
        return list(csv.DictReader(StringIO(molgen("likelihood", table, "--model", model, *options).stdout)))

    plain, other, salts = rows(), rows("--column", "other"), rows("--column", "other", "--desalt")
    assert [row["smiles"] for row in other][:2] == ["CO", "CCO"] and other[-1]["reason"] == "fragments"
    assert salts[-1]["reason"] == "" and salts[-1]["nll"] == plain[-1]["nll"]
    few, many = (rows("--draws", draws, model="qm9-text") for draws in (2, 5))
    assert float(few[2]["error"]) != float(many[2]["error"]) and few[2]["nll"] != many[2]["nll"]
    assert [row["nll"] for row in rows("--draws", 2, "--batch-size", 3, model="qm9-text")] == [
        row["nll"] for row in few
    ]


def test_options_of_pictures(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("smiles,other,score\nCCO,CCCl,3\nCCN,CCBr,1\nCCF,CCI,2\n")
    picture = tmp_path / "grid.png"

    def size(*options: object) -> tuple[int, int]:
        molgen("view", path, "-o", picture, "--overwrite", *options)
        with Image.open(picture) as image:
            return image.size

    assert size("--columns", 2) == (2 * WIDTH, 2 * HEIGHT)
    assert size("--columns", 1, "-n", 2) == (WIDTH, 2 * HEIGHT)

    def svg(*options: object) -> str:
        molgen("view", path, "-o", tmp_path / "grid.svg", "--overwrite", *options)
        return (tmp_path / "grid.svg").read_text()

    plain = svg()
    assert svg("--column", "other") != plain != svg("--highlight", "*O")
    order = [text.split("<")[0] for text in svg("--sort", "score", "--legend", "score").split(">score ")[1:]]
    back = [
        text.split("<")[0] for text in svg("--sort", "score", "--legend", "score", "--descending").split(">score ")[1:]
    ]
    assert order == ["1", "2", "3"] == back[::-1]


def test_options_of_descriptions(molgen: Run, table: Path) -> None:
    plain, other = (molgen("data", "info", table, *options).stdout for options in ((), ("--column", "other")))
    salts = molgen("data", "info", table, "--column", "other", "--desalt", "--jobs", 1).stdout
    assert "skipped" not in plain and "skipped: fragments" in other
    assert "desalted" in salts and "skipped" not in salts


@pytest.mark.slow
def test_options_of_tuning(molgen: Run, table: Path, toy_model: Path, tmp_path: Path) -> None:
    copies = []
    for aim in (("--aim", "validity"), ("--aim", "vun", "--least-validity", 1.0)):
        model = tmp_path / aim[1]
        model.mkdir()
        for file in toy_model.iterdir():
            (model / file.name).write_bytes(file.read_bytes())
        tries = ("--try", "temperature=1", "--try", "temperature=0.2")
        molgen("tune", model, "--reference", table, "--attempts", 9, *tries, *aim)
        copies.append(json.loads((model / "tuning.json").read_text()))
    assert [len(found["points"]) for found in copies] == [2, 2]
    assert {point["attempts"] for found in copies for point in found["points"]} == {9}
    assert copies[0]["reference"] == str(table)


@pytest.mark.slow
def test_options_of_comparison(molgen: Run, table: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[rows]]\nname = "words"\nfamily = "autoregressive"\n'
        "settings.network = { width = 16, layers = 1, heads = 2 }\n"
        "settings.optimiser = { sampled_molecules = 0 }\n"
    )
    options = ("--budget", "0.1s", "--attempts", 6, "--seeds", 2, "--split", "test", "--config", plan)
    molgen("compare", "--data", table, "--out", tmp_path / "out", *options)
    found = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert (found["minutes"], found["attempts"], found["seeds"]) == (pytest.approx(0.1 / 60), 6, [0, 1])
    assert (found["split"], found["data"]) == ("test", str(table))
    assert [row["name"] for row in found["rows"]] == ["words"]
