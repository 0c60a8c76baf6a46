"""Settings of graph diffusion; reading them needs neither RDKit nor PyG."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from molgen.models.noise import NoiseConfig, TransitionName
from molgen.system.bounds import Atoms, Channels, Expansion, Heads, Layers, Positive, Width

FeatureName = Literal["valence", "rings", "walks"]

LocalName = Literal["GINEConv", "GENConv", "GATv2Conv", "TransformerConv", "ResGatedGraphConv", "CGConv"]


class ProcessConfig(NoiseConfig):
    """The noise.

    Attributes:
        atoms: transition of atoms.
        bonds: transition of bonds.
        time_power: see there; what is hard in a graph is decided near the data.
    """

    atoms: TransitionName = "marginal"
    bonds: TransitionName = "marginal"
    time_power: Positive = 2.0


class NetworkConfig(BaseModel):
    """Shape of the network.

    Attributes:
        order: ``canonical`` gives the network the position of each atom as an input; ``random`` does not, and outputs
            then permute with the input.
        width: channels of atoms.
        pair_width: channels of pairs.
        layers: rounds of message passing.
        heads: attention heads; must divide `width`.
        triangle: channels of the triangle products between pairs; 0 leaves them out.
        expansion: hidden over outer channels of the feed-forward parts.
        features: of the noisy graph, computed and given to the network: ``valence``, ``rings``, ``walks``; see
            `molgen.graph.features`.
        local: operator of `torch_geometric.nn` that passes messages along the bonds of the noisy graph, beside the
            attention between all atoms; see `molgen.nn.message_passing.LOCAL_OPERATORS`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Literal["canonical", "random"] = "canonical"
    width: Width = 128
    pair_width: Width = 32
    layers: Layers = 6
    heads: Heads = 8
    triangle: Channels = 16
    expansion: Expansion = 2
    features: tuple[FeatureName, ...] = ("valence", "rings")
    local: LocalName | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"width {self.width} must be even and a multiple of heads {self.heads}")
        return self


class DenoiserConfig(NetworkConfig):
    """The network for a set of molecules, as a model's configuration states it.

    Attributes:
        max_atoms: largest molecule; larger ones are refused.
        features: none by default, since configurations written before there were features do not name them.
    """

    features: tuple[FeatureName, ...] = ()
    max_atoms: Atoms = 9
