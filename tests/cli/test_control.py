"""Molecules under conditions, through the command line: what is asked is there, what cannot be had is one line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from rdkit import Chem

from molgen.constraints.fragment import parse_fragment
from tests.conftest import Run


@pytest.mark.slow
def test_fragment_end_to_end(molgen: Run, tiny_text: Path, tmp_path: Path) -> None:
    out, sdf, gif = tmp_path / "out.csv", tmp_path / "out.sdf", tmp_path / "trace.gif"
    asked = ["--model", tiny_text, "--fragment", "C[C@H](*)C#N"]
    result = molgen("generate", "-n", 3, *asked, "-o", out, "-o", sdf, "--trace", gif)
    smiles = [row["smiles"] for row in csv.DictReader(out.open())]
    fragment = parse_fragment("CC(*)C#N")
    assert len(set(smiles)) == 3 and all(fragment.contained_in(text) for text in smiles)
    assert "kept 3" in result.stderr and "failed_fragment" in result.stderr
    assert "warning: the stereo of the fragment is dropped" in result.stderr
    assert [Chem.MolToSmiles(mol) for mol in Chem.SDMolSupplier(str(sdf))] == smiles
    assert gif.read_bytes()[:3] == b"GIF"
    again = molgen("generate", "-n", 3, *asked, "--batch-size", 7)
    assert again.stdout.split() == smiles
    picture = tmp_path / "grid.svg"
    molgen("view", out, "-o", picture, "--highlight", "*C#N")
    plain = tmp_path / "plain.svg"
    molgen("view", out, "-o", plain)
    assert picture.read_text() != plain.read_text()


@pytest.mark.slow
def test_too_few_are_written_and_exit_is_one(molgen: Run, tiny_text: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.smi"
    asked = ["generate", "-n", 500, "--model", tiny_text, "--fragment", "*C#N", "--max-attempts", 60, "-o", out]
    result = molgen(*asked, code=1)
    kept = out.read_text().split()
    assert f"only {len(kept)} of 500 molecules after 60 attempts" in result.stderr
    assert all(parse_fragment("*C#N").contained_in(text) for text in kept)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fragment", "c1cc"], "not SMILES"),
        (["--fragment", "*"], "not bonded to exactly one atom"),
        (["--fragment", "*[Xe]"], "not in the vocabulary"),
        (["--fragment", "*C.*C.*C"], "use a graph model"),
        (["--fragment", "[NH4+]"], "nothing can be bonded"),
        (["--fragment", "*" + "C" * 60], "tokens, but the longest text"),
        (["--property", "logQ=1"], "no property 'logQ'"),
        (["--property", "logP=3..1"], "is empty"),
        (["--property", "logP"], "NAME=LOW..HIGH"),
        (["--property", "logP=1..3"], "cannot be asked for logP"),
        (["--atoms", "five"], "atoms takes a number"),
        (["--collection", "moses"], "cannot be asked for collection"),
        (["--fragment", "*C", "--template", "C*"], "exclude each other"),
    ],
)
def test_refusals_are_one_line(options: list[str], message: str, tiny_text: Path) -> None:
    from typer.testing import CliRunner

    from molgen.cli.main import app
    from molgen.errors import MolgenError

    result = CliRunner().invoke(app, ["generate", "-n", "2", "--model", str(tiny_text), *options])
    assert isinstance(result.exception, MolgenError), result.output
    assert message in str(result.exception) and "\n" not in str(result.exception)


def test_properties_are_listed(molgen: Run) -> None:
    result = molgen("properties", "--model", "qm9-graph")
    for name in ("logP", "QED", "SA", "weight", "TPSA", "HBD", "HBA", "sp3_fraction", "charge", "heavy_atoms"):
        assert name in result.stdout
    assert "g/mol" in result.stdout and "atoms, fragment" in result.stderr
