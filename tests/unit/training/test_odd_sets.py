"""One bad molecule, or few of them, never end a run: what cannot be used is counted, and the rest is trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.training.config import read_config
from molgen.training.run import train

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
TRANSFORMER = {"width": 16, "layers": 1, "heads": 2}
NETWORKS = {
    "graph": {"width": 16, "pair_width": 8, "layers": 1, "heads": 2, "triangle": 4},
    "graph-autoregressive": TRANSFORMER,
    "text": TRANSFORMER,
    "any-order": TRANSFORMER,
    "autoregressive": TRANSFORMER,
    "continuous": TRANSFORMER,
}


def trained(file: str, family: str, run: Path, **settings: object) -> None:
    optimiser = {"steps": 1, "sampled_molecules": 2}
    config = {"data": {"name": str(CASES / file)}, "network": NETWORKS[family], "optimiser": optimiser, **settings}
    assert train(read_config(None, config, family), run) is None
    assert (run / "model" / "model.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("file", ["train_one.smi", "train_tiny.smi", "train_unseen.smi", "many_tokens.smi"])
@pytest.mark.parametrize("family", NETWORKS)
def test_every_family_trains_on_it(file: str, family: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained(file, family, tmp_path / "run")
    said = capsys.readouterr().err
    assert ("skipped" in said) == (file == "many_tokens.smi" or (file == "train_tiny.smi" and "graph" not in family))
    if file == "many_tokens.smi":
        assert "read 400  kept 255  skipped 145" in said and "skipped 145: rare_atom, first line " in said


def test_what_has_no_selfies_is_skipped_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained("selfies.smi", "any-order", tmp_path / "run", tokens={"kind": "selfies"})
    said = capsys.readouterr().err
    assert "read 13  kept 12  skipped 1" in said and "'O=I(=O)c1ccccc1' has no SELFIES" in said
