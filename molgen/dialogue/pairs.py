"""Pairs of prompt and reply: where they come from, how they are split, batches of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from molgen.datasets.batches import Arrays, BatchStream
from molgen.datasets.splits import TEST, TRAIN, VALIDATION, SplitConfig
from molgen.dialogue.batch import BlockBatch
from molgen.errors import MolgenError, UsageError
from molgen.system.extras import missing_extra
from molgen.text.tokenizers import Tokenizer

CHATTERBOT = "chatterbot"
"""The English part of the package `chatterbot-corpus` (BSD licence)."""


class Pair(NamedTuple):
    """Something said, and what was answered."""

    prompt: str
    reply: str


def read_pairs(name: str) -> list[Pair]:
    """All different pairs of a corpus, in order.

    Args:
        name: ``chatterbot``, or a file with a prompt, a tab and a reply on every line.

    Raises:
        UsageError: there is no such corpus, or its package is not installed.
        MolgenError: a file that does not hold pairs.
    """
    found = _chatterbot() if name == CHATTERBOT else _table(Path(name))
    pairs = list(dict.fromkeys(pair for pair in found if pair.prompt and pair.reply))
    if not pairs:
        raise MolgenError(f"{name} holds no pairs of prompt and reply")
    return pairs


def _chatterbot() -> list[Pair]:
    try:
        import yaml

        folder = files("chatterbot_corpus") / "data" / "english"
    except ModuleNotFoundError:
        raise missing_extra("the corpus chatterbot", "dialogue") from None
    pairs = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".yml"):
            continue
        for conversation in yaml.safe_load(file.read_text(encoding="utf-8"))["conversations"]:
            lines = [_tidy(str(line)) for line in conversation]
            pairs += [Pair(*two) for two in pairwise(lines)]
    return pairs


def _table(path: Path) -> list[Pair]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    except FileNotFoundError:
        raise UsageError(
            f"there is no corpus {str(path)!r}: name {CHATTERBOT} or a file of prompt, tab, reply"
        ) from None
    except (OSError, ValueError, csv.Error) as error:
        raise MolgenError(f"cannot read {path}: {error}") from None
    pairs = []
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise MolgenError(f"{path}, line {number}: a prompt, a tab and a reply are wanted")
        pairs.append(Pair(_tidy(row[0]), _tidy(row[1])))
    return pairs


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def split_pairs(pairs: Sequence[Pair], config: SplitConfig) -> dict[str, list[Pair]]:
    """Split by prompt, so that no prompt of one split, whatever its capitals and punctuation, stands in another."""
    heard = {pair: re.sub(r"\W+", " ", pair.prompt.lower()).strip() for pair in pairs}
    prompts = sorted(set(heard.values()))
    order = np.random.Generator(np.random.Philox(key=[config.seed, 0])).permutation(len(prompts))
    first, second = round(config.test * len(prompts)), round((config.test + config.validation) * len(prompts))
    names = {
        prompts[i]: TEST if rank < first else VALIDATION if rank < second else TRAIN for rank, i in enumerate(order)
    }
    found: dict[str, list[Pair]] = {TRAIN: [], VALIDATION: [], TEST: []}
    for pair in pairs:
        found[names[heard[pair]]].append(pair)
    return found


def pair_batches(
    pairs: Iterable[Pair], tokenizer: Tokenizer, block: int, batch_size: int, **options: Any
) -> BatchStream[BlockBatch]:
    """A stream of pairs, grouped by length.

    Args:
        pairs: prompts and replies.
        tokenizer: of both.
        block: replies are filled up with ends to a multiple of it.
        batch_size: pairs per batch over all processes.
        **options: of `BatchStream`.
    """
    groups: dict[int, list[tuple[list[int], int]]] = {}
    for pair in pairs:
        given = opening(pair.prompt, tokenizer)
        reply = tokenizer.encode(pair.reply)
        text = given + reply + [len(tokenizer.tokens)] * (block - len(reply) % block)
        groups.setdefault(len(text), []).append((text, len(given)))
    if not groups:
        raise MolgenError("there are no pairs to read")
    arrays: dict[int, Arrays] = {
        n: (np.array([text for text, _ in rows]), np.array([begin for _, begin in rows]))
        for n, rows in sorted(groups.items())
    }

    def collate(kinds: Sequence[Tensor], examples: Tensor, visit: int) -> BlockBatch:
        return BlockBatch(kinds[0], kinds[1], examples, visit)

    return BatchStream(lambda _: arrays, collate, batch_size, **options)


def opening(prompt: str, tokenizer: Tokenizer) -> list[int]:
    """What stands before a reply: a beginning, the prompt, an end."""
    end = len(tokenizer.tokens)
    return [end + 1, *tokenizer.encode(prompt), end]
