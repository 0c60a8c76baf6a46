"""Random networks on graphs of three or four atoms, small enough to enumerate."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from molgen.datasets.batches import GraphBatch
from molgen.graph.autoregressive.model import AutoregressiveGraphConfig, AutoregressiveGraphModel
from molgen.graph.autoregressive.partial_graph import BONDS
from molgen.graph.autoregressive.properties import PropertyScale
from molgen.nn.transformer import TransformerConfig


def toy(
    blocks: tuple[int, ...] = (0, 1, 2), size: int = 3, atoms: tuple[str, ...] = ("c", "N")
) -> AutoregressiveGraphModel:
    """A random network on graphs of two kinds of atoms."""
    torch.manual_seed(1)
    config = AutoregressiveGraphConfig(
        atoms=atoms,
        sizes={size: 0.5, size + 1: 0.5},
        blocks=blocks,
        network=TransformerConfig(width=16, layers=2, heads=2),
    )
    model = AutoregressiveGraphModel(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def conditioned(size: int = 3, atoms: tuple[str, ...] = ("C", "N"), std: float = 0.3) -> AutoregressiveGraphModel:
    """A random network that takes pieces and two properties."""
    torch.manual_seed(2)
    config = AutoregressiveGraphConfig(
        atoms=atoms,
        sizes={size: 0.5, size + 1: 0.5},
        orders={"canonical": 0.5, "traversal": 0.2, "pieces": 0.3},
        properties={
            "weight": PropertyScale(mean=50.0, deviation=10.0),
            "heavy_atoms": PropertyScale(mean=size, deviation=1.0),
        },
        network=TransformerConfig(width=16, layers=2, heads=2),
    )
    model = AutoregressiveGraphModel(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return model


def batch_of(atoms: list[list[int]], bonds: list[list[int]]) -> GraphBatch:
    return GraphBatch(torch.tensor(atoms), torch.tensor(bonds), torch.arange(len(atoms)), 0)


def all_graphs() -> GraphBatch:
    """Every graph of three atoms."""
    graphs = list(product(product(range(2), repeat=3), product(range(BONDS), repeat=3)))
    return batch_of([list(atoms) for atoms, _ in graphs], [list(bonds) for _, bonds in graphs])


@torch.no_grad()
def probabilities(model: AutoregressiveGraphModel, batch: GraphBatch, order: list[int]) -> Tensor:
    """p(graph | size, order)."""
    cost = model.cost(model.in_order(batch, torch.tensor(order).expand(len(batch), -1)))
    return (-(cost["atoms"] + cost["bonds"]).double()).exp()
