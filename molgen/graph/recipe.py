"""Training of the denoiser of whole graphs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from molgen.chem.vocabulary import Vocabulary
from molgen.datasets.batches import Batch, BatchStream, GraphBatch, graph_batches
from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.splits import TRAIN
from molgen.diffusion.objectives import OBJECTIVES
from molgen.errors import UsageError
from molgen.graph.build import check_data, graph_model
from molgen.graph.config import NetworkConfig, ProcessConfig
from molgen.graph.generator import GraphGenerator
from molgen.graph.model import GraphDiffusion
from molgen.models.base import Model
from molgen.models.recipe import VALIDATION_BATCH, MoleculesRecipe, size_shares


class GraphsRecipe(MoleculesRecipe):
    """A run of any family of graphs."""

    compiles: ClassVar[bool] = True

    def prepare_on(
        self, dataset: EncodedDataset, start: Model | None
    ) -> tuple[GraphGenerator, Callable[..., BatchStream[Batch]]]:
        model = self.new_model(dataset) if start is None else self.old_model(start, dataset)
        if self.optimiser.compile:
            model.compile_layers()

        def batches(**options: Any) -> BatchStream[Batch]:
            return graph_batches(
                dataset,
                TRAIN,
                self.optimiser.batch_size,
                vocabulary=model.vocabulary,
                prepare=self.preparation(model, dataset),
                **options,
            )

        return model, batches

    @classmethod
    def held_out(cls, model: Any, dataset: EncodedDataset, split: str, share: int = 1) -> BatchStream[Batch]:
        return graph_batches(dataset, split, VALIDATION_BATCH, vocabulary=model.vocabulary, passes=1, share=share)

    def preparation(self, model: Any, dataset: EncodedDataset) -> Callable[[GraphBatch], Batch] | None:
        """What is applied to every training batch where it is made, in a worker process if there is one."""
        return None

    def vocabulary_of(self, start: Model | None) -> Vocabulary | None:
        if not isinstance(start, GraphGenerator):
            raise UsageError('data.vocabulary = "model" is for a run that begins from a model: give --init-from')
        return start.vocabulary

    @classmethod
    def data_settings(cls, start: GraphGenerator) -> dict[str, Any]:
        return {"vocabulary": "model", "kekulized": start.vocabulary.kekulized}

    @classmethod
    def with_sizes(cls, model: GraphGenerator, counts: Mapping[int, int], data: dict[str, Any]) -> None:
        model.config = model.config.model_copy(update={"sizes": size_shares(counts, model.config.sizes), "data": data})

    @abstractmethod
    def new_model(self, dataset: EncodedDataset) -> GraphGenerator:
        """An untrained model for a set of molecules."""

    def old_model(self, start: Model, dataset: EncodedDataset) -> GraphGenerator:
        """A trained model, to be trained further.

        Raises:
            MolgenError: the data do not fit it.
        """
        assert isinstance(start, GraphGenerator)
        check_data(start, dataset)
        return start


class GraphRecipe(GraphsRecipe):
    """The denoiser of whole graphs: the TOML tables ``[data]``, ``[process]``, ``[network]`` and ``[optimiser]``.

    Attributes:
        process: the noise.
        network: shape of the denoiser.
    """

    family: Literal["graph"] = "graph"
    process: ProcessConfig = ProcessConfig()
    network: NetworkConfig = NetworkConfig()
    objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "graph": {
            "settings": {"optimiser": {"method": "muon", "learning_rate": 2e-3}},
            "samplings": tuple({"steps": steps, "distortion": "polydec"} for steps in (5, 15, 50)),
        }
    }

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        self.process.check_objective(self.optimiser.objective)
        return self

    def fixed_by(self, start: GraphDiffusion) -> dict[str, Any]:
        shape = start.config.denoiser.model_dump(include=set(NetworkConfig.model_fields))
        return {"process": start.config.process, "network": NetworkConfig.model_validate(shape)}

    def new_model(self, dataset: EncodedDataset) -> GraphDiffusion:
        return graph_model(dataset, self.process, self.network)
