"""A text without end, such as a file of lines, cut into windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from molgen.datasets.batches import Arrays, BatchStream
from molgen.datasets.splits import TEST, TRAIN, VALIDATION, SplitConfig
from molgen.dialogue.batch import BlockBatch
from molgen.errors import MolgenError, UsageError
from molgen.text.tokenizers import Tokenizer


def read_stream(path: Path) -> list[str]:
    """Lines of a text, their ends included.

    Raises:
        UsageError: there is no such file.
        MolgenError: it is not UTF-8 text, or empty.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        raise UsageError(f"there is no text {str(path)!r}") from None
    except (OSError, ValueError) as error:
        raise MolgenError(f"cannot read {path}: {error}") from None
    if not lines:
        raise MolgenError(f"{path} is empty")
    return lines


def split_stream(lines: Sequence[str], config: SplitConfig) -> dict[str, str]:
    """The last lines for testing, those before for validation, the rest for training: neighbours stay together."""
    held = round((config.validation + config.test) * len(lines))
    tested = round(config.test * len(lines))
    first, second = len(lines) - held, len(lines) - tested
    parts = {TRAIN: lines[:first], VALIDATION: lines[first:second], TEST: lines[second:]}
    return {name: "".join(part) for name, part in parts.items()}


def stream_batches(
    text: str, tokenizer: Tokenizer, length: int, batch_size: int, *, seed: int = 0, **options: Any
) -> BatchStream[BlockBatch]:
    """Windows of a text, cut anew on every visit.

    Args:
        text: all of it.
        tokenizer: its tokens.
        length: tokens per window after the first, which is given.
        batch_size: windows per batch over all processes.
        seed: of the cuts and of the order.
        **options: of `BatchStream`.

    Raises:
        MolgenError: it is shorter than one window.
    """
    tokens = np.array([number for line in text.splitlines(keepends=True) for number in tokenizer.encode(line)])
    if len(tokens) <= length:
        raise MolgenError(f"the text has {len(tokens)} tokens, a window takes {length + 1}: choose shorter windows")

    def groups(visit: int) -> Mapping[int, Arrays]:
        random = np.random.Generator(np.random.Philox(key=[seed, visit]))
        start = int(random.integers(0, min(length, len(tokens) - length)))
        count = (len(tokens) - start - 1) // length
        windows = np.lib.stride_tricks.sliding_window_view(tokens, length + 1)[start::length][:count]
        return {length: (windows, np.ones(count, dtype=np.int64))}

    def collate(kinds: Sequence[Tensor], examples: Tensor, visit: int) -> BlockBatch:
        return BlockBatch(kinds[0], kinds[1], examples, visit)

    return BatchStream(groups, collate, batch_size, seed=seed, **options)
