"""Similarities of all pairs, against their definition; and what computing them must leave as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from molgen.evaluation.similarity import internal_diversity, nearest_similarity

ROOT = Path(__file__).parents[3]


def _prints(rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**63, (rows, 4), dtype=np.uint64) & rng.integers(0, 2**63, (rows, 4), dtype=np.uint64)


def _tanimoto(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    one, other = (np.unpackbits(part.view(np.uint8), axis=1).astype(int) for part in (first, second))
    both = one @ other.T
    return both / (one.sum(1)[:, None] + other.sum(1) - both)


@pytest.mark.parametrize("rows", [1, 2, 63, 200])
def test_similarities_are_those_of_the_definition(rows: int) -> None:
    queries, reference = _prints(rows, 0), _prints(90, 1)
    np.testing.assert_allclose(nearest_similarity(queries, reference), _tanimoto(queries, reference).max(1))
    own = _tanimoto(queries, queries)
    found = internal_diversity(queries)
    assert found.first == pytest.approx(1 - own.mean())
    assert found.second == pytest.approx(1 - np.sqrt((own**2).mean(1)).mean())
    np.fill_diagonal(own, 0)
    np.testing.assert_allclose(nearest_similarity(queries), own.max(1))


def test_no_molecule_is_similar_to_none() -> None:
    assert nearest_similarity(_prints(0, 0), _prints(3, 1)).shape == (0,)


@pytest.mark.slow
def test_the_number_of_threads_of_torch_stays_what_it_is(tmp_path: Path) -> None:
    """Another number would change the bits of what is trained later. The code is compiled anew, as at first use."""
    script = (
        "import torch; torch.set_num_threads(1); assert torch.get_num_threads() == 1\n"
        "from tests.unit.evaluation.test_similarity import _prints, internal_diversity\n"
        "internal_diversity(_prints(50, 0)); print(torch.get_num_threads())"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True).stdout
    assert shown.strip() == "1"
