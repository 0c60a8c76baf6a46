"""A small network with random weights that makes molecules of C, N and O, whole or around fragments."""

from __future__ import annotations

import torch

from molgen.graph.autoregressive.model import AutoregressiveGraphConfig, AutoregressiveGraphModel
from molgen.nn.transformer import TransformerConfig


def tiny() -> AutoregressiveGraphModel:
    torch.manual_seed(0)
    config = AutoregressiveGraphConfig(
        atoms=("C", "N", "O"),
        sizes=dict.fromkeys(range(4, 9), 0.2),
        orders={"canonical": 0.5, "traversal": 0.2, "pieces": 0.3},
        network=TransformerConfig(width=16, layers=2, heads=2),
    )
    model = AutoregressiveGraphModel(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def oxygens(smiles: list[str]) -> list[float]:
    """Share of the atoms that are oxygen."""
    return [text.count("O") / sum(map(str.isalpha, text)) for text in smiles]
