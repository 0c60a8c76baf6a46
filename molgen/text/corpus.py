"""Token sequences of a set of molecules, by length, and batches of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem
from torch import Tensor

from molgen.datasets.batches import Arrays, BatchStream
from molgen.errors import MolgenError
from molgen.text.tokenizers import Tokenizer


@dataclass(frozen=True)
class TextBatch:
    """Texts of the same number of tokens.

    Attributes:
        tokens: ``(B, n)`` int64.
        examples: ``(B,)`` int64, the number of each text in its split.
        visit: number of earlier passes over the data; with `examples` it determines the random keys.
    """

    tokens: Tensor
    examples: Tensor
    visit: int

    def __len__(self) -> int:
        return len(self.tokens)

    def to(self, device: torch.device, non_blocking: bool = False) -> TextBatch:
        """The batch on another device."""
        tokens, examples = (tensor.to(device, non_blocking=non_blocking) for tensor in (self.tokens, self.examples))
        return TextBatch(tokens, examples, self.visit)


def by_length(
    texts: Iterable[str], tokenizer: Tokenizer, refused: Callable[[str], None] | None = None
) -> dict[int, Arrays]:
    """Token numbers ``(m, n)`` by number of tokens n, shortest first; texts that do not fit are left out.

    Args:
        texts: any.
        tokenizer: of the texts.
        refused: called with a message for each text that does not fit.

    Raises:
        MolgenError: none fits.
    """
    groups: dict[int, list[list[int]]] = {}
    first: str | None = None
    for text in texts:
        try:
            numbers = tokenizer.encode(text)
        except MolgenError as error:
            first = first or str(error)
            if refused is not None:
                refused(str(error))
            continue
        groups.setdefault(len(numbers), []).append(numbers)
    groups.pop(0, None)
    if not groups:
        raise MolgenError(f"no text fits the vocabulary: {first or 'there is none'}")
    dtype = np.uint8 if len(tokenizer.tokens) <= 256 else np.uint16
    return {length: (np.array(groups[length], dtype=dtype),) for length in sorted(groups)}


def marginal(groups: Mapping[int, Arrays], vocabulary: int) -> list[float]:
    """Share of each token of a vocabulary of so many tokens, in all texts."""
    counts = sum((np.bincount(tokens.reshape(-1), minlength=vocabulary) for (tokens,) in groups.values()), np.zeros(()))
    return list((counts / counts.sum()).tolist())


def length_shares(groups: Mapping[int, Arrays]) -> dict[int, float]:
    """Share of the texts with each number of tokens."""
    counts = Counter({length: len(tokens) for length, (tokens,) in groups.items()})
    return {length: count / counts.total() for length, count in counts.items()}


def text_batches(
    groups: Mapping[int, Arrays] | Callable[[int], Mapping[int, Arrays]], batch_size: int, **options: Any
) -> BatchStream[TextBatch]:
    """Batches of texts of one length.

    Args:
        groups: from `by_length`, or a function from the visit to them.
        batch_size: texts per batch over all processes.
        **options: of `BatchStream`.
    """

    def collate(arrays: Sequence[Tensor], examples: Tensor, visit: int) -> TextBatch:
        return TextBatch(arrays[0], examples, visit)

    return BatchStream(groups if callable(groups) else lambda _: groups, collate, batch_size, **options)


def rewritten(smiles: Sequence[str], tokenizer: Tokenizer, seed: int) -> Callable[[int], Mapping[int, Arrays]]:
    """Token numbers of SMILES written anew on every visit, atoms in a random order.

    Args:
        smiles: molecules.
        tokenizer: of the SMILES.
        seed: with the number of the visit it determines the orders.
    """

    @lru_cache(maxsize=1)
    def groups(visit: int) -> Mapping[int, Arrays]:
        seeds: NDArray[np.int64] = np.random.Generator(np.random.Philox(key=[seed, visit])).integers(
            1, 2**31 - 1, len(smiles)
        )
        return by_length(map(_rewrite, smiles, seeds.tolist()), tokenizer)

    return groups


def _rewrite(smiles: str, seed: int) -> str:
    return str(Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed)[0])
