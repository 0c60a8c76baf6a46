"""Random numbers belong to the example."""

from __future__ import annotations

import pytest
import torch

from molgen.diffusion.random_keys import RandomKeys


def test_numbers_do_not_depend_on_the_batch() -> None:
    whole = RandomKeys.from_seed(7, torch.arange(10)).fold_in(2).uniform(3, 4)
    parts = [RandomKeys.from_seed(7, torch.arange(a, b)).fold_in(2).uniform(3, 4) for a, b in ((0, 1), (1, 7), (7, 10))]
    assert torch.equal(whole, torch.cat(parts))
    assert torch.equal(whole[[4, 2]], RandomKeys.from_seed(7, torch.tensor([4, 2])).fold_in(2).uniform(3, 4))


def test_seeds_folds_and_examples_differ() -> None:
    base = RandomKeys.from_seed(0, torch.arange(100))
    for other in (
        RandomKeys.from_seed(1, torch.arange(100)),
        base.fold_in(0),
        base.fold_in(1),
        base.fold_in(0).fold_in(0),
    ):
        assert (base.uniform(5) == other.uniform(5)).float().mean() < 0.01


def test_numbers_are_uniform_and_uncorrelated() -> None:
    u = RandomKeys.from_seed(11, torch.arange(4000)).uniform(50)
    assert u.min() >= 0 and u.max() < 1
    shares = torch.histc(u.flatten(), 20, 0, 1) / u.numel()
    assert (shares - 0.05).abs().max() < 0.002
    correlation = torch.corrcoef(u.T)
    assert (correlation - torch.eye(50)).abs().max() < 0.08
    neighbours = torch.corrcoef(torch.stack([u[:-1].flatten(), u[1:].flatten()]))[0, 1]
    assert abs(float(neighbours)) < 0.01


def test_categories_are_drawn_as_often_as_asked_and_never_when_impossible() -> None:
    p = torch.tensor([0.0, 0.2, 0.0, 0.5, 0.3, 0.0])
    drawn = RandomKeys.from_seed(1, torch.arange(30_000)).categorical(p.expand(30_000, 1, 6) * 7)
    shares = torch.bincount(drawn.flatten(), minlength=6) / len(drawn)
    torch.testing.assert_close(shares, p, atol=0.01, rtol=0)
    assert (shares[p == 0] == 0).all()


def test_no_variables_is_no_numbers() -> None:
    assert RandomKeys.from_seed(0, torch.arange(3)).uniform(0).shape == (3, 0)


@pytest.mark.parametrize("seed", [2**63 - 1, 2**63, 2**64 - 1, -(2**63)])
def test_large_seeds_are_seeds(seed: int) -> None:
    examples = torch.arange(4)
    keys = RandomKeys.from_seed(seed, examples).keys
    assert not torch.equal(keys, RandomKeys.from_seed(0, examples).keys)
    assert torch.equal(keys, RandomKeys.from_seed(seed + 2**64, examples).keys)
