"""Known ring systems: what training molecules have is kept, what none has is left out and counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import molgen as package
from molgen.cli.main import app
from molgen.datasets.qm9 import QM9_FILE
from molgen.errors import MolgenError, UsageError
from molgen.io import read_smiles
from molgen.models.rings import RINGS_FILE, read_rings, rings_of, write_rings


@pytest.mark.parametrize(
    "name",
    ["drugs-graph", "moses-graph", "moses-diffusion", "qm9-graph", "qm9-text", "qm9-ar", "qm9-grow", "qm9-continuous"],
)
def test_every_shipped_model_lists_its_ring_systems(name: str) -> None:
    known = package.load(name).ring_systems
    assert len(known) > 5_000 and all(ring in known for ring in rings_of("O=C1CCCN1CC1CC1"))


def test_most_molecules_of_qm9_have_known_ring_systems() -> None:
    """All of the training split; one in some hundred of the held-out ones has a ring system of its own."""
    known = package.load("qm9-graph").ring_systems
    some = [text for number, text in read_smiles(QM9_FILE) if number % 301 == 0]
    unknown = [text for text in some if not known.issuperset(rings_of(text))]
    assert 0 < len(unknown) < 0.05 * len(some)


@pytest.mark.slow
def test_what_is_kept_has_known_ring_systems_and_refusals_are_counted() -> None:
    model = package.load("qm9-text")
    model.ring_systems = frozenset({"C1CC1", "C1CCCC1"})
    found = model.generate(20, seed=3, known_rings=True)
    assert all(model.ring_systems.issuperset(rings_of(smiles)) for smiles in found)
    free = model.generate(found.attempted, seed=3, max_attempts=found.attempted * 2)
    refused = [smiles for smiles in free if not model.ring_systems.issuperset(rings_of(smiles))]
    assert 0 < found.unknown_rings <= len(refused)
    assert f"unknown_rings {found.unknown_rings}" in str(found)
    assert found.valid >= found.unique == found.kept + found.unknown_rings + found.implausible


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a model directory"):
        package.load(tmp_path)
    package.load("qm9-text").save_pretrained(tmp_path / "model")
    with pytest.raises(UsageError, match=r"is the folder of a training run; its model is .*model$"):
        package.load(tmp_path)
    for name in (None, 3):
        with pytest.raises(UsageError, match=f"named by a text or a path, not by {name}"):
            package.load(name)  # type: ignore[arg-type]


def test_a_model_without_a_list_says_how_to_get_one(tmp_path: Path) -> None:
    model = package.load("qm9-text")
    model.ring_systems = frozenset()
    with pytest.raises(UsageError, match=r"lists no ring systems of its training molecules; .*molgen data rings"):
        model.generate(1, known_rings=True)
    model.save_pretrained(tmp_path / "model")
    assert not (tmp_path / "model" / RINGS_FILE).exists()
    (tmp_path / "mine.smi").write_text("C1CC1\nCCO\nO=C1CCCN1C\n")
    arguments = ["data", "rings", str(tmp_path / "mine.smi"), "--model", str(tmp_path / "model"), "--jobs", "1"]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert package.load(tmp_path / "model").ring_systems == {"C1CC1", "O=C1CCCN1"}
    with pytest.raises(UsageError, match="is not a model directory"):
        CliRunner().invoke(app, [*arguments[:-3], str(tmp_path)], catch_exceptions=False)
    with pytest.raises(UsageError, match="--known-rings goes with -n"):
        CliRunner().invoke(app, ["generate", "--attempts", "2", "--known-rings"], catch_exceptions=False)


def test_a_fine_tuned_model_has_those_of_its_own_molecules_too() -> None:
    model = package.load("qm9-text")
    tuned = model.fine_tune(["C1OC2CC12", "C1=CC1=C=O", "CC(C)(C)C"], steps=1)
    assert tuned.ring_systems == model.ring_systems.union(*map(rings_of, ["C1OC2CC12", "C1=CC1=C=O"]))


def test_a_damaged_list_is_one_line(tmp_path: Path) -> None:
    write_rings(tmp_path, ["C1CC1", "C1CC1"])
    assert read_rings(tmp_path) == {"C1CC1"}
    (tmp_path / RINGS_FILE).write_bytes(b"no gzip")
    with pytest.raises(MolgenError, match="cannot read"):
        read_rings(tmp_path)
