"""What each family trains, on which batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from molgen.datasets.batches import Batch, BatchStream, graph_batches
from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.splits import TRAIN, VALIDATION
from molgen.errors import MolgenError
from molgen.generator import Generator
from molgen.graph.build import continue_from, graph_model
from molgen.graph.model import GraphDiffusion
from molgen.text.any_order import AnyOrder
from molgen.text.autoregressive import Autoregressive
from molgen.text.build import continue_text, new_text
from molgen.text.continuous import ContinuousDiffusion
from molgen.text.corpus import by_length, rewritten, text_batches
from molgen.text.diffusion import TextDiffusion
from molgen.text.model import TextGenerator
from molgen.text.tokenizers import TOKENIZERS
from molgen.training.config import GraphRun, RunConfig, TokensRun

VALIDATION_BATCH = 256

MODELS: dict[str, type[TextGenerator]] = {
    model.kind: model for model in (TextDiffusion, AnyOrder, Autoregressive, ContinuousDiffusion)
}
"""What the families on tokens train; their runs have the fields of its configuration."""


@dataclass(frozen=True)
class Prepared:
    """Ready to train.

    Attributes:
        generator: what is trained.
        batches: makes the stream of training batches, given options of `BatchStream`.
        validation: one pass over the molecules for validation; None where there are none.
    """

    generator: Generator
    batches: Callable[..., BatchStream[Batch]]
    validation: BatchStream[Batch] | None


def prepare(config: RunConfig, dataset: EncodedDataset, init_from: str | None) -> Prepared:
    """Generator and batches of a run.

    Args:
        config: of the run.
        dataset: the molecules.
        init_from: model to start from.

    Raises:
        MolgenError: the model to start from is of another family, or the data do not fit it.
    """
    validated = bool(dataset.report.splits.get(VALIDATION))
    if isinstance(config, GraphRun):
        return _prepare_graph(config, dataset, init_from, validated)
    assert isinstance(config, TokensRun)
    return _prepare_text(config, dataset, init_from, validated)


def _prepare_graph(config: GraphRun, dataset: EncodedDataset, init_from: str | None, validated: bool) -> Prepared:
    if init_from is not None:
        model = continue_from(GraphDiffusion.from_pretrained(init_from), dataset)
    else:
        model = graph_model(dataset, config.process, config.network)
    if config.optimiser.compile:
        for layer in model.denoiser.layers:
            layer.compile()

    def batches(**options: Any) -> BatchStream[Batch]:
        return graph_batches(dataset, TRAIN, config.optimiser.batch_size, **options)

    validation = graph_batches(dataset, VALIDATION, VALIDATION_BATCH, passes=1) if validated else None
    return Prepared(model, batches, validation)


def _prepare_text(config: TokensRun, dataset: EncodedDataset, init_from: str | None, validated: bool) -> Prepared:
    smiles = dataset.smiles(TRAIN)
    model: TextGenerator
    if init_from is not None:
        model = continue_text(init_from, config.family, smiles)
        tokenizer = model.tokenizer
        groups = by_length(smiles, tokenizer)
    else:
        tokenizer = TOKENIZERS[config.tokens.kind].learn(smiles)
        groups = by_length(smiles, tokenizer)
        own = {name: getattr(config, name) for name in type(config).model_fields.keys() - TokensRun.model_fields.keys()}
        model = new_text(MODELS[config.family], dataset, tokenizer, groups, network=config.network, **own)
    if config.optimiser.compile:
        raise MolgenError("optimiser.compile is for graph models")

    def batches(**options: Any) -> BatchStream[Batch]:
        seed = config.optimiser.seed
        source = rewritten(smiles, tokenizer, seed) if config.tokens.rewrite else groups
        return text_batches(source, config.optimiser.batch_size, **options)

    validation = None
    if validated:
        validation = text_batches(by_length(dataset.smiles(VALIDATION), tokenizer), VALIDATION_BATCH, passes=1)
    return Prepared(model, batches, validation)
