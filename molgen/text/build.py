"""New text models for a set of molecules, or old ones for new molecules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from molgen.datasets.batches import Arrays
from molgen.datasets.encoded import EncodedDataset
from molgen.errors import MolgenError
from molgen.text.autoregressive import Autoregressive
from molgen.text.corpus import length_shares, marginal
from molgen.text.diffusion import TextDiffusion, TextDiffusionConfig, TextNoiseConfig
from molgen.text.model import TextGenerator, TextModelConfig
from molgen.text.tokenizers import Tokenizer
from molgen.text.transformer import TransformerConfig


def text_model(
    dataset: EncodedDataset,
    tokenizer: Tokenizer,
    groups: Mapping[int, Arrays],
    process: TextNoiseConfig,
    network: TransformerConfig,
) -> TextDiffusion:
    """An untrained diffusion model.

    Args:
        dataset: where the texts come from.
        tokenizer: of the texts.
        groups: token numbers of the training texts by length.
        process: the noise.
        network: its shape.
    """
    common = _common(dataset, tokenizer, groups)
    return TextDiffusion(TextDiffusionConfig(**common, process=process, network=network, longest=max(groups)))


def autoregressive_model(
    dataset: EncodedDataset, tokenizer: Tokenizer, groups: Mapping[int, Arrays], network: TransformerConfig
) -> Autoregressive:
    """An untrained autoregressive model; see `text_model`."""
    return Autoregressive(TextModelConfig(**_common(dataset, tokenizer, groups), network=network))


def _common(dataset: EncodedDataset, tokenizer: Tokenizer, groups: Mapping[int, Arrays]) -> dict[str, Any]:
    return {
        "tokenizer": tokenizer.config,
        "lengths": length_shares(groups),
        "marginal": tuple(marginal(groups, len(tokenizer.tokens))),
        "data": {"name": dataset.name, "fingerprint": dataset.fingerprint, "splits": dataset.report.splits},
    }


def continue_text(name: str, family: str, smiles: Sequence[str]) -> TextGenerator:
    """A trained model of a family, to be trained further.

    Raises:
        MolgenError: it is of another family, or the molecules hold tokens that it does not know.
    """
    model = TextGenerator.from_pretrained(name)
    if model.kind != family:
        raise MolgenError(f"{name} holds a {model.kind} model, not a {family} model")
    for text in smiles:
        model.tokenizer.encode(text)
    return model
