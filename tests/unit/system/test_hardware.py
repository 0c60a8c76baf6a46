"""Batches are worked on in parallel, and results do not depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import molgen
from molgen.system.hardware import parallel_map, supports_bf16


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("threads")
def test_results_come_in_order_whatever_the_number_of_threads() -> None:
    seen = []
    for number in (1, 3):
        torch.set_num_threads(number)
        inside: list[int] = []

        def square(x: int, inside: list[int] = inside) -> int:
            inside.append(torch.get_num_threads())
            return x * x

        assert list(parallel_map(square, range(20), torch.device("cpu"))) == [x * x for x in range(20)]
        assert set(inside) == {1}  # each item on one core
        assert torch.get_num_threads() == number
        seen.append(molgen.load("qm9-text").attempts(30, seed=3, batch_size=4).smiles)
    assert seen[0] == seen[1]


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="the flags of the processor are read from Linux")
def test_bfloat16_is_used_where_the_processor_multiplies_it_and_not_where_it_is_imitated() -> None:
    """oneDNN says that it has bfloat16 for every processor with AVX-512; imitated, it is five times slower."""
    flags = set(Path("/proc/cpuinfo").read_text().split())
    if {"avx512_bf16", "amx_bf16"} & flags:
        assert supports_bf16()
    elif "sse2" in flags:
        assert not supports_bf16()
