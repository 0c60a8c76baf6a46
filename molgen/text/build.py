"""New text models for a set of molecules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from molgen.datasets.batches import Arrays
from molgen.datasets.encoded import EncodedDataset
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
        dataset: where the texts come from.
        tokenizer: of the texts.
        groups: token numbers of the training texts by length.
        **parts: of its configuration, such as ``network`` and ``process``.
    """
    common = {
        "tokenizer": tokenizer.config,
        "lengths": length_shares(groups),
        "marginal": tuple(marginal(groups, len(tokenizer.tokens))),
        "data": {"name": dataset.name, "fingerprint": dataset.fingerprint, "splits": dataset.report.splits},
    }
    return model(model.Config(**common, **parts))
