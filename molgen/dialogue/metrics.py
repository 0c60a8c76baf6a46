"""How varied and how good replies are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from statistics import mean

from molgen.errors import MolgenError
from molgen.system.extras import missing_extra


def words(text: str) -> list[str]:
    """Words and marks of a text, lower case."""
    return re.findall(r"\w+|[^\w\s]", text.lower())


def distinct(replies: Sequence[str], n: int) -> float:
    """Different n-grams over all n-grams of all replies (Li et al., 2016); 0 where there are none.

    Raises:
        MolgenError: n below 1.
    """
    if n < 1:
        raise MolgenError(f"n must be at least 1, got {n}")
    grams = list(chain.from_iterable(zip(*(words(reply)[i:] for i in range(n)), strict=False) for reply in replies))
    return len(set(grams)) / len(grams) if grams else 0.0


def self_bleu(groups: Sequence[Sequence[str]]) -> float:
    """Mean BLEU (up to 4-grams, smoothed by method 1 of Chen and Cherry, 2014) of each reply against the others to the
    same prompt (Zhu et al., Texygen, 2018): 1 for replies that are all the same, lower for varied ones.

    Args:
        groups: replies by prompt.

    Raises:
        MolgenError: a prompt has fewer than two replies.
        UsageError: the package nltk is not installed.
    """
    if any(len(group) < 2 for group in groups):
        raise MolgenError("self-BLEU needs at least two replies to every prompt")
    return mean(
        bleu([words(other) for j, other in enumerate(group) if j != i], words(reply))
        for group in groups
        for i, reply in enumerate(group)
    )


def bleu(references: Sequence[Sequence[str]], reply: Sequence[str]) -> float:
    """BLEU of one reply; n-grams up to its length, at most 4.

    Raises:
        UsageError: the package nltk is not installed.
    """
    try:
        from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
    except ModuleNotFoundError:
        raise missing_extra("BLEU", "dialogue") from None
    longest = min(4, max(1, len(reply)))
    if not reply:
        return float(any(not reference for reference in references))
    smoothing = SmoothingFunction().method1
    return float(sentence_bleu(references, reply, (1 / longest,) * longest, smoothing_function=smoothing))
