"""Configuration of autoregressive graph models."""

from __future__ import annotations

from pydantic import Field

from molgen.graph.autoregressive.orders import OrderName
from molgen.graph.autoregressive.properties import PropertyScale
from molgen.graph.generator import GraphGeneratorConfig
from molgen.nn.transformer import TransformerConfig
from molgen.system.bounds import Block, NotNegative, Positive


class AutoregressiveGraphConfig(GraphGeneratorConfig):
    """Everything needed to build the generator again.

    Attributes:
        blocks: sizes of the blocks of atoms that molecules are generated in, in canonical order, each in a random order
            inside; one size is drawn for every molecule in training. 0 is one block, all in a random order.
        orders: share of each generation order in training; see `molgen.graph.autoregressive.orders`.
        properties: that it is conditioned on, and how they are distributed over its training molecules.
        collections: names of the collections that its training molecules come from.
        given: how much of a molecule is given in training where pieces are, by their number (3 is three or more):
            shares of the molecules in bins of equal width over the share of the atoms that are given.
        network: its shape.
    """

    blocks: tuple[Block, ...] = Field((1,), min_length=1)
    orders: dict[OrderName, Positive] = Field({"canonical": 1.0}, min_length=1)
    properties: dict[str, PropertyScale] = Field({}, max_length=256)
    collections: tuple[str, ...] = ()
    given: dict[int, tuple[NotNegative, ...]] = Field({})
    network: TransformerConfig = TransformerConfig()

    @property
    def mixed(self) -> bool:
        """Whether it is trained on other generation orders than the canonical one."""
        return set(self.orders) != {"canonical"}
