"""The network: noisy typed graph and time in, logits of every atom and bond out."""

from __future__ import annotations

from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from molgen.chem.bonds import BONDS
from molgen.diffusion.process import State
from molgen.graph.features import FeatureName, GraphFeatures
from molgen.graph.layers import GraphLayer
from molgen.nn.layers import TimeEmbedding
from molgen.nn.pairs import bond_graph, list_to_square, pair_index

LocalName = Literal["GINEConv", "GENConv", "GATv2Conv", "TransformerConv", "ResGatedGraphConv", "CGConv"]


class NetworkConfig(BaseModel):
    """Shape of the network.

    Attributes:
        order: ``canonical`` lets the network see the position of each atom; ``random`` hides it, and outputs then
            permute with the input.
        width: channels of atoms.
        pair_width: channels of pairs.
        layers: rounds of message passing.
        heads: attention heads; must divide `width`.
        triangle: channels of the triangle products between pairs; 0 leaves them out.
        expansion: hidden over outer channels of the feed-forward parts.
        features: of the noisy graph, computed and given to the network: ``valence``, ``rings``, ``walks``; see
            `GraphFeatures`.
        local: operator of PyG that passes messages along bonds beside the attention between all atoms, by name in
            `LOCAL_OPERATORS`, such as ``GINEConv``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Literal["canonical", "random"] = "canonical"
    width: int = Field(128, ge=2)
    pair_width: int = Field(32, ge=1)
    layers: int = Field(6, ge=1)
    heads: int = Field(8, ge=1)
    triangle: int = Field(16, ge=0)
    expansion: int = Field(2, ge=1)
    features: tuple[FeatureName, ...] = ()
    local: LocalName | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"width {self.width} must be even and a multiple of heads {self.heads}")
        return self


class DenoiserConfig(NetworkConfig):
    """The network for a set of molecules.

    Attributes:
        max_atoms: largest molecule; larger ones are refused.
    """

    max_atoms: int = Field(9, ge=1, le=512)


class GraphDenoiser(nn.Module):
    """Message passing over the complete graph whose edges are typed bonds, "none" included.

    Molecules of a batch have the same number of atoms, so that nothing is padded: tensors are dense, and messages
    pass by matrix products.

    Args:
        config: shape.
        atom_states: number of atom categories, mask included where the transition has one.
        bond_states: the same for bonds.
    """

    def __init__(self, config: DenoiserConfig, atom_states: int, bond_states: int) -> None:
        super().__init__()
        self.config = config
        width, pair_width = config.width, config.pair_width
        self.bond_states = bond_states
        self.atom_embedding = nn.Embedding(atom_states, width)
        self.bond_embedding = nn.Embedding(bond_states + 1, pair_width)  # the last one marks the pair (i, i)
        if config.order == "canonical":
            self.position = nn.Embedding(config.max_atoms, width)
            self.distance = nn.Embedding(config.max_atoms, pair_width)
        self.time = TimeEmbedding(width)
        self.size = nn.Embedding(config.max_atoms + 1, width)
        self.condition = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        bonded = torch.arange(bond_states)
        self.register_buffer("bonded", (bonded > 0) & (bonded < len(BONDS)), persistent=False)
        self.features = GraphFeatures(config.features, width, pair_width, bond_states) if config.features else None
        self.layers = nn.ModuleList(
            GraphLayer(width, pair_width, config.heads, config.triangle, width, config.expansion, config.local)
            for _ in range(config.layers)
        )
        self.atom_head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, atom_states))
        self.bond_head = nn.Sequential(nn.LayerNorm(pair_width), nn.Linear(pair_width, bond_states))

    def forward(self, state: State, t: Tensor) -> State:
        """Predict the clean graph.

        Args:
            state: ``atoms (B, n)`` and ``bonds (B, n (n - 1) / 2)``, int64.
            t: ``(B,)`` times in [0, 1].

        Returns:
            Logits ``atoms (B, n, atom_states)`` and ``bonds (B, n (n - 1) / 2, bond_states)``, float32.
        """
        atoms, bonds = state["atoms"], state["bonds"]
        batch, n = atoms.shape
        index = pair_index(n, atoms.device)
        self_pairs = bonds.new_full((batch, n), self.bond_states)
        h = self.atom_embedding(atoms)
        e = self.bond_embedding(torch.cat([bonds, self_pairs], dim=1))
        if self.config.order == "canonical":
            h = h + self.position.weight[:n]
            e = e + self.distance.weight[index.distance]
        if self.features is not None:
            squares = list_to_square(bonds)
            atom_features, pair_features = self.features(squares)
            if atom_features is not None:
                h = h + atom_features
            if pair_features is not None:
                e = e + pair_features.flatten(1, 2).index_select(1, index.upper)
        graph = None if self.config.local is None else bond_graph(bonds, self.bonded)
        if batch > 1 and t.stride(0) == 0:  # one time for all, as in sampling: condition once, for all
            t = t[:1]
        condition = self.condition(self.time(t) + self.size.weight[n])
        for layer in self.layers:
            h, e = layer(h, e, condition, index, graph)
        return {"atoms": self.atom_head(h).float(), "bonds": self.bond_head(e[:, : bonds.shape[1]]).float()}
