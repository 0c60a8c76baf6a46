"""Texts of which some parts are given: the rest is generated around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError

HOLE = "*"
"""Stands for any number of tokens."""

Frozen = tuple[Tensor, Tensor]
"""Which tokens are given ``(B, n)`` bool, and what they are ``(B, n)``."""


class Encoder(Protocol):
    """Splits a text into tokens, as every tokenizer does."""

    def encode(self, text: str) -> list[int]:
        """Token numbers of a text."""


@dataclass(frozen=True)
class Template:
    """What is given of a text.

    Attributes:
        parts: token numbers before, between and after the holes.
    """

    parts: tuple[tuple[int, ...], ...]

    @classmethod
    def read(cls, text: str, tokenizer: Encoder) -> Template:
        """A template such as ``C1CC1*``, where ``*`` stands for any number of tokens.

        Raises:
            MolgenError: there is no ``*`` in it, or what it gives does not fit the vocabulary.
        """
        if HOLE not in text:
            raise MolgenError(f"the template {text!r} leaves nothing to generate: put {HOLE} where tokens are missing")
        return cls(tuple(tuple(tokenizer.encode(part)) if part else () for part in text.split(HOLE)))

    @property
    def given(self) -> int:
        """Number of tokens given."""
        return sum(map(len, self.parts))

    def lengths(self, shares: Mapping[int, float]) -> dict[int, float]:
        """Those lengths that have room for it.

        Raises:
            MolgenError: there are none.
        """
        found = {length: share for length, share in shares.items() if share and length >= self.given}
        if not found:
            raise MolgenError(
                f"the template gives {self.given} tokens, but the longest text in training had {max(shares)}"
            )
        return found

    def place(self, length: int, rng: RandomKeys) -> Frozen:
        """Spread what is not given over the holes, every way of doing so with equal probability."""
        rows, device = len(rng.keys), rng.keys.device
        free, walls = length - self.given, len(self.parts) - 2
        bars = rng.uniform(free + walls).argsort(1)[:, :walls].sort(1).values  # walls between stars
        start = torch.zeros(rows, 1, dtype=torch.int64, device=device)
        mask = torch.zeros(rows, length, dtype=torch.bool, device=device)
        values = torch.zeros(rows, length, dtype=torch.int64, device=device)
        for number, part in enumerate(self.parts):
            before = sum(map(len, self.parts[:number]))
            if number == 0:
                gaps = start
            elif number <= walls:
                gaps = bars[:, number - 1 : number] - (number - 1)
            else:
                gaps = start + free
            columns = before + gaps + torch.arange(len(part), device=device)
            mask.scatter_(1, columns, True)
            values.scatter_(1, columns, torch.tensor(part, dtype=torch.int64, device=device).expand(rows, -1))
        return mask, values
