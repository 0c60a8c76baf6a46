"""How chains are trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

from molgen.datasets.batches import Batch, BatchStream, graph_batches
from molgen.datasets.encoded import EncodedDataset
from molgen.models.base import Model
from molgen.models.recipe import VALIDATION_BATCH, MoleculesRecipe
from tests.toy_family.model import Chains, ChainsConfig


class ChainsRecipe(MoleculesRecipe):
    family: Literal["chains"] = "chains"
    largest: int = 12
    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {"chains": {}}

    def fixed_by(self, start: Chains) -> dict[str, Any]:
        return {"largest": start.config.largest}

    def prepare_on(
        self, dataset: EncodedDataset, start: Model | None
    ) -> tuple[Model, Callable[..., BatchStream[Batch]]]:
        model = start or Chains(ChainsConfig(largest=self.largest, data={"name": dataset.name}))

        def batches(**options: Any) -> BatchStream[Batch]:
            return graph_batches(dataset, "train", self.optimiser.batch_size, **options)

        return model, batches

    @classmethod
    def held_out(cls, model: Any, dataset: EncodedDataset, split: str, share: int = 1) -> BatchStream[Batch]:
        return graph_batches(dataset, split, VALIDATION_BATCH, passes=1, share=share)

    @classmethod
    def with_sizes(cls, model: Chains, counts: Mapping[int, int], data: dict[str, Any]) -> None:
        model.config = model.config.model_copy(update={"data": data})
