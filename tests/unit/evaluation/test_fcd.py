"""ChemNet's activations take the memory of their numbers, and no more."""

from __future__ import annotations

from itertools import product

import psutil

from molgen.evaluation.fcd import activations


def test_memory_does_not_grow_with_every_batch() -> None:
    texts = ["".join(atoms) for atoms in product("CNO", repeat=7)]
    process = psutil.Process()
    activations(texts[:256])  # the network, and the largest batch
    before = process.memory_info().rss
    assert activations(texts).shape == (2187, 512)
    growth = process.memory_info().rss - before
    assert growth < 350e6  # 17 batches, each of which used to keep 37 MB
