"""Templates: what is given stays, the rest is generated, holes take every share of what is missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from molgen.constraints.templates import Template
from molgen.datasets import EncodedDataset
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError, UsageError
from molgen.nn.transformer import TransformerConfig
from molgen.text.any_order import AnyOrder
from molgen.text.autoregressive import Autoregressive
from molgen.text.build import new_text
from molgen.text.continuous import ContinuousDiffusion
from molgen.text.corpus import by_length
from molgen.text.diffusion import TextDiffusion, TextNoiseConfig
from molgen.text.model import TextGenerator
from molgen.text.tokenizers import SmilesTokenizer
from tests.conftest import Run

SHAPE = TransformerConfig(width=16, layers=1, heads=2)


@pytest.fixture(scope="module")
def models(dataset: EncodedDataset) -> dict[str, TextGenerator]:
    texts = dataset.smiles("train")
    tokenizer = SmilesTokenizer.learn(texts)
    groups = by_length(texts, tokenizer)
    torch.manual_seed(0)
    absorbing = TextNoiseConfig(tokens="absorbing", schedule="linear")
    return {
        "marginal": new_text(TextDiffusion, dataset, tokenizer, groups, network=SHAPE).eval(),
        "absorbing": new_text(TextDiffusion, dataset, tokenizer, groups, network=SHAPE, process=absorbing).eval(),
        "any-order": new_text(AnyOrder, dataset, tokenizer, groups, network=SHAPE).eval(),
        "autoregressive": new_text(Autoregressive, dataset, tokenizer, groups, network=SHAPE).eval(),
        "continuous": new_text(ContinuousDiffusion, dataset, tokenizer, groups, network=SHAPE).eval(),
    }


def matches(text: str, template: str) -> bool:
    """Whether the parts of a template stand in a text, in order, the first and last at its ends."""
    first, *middle, last = template.split("*")
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    rest = text[len(first) : len(text) - len(last)]
    for part in middle:
        found = rest.find(part)
        if found < 0:
            return False
        rest = rest[found + len(part) :]
    return True


@pytest.mark.parametrize("template", ["C1CC1*", "*C(=O)O", "CC*N*O", "*"])
@pytest.mark.parametrize("name", ["marginal", "absorbing", "any-order", "continuous"])
def test_what_is_given_stays(models: dict[str, TextGenerator], name: str, template: str) -> None:
    model = models[name]
    settings: dict[str, object] = {"template": template}
    if name != "any-order":
        settings |= {"sampler": "first-hitting"} if name == "absorbing" else {"steps": 4}
    drawn = model.attempts(40, seed=1, **settings)  # type: ignore[arg-type]
    assert all(matches(text, template) for text in drawn), drawn
    assert len(set(drawn)) > 20
    assert model.attempts(40, seed=1, batch_size=7, **settings) == drawn  # type: ignore[arg-type]
    if name == "any-order":  # calls are spent on what is missing alone
        missing = sum(len(model.tokenizer.encode(text)) - len(template.replace("*", "")) for text in drawn) / 40
        assert drawn.calls == missing


def test_an_autoregressive_model_only_continues(models: dict[str, TextGenerator]) -> None:
    model = models["autoregressive"]
    assert all(text.startswith("C1CC1") for text in model.attempts(20, template="C1CC1*"))
    for template in ("*CO", "C*C*"):
        with pytest.raises(UsageError, match="only continue"):
            model.attempts(2, template=template)


def test_holes_share_what_is_missing_evenly() -> None:
    tokenizer = SmilesTokenizer(["C", "N", "O"])
    template = Template.read("*C*N*", tokenizer)
    mask, values = template.place(4, RandomKeys.from_seed(0, torch.arange(6000)))
    assert (mask.sum(1) == 2).all()
    first, second = (((values == number) & mask).byte().argmax(1) for number in (0, 1))
    counts = Counter(zip(first.tolist(), second.tolist(), strict=True))
    assert len(counts) == 6 and all(abs(count - 1000) < 150 for count in counts.values())


def test_bad_templates_have_one_line_errors(models: dict[str, TextGenerator]) -> None:
    model = models["any-order"]
    for template, said in (
        ("CCO", "nothing to generate"),
        ("[Xe]*", "'\\[Xe\\]'"),
        ("C C*", "not SMILES"),
        ("C" * 60 + "*", "gives 60 tokens"),
    ):
        with pytest.raises(MolgenError, match=said) as caught:
            model.attempts(2, template=template)
        assert "\n" not in str(caught.value)


def test_graphs_take_none(molgen: Run, tiny_model: Path) -> None:
    command = ("generate", "--model", tiny_model, "--attempts", 2, "--template", "CC*")
    assert "no template to set" in molgen(*command, code=2).stderr
