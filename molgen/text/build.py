"""Untrained text models for a data set, and trained ones to continue on a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from molgen.datasets.batches import Arrays
from molgen.datasets.encoded import EncodedDataset
from molgen.errors import MolgenError
from molgen.text.corpus import length_shares, marginal
from molgen.text.model import TextGenerator
from molgen.text.tokenizers import Tokenizer

T = TypeVar("T", bound=TextGenerator)


def new_text(
    model: type[T], dataset: EncodedDataset, tokenizer: Tokenizer, groups: Mapping[int, Arrays], **parts: Any
) -> T:
    """An untrained model.

    Args:
        model: its class.
        dataset: whose name and splits are recorded.
        tokenizer: of the texts.
        groups: token numbers of the training texts by length.
        **parts: further fields of its configuration, such as ``network`` and ``process``.
    """
    common = {
        "tokenizer": tokenizer.config,
        "lengths": length_shares(groups),
        "marginal": tuple(marginal(groups, len(tokenizer.tokens))),
        "data": {"name": dataset.name, "fingerprint": dataset.fingerprint, "splits": dataset.report.splits},
    }
    return model(model.Config(**common, **parts))


def continue_text(name: str, family: str, smiles: Sequence[str]) -> TextGenerator:
    """A trained model of a family, to be trained further.

    Raises:
        MolgenError: it is of another family, or the molecules have tokens outside its vocabulary.
    """
    model = TextGenerator.from_pretrained(name)
    if model.kind != family:
        raise MolgenError(f"{name} holds a {model.kind} model, not a {family} model")
    for text in smiles:
        model.tokenizer.encode(text)
    return model
