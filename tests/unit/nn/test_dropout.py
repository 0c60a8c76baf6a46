"""Masks are those of examples: the same in any batch and in any process, and of the stated share."""

from __future__ import annotations

import pytest
import torch

from molgen.diffusion.random_keys import RandomKeys
from molgen.nn.dropout import Dropout, key_dropout, no_dropout, set_dropout
from molgen.nn.transformer import Transformer, TransformerConfig


def test_share_scale_and_evaluation() -> None:
    dropout, x = Dropout(0.2), torch.ones(50, 40, 10)
    key_dropout(dropout, RandomKeys.from_seed(0, torch.arange(50)))
    y = dropout(x)
    assert y.unique().tolist() == pytest.approx([0.0, 1.25])
    assert float((y == 0).float().mean()) == pytest.approx(0.2, abs=0.01)
    assert float((y == 0).float().mean((1, 2)).std()) > 0  # each example has a mask of its own
    assert float((y[:, :, 0] * y[:, :, 1]).mean()) == pytest.approx(1.0, abs=0.05)  # neighbours are independent
    assert torch.equal(dropout.eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)


def test_a_mask_belongs_to_its_example_and_its_layer() -> None:
    x = torch.ones(6, 5, 16)
    network = Transformer(TransformerConfig(width=16, layers=2, heads=2, dropout=0.5))
    parts = [part for part in network.modules() if isinstance(part, Dropout)]
    assert len(parts) == 4
    rng = RandomKeys.from_seed(3, torch.arange(6))
    key_dropout(network, rng)
    masks = [part(x) for part in parts]
    assert all(not torch.equal(masks[0], other) for other in masks[1:])
    key_dropout(network, rng.select(torch.tensor([4, 1])))
    for part, mask in zip(parts, masks, strict=True):
        assert torch.equal(part(x[:2]), mask[[4, 1]])
    key_dropout(network, rng.fold_in(1))
    assert not torch.equal(parts[0](x), masks[0])


def test_gradients_pass_where_values_pass() -> None:
    dropout, x = Dropout(0.5), torch.ones(3, 8, requires_grad=True)
    key_dropout(dropout, RandomKeys.from_seed(0, torch.arange(3)))
    y = dropout(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_no_dropout_is_for_a_block_alone_and_shares_can_be_set() -> None:
    network, x = torch.nn.Sequential(Dropout(0.0)).train(), torch.ones(4, 30)
    set_dropout(network, 0.5)
    assert not torch.equal(network(x), network(x))  # no keys: PyTorch's global state
    with no_dropout(network):
        assert network.training and torch.equal(network(x), x)
    assert not torch.equal(network(x), x)
