"""Training of the autoregressive model of graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from molgen.datasets.batches import Batch, GraphBatch
from molgen.datasets.encoded import EncodedDataset
from molgen.graph.autoregressive.build import autoregressive_graph_model, renew_targets
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.orders import OrderName
from molgen.graph.recipe import GraphsRecipe
from molgen.models.base import Model
from molgen.nn.transformer import TransformerConfig


class AutoregressiveGraphRecipe(GraphsRecipe):
    """The autoregressive model of graphs: the TOML tables ``[data]``, ``[network]`` and ``[optimiser]``.

    Attributes:
        blocks: sizes of the blocks of atoms that molecules are generated in, in canonical order; one is drawn for every
            molecule. 1 is autoregression in canonical order; larger blocks, and 0 for one block with all atoms in a
            random order, are absorbing diffusion.
        orders: share of each generation order: canonical, which the blocks are of, traversal, pieces.
        properties: names of the properties to condition the model on; see `molgen properties`.
        network: shape of the Transformer.
    """

    family: Literal["graph-autoregressive"] = "graph-autoregressive"
    blocks: tuple[Annotated[int, Field(ge=0)], ...] = Field((1,), min_length=1)
    orders: dict[OrderName, Annotated[float, Field(gt=0)]] = Field({"canonical": 1.0}, min_length=1)
    properties: tuple[str, ...] = ()
    network: TransformerConfig = TransformerConfig()
    rewarded: ClassVar[bool] = True
    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "graph-autoregressive": {"settings": {"optimiser": {"method": "muon", "learning_rate": 2e-3}}}
    }

    def fixed_by(self, start: AutoregressiveGraphModel) -> dict[str, Any]:
        return {"network": start.config.network}

    def kept_from(self, start: AutoregressiveGraphModel) -> dict[str, Any]:
        config = start.config
        return {"blocks": config.blocks, "orders": dict(config.orders), "properties": tuple(config.properties)}

    def new_model(self, dataset: EncodedDataset) -> AutoregressiveGraphModel:
        return autoregressive_graph_model(dataset, self, None)

    def old_model(self, start: Model, dataset: EncodedDataset) -> AutoregressiveGraphModel:
        assert isinstance(start, AutoregressiveGraphModel)
        if self.data.vocabulary == "model":  # nothing is added to it
            renew_targets(start, dataset)
            return start
        return autoregressive_graph_model(dataset, self, start)

    def preparation(self, model: AutoregressiveGraphModel, dataset: EncodedDataset) -> Callable[[GraphBatch], Batch]:
        return model.preparation(self.optimiser.seed, dataset)
