"""Likelihood of given molecules: exact where it is exact, and no record is lost."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from rdkit import Chem

import molgen as package
from molgen.errors import UsageError
from molgen.models.generator import Generator
from molgen.nn.transformer import TransformerConfig
from molgen.text.diffusion import TextDiffusion
from molgen.text.tokenizers import TokenizerConfig
from tests.unit.graph.toy import batch_of, probabilities, toy

MOLECULES = ["CCO", "c1ccncc1", "CC(C)C#N", "OCC", "NC1CC1", "O=CC1CO1"]


def test_graphs_in_canonical_order_are_exact() -> None:
    model = toy(blocks=(1,), atoms=("C", "N"))
    found = model.nll(["NCC", "C#N", "C1CN1", "CC(C)N"])
    assert found.exact and found.reasons == {"size": 1} and math.isnan(found[1])
    chain, ring = batch_of([[0, 0, 1]], [[1, 0, 1]]), batch_of([[0, 0, 1]], [[1, 1, 1]])
    for value, graph in ((found[0], chain), (found[2], ring)):
        assert value == pytest.approx(-float(probabilities(model, graph, [0, 1, 2]).log()) - math.log(0.5), abs=1e-4)
    assert not toy(blocks=(0,)).exact and not toy(blocks=(2, 1)).exact


def tiny_text_diffusion() -> TextDiffusion:
    tokenizer = TokenizerConfig(kind="smiles", tokens=("C", "O", "N"))
    network = TransformerConfig(width=16, layers=1, heads=2)
    config = {"tokenizer": tokenizer, "lengths": {3: 1.0}, "marginal": (0.6, 0.2, 0.2), "network": network}
    return TextDiffusion.from_config(config)


@pytest.mark.parametrize("name", ["qm9-graph", "qm9-text", "qm9-continuous", "moses-graph", "text"])
def test_a_size_costs_what_its_share_says(name: str) -> None:
    """- log p of a molecule of three atoms or tokens has - log of the share of such sizes in it."""
    model = tiny_text_diffusion() if name == "text" else package.load(name)
    field = "sizes" if "sizes" in type(model.config).model_fields else "lengths"
    values = []
    for share in (1.0, 0.25, 0.01):
        model.config = model.config.model_copy(update={field: {3: share, 4: 1 - share}})
        values.append(model.nll(["CCO"], draws=2, progress=False)[0])
    assert values[1] - values[0] == pytest.approx(math.log(4), abs=1e-3)
    assert values[2] - values[0] == pytest.approx(math.log(100), abs=1e-3)


@torch.no_grad()
def test_autoregressive_texts_are_exact() -> None:
    model = package.load("qm9-ar")
    for smiles, value in zip(MOLECULES, model.nll(MOLECULES), strict=True):
        canonical = Chem.CanonSmiles(smiles)
        tokens = [model.end, *model.tokenizer.encode(canonical), model.end]
        steps = [model(torch.tensor([tokens[:n]]))[0, -1].log_softmax(0)[tokens[n]] for n in range(1, len(tokens))]
        assert value == pytest.approx(-float(sum(steps)), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["qm9-graph", "qm9-text", "qm9-ar", "qm9-continuous"])
def test_a_value_depends_on_the_molecule_alone(name: str) -> None:
    model = package.load(name)
    together = model.nll(MOLECULES, draws=3)
    assert together[0] == together[3] and not any(map(math.isnan, together))
    assert together.exact == (name == "qm9-ar")
    alone = [model.nll([smiles], draws=3)[0] for smiles in reversed(MOLECULES)][::-1]
    assert list(together) == pytest.approx(alone, abs=0.01)
    assert list(model.nll(MOLECULES, draws=3, batch_size=1)) == pytest.approx(alone, abs=0.01)


@pytest.mark.slow
def test_the_error_is_that_of_the_draws() -> None:
    model = package.load("qm9-text")
    few, many = (model.nll(MOLECULES, draws=draws) for draws in (8, 128))
    for value, error, other, less in zip(few, few.error, many, many.error, strict=True):
        assert 0 < less < error < 0.3 and abs(value - other) < 5 * error
    assert math.isnan(model.nll(MOLECULES, draws=1).error[0]) and package.load("qm9-ar").nll(MOLECULES).error == [0] * 6


def test_no_record_is_lost(tmp_path: Path) -> None:
    records = ["CCO", "C1CC", "C[Si](C)C", "CC.O", None, "C" * 60, "C[C@H](N)O"]
    model = package.load("qm9-ar")
    found = model.nll(records)
    assert len(found) == 7 and [math.isnan(value) for value in found] == [False, True, True, True, True, True, False]
    assert [(record.line, record.reason) for record in found.left_out] == [
        *((2, "unparsable"), (3, "unknown_token"), (4, "fragments"), (5, "empty"), (6, "too_large"))
    ]
    assert found.stereo_dropped == 1 and found[6] == pytest.approx(model.nll(["CC(N)O"])[0], abs=1e-3)
    assert str(found).startswith(
        "read 7  scored 2  stereo labels dropped 1  left out 5 (unparsable 1, unknown_token 1,"
    )
    assert found.mean == pytest.approx((found[0] + found[6]) / 2)
    table = found.to_pandas()
    assert table["reason"].tolist() == ["", "unparsable", "unknown_token", "fragments", "empty", "too_large", ""]
    assert np.isnan(table["nll"][1]) and "[Si]" in table["message"][2]
    path = tmp_path / "likelihood.csv"
    found.save(path)
    again = pandas.read_csv(path)
    assert again["nll"].round(3).tolist()[0] == round(found[0], 3) and again["nll"].isna().sum() == 5
    assert "mean" not in str(model.nll(["C1CC"]))
    assert len(repr(found)) < 200 and model.nll(["CC.O"], desalt=True).desalted == 1


def test_molecules_are_taken_in_whatever_they_are_kept_in(tmp_path: Path) -> None:
    model = package.load("qm9-ar")
    path = tmp_path / "table.csv"
    pandas.DataFrame({"name": list("abcdef"), "mine": MOLECULES}).to_csv(path, index=False)
    expected = pytest.approx(list(model.nll(MOLECULES)), abs=1e-3)
    for given in (pandas.Series(MOLECULES), np.array(MOLECULES), map(Chem.MolFromSmiles, MOLECULES)):
        assert list(model.nll(given)) == expected
    assert list(model.nll(path, column="mine")) == expected
    assert len(model.nll([])) == 0 and math.isnan(model.nll([]).mean)
    for wrong in ("CCO", 5, pandas.DataFrame({"smiles": MOLECULES})):
        with pytest.raises(UsageError):
            model.nll(wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="draws must be at least 1"):
        model.nll(MOLECULES, draws=0)


def test_progress_counts_the_molecules_that_fit(tiny_model: Path, smiles: list[str]) -> None:
    done: list[int] = []
    found = Generator.from_pretrained(tiny_model).nll([*smiles[:40], "x"], draws=1, batch_size=8, progress=done.append)
    assert sum(done) == 41 - len(found.left_out) and max(done) <= 8
