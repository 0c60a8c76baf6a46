"""What each family trains, on which batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from molgen.datasets.batches import Batch, BatchStream, graph_batches
from molgen.datasets.encoded import EncodedDataset, load_dataset
from molgen.datasets.splits import TRAIN, VALIDATION
from molgen.dialogue.batch import BlockBatch
from molgen.dialogue.long_text import read_stream, split_stream, stream_batches
from molgen.dialogue.model import BlockConfig, BlockDiffusion
from molgen.dialogue.pairs import pair_batches, read_pairs, split_pairs
from molgen.errors import MolgenError
from molgen.graph.build import any_order_graph_model, continue_graph, graph_model
from molgen.graph.generator import GraphGenerator
from molgen.models.base import Model
from molgen.text.any_order import AnyOrder
from molgen.text.autoregressive import Autoregressive
from molgen.text.build import continue_text, new_text
from molgen.text.continuous import ContinuousDiffusion
from molgen.text.corpus import by_length, rewritten, text_batches
from molgen.text.diffusion import TextDiffusion
from molgen.text.model import TextGenerator
from molgen.text.tokenizers import MOLECULE_TOKENIZERS, BytePairTokenizer, Tokenizer
from molgen.training.config import MoleculesRun, RunConfig
from molgen.training.runs import AnyOrderGraphRun, BlocksRun, GraphRun, StreamRun, TokensRun

VALIDATION_BATCH = 256

M = TypeVar("M", bound=Model)

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

    generator: Model
    batches: Callable[..., BatchStream[Batch]]
    validation: BatchStream[Batch] | None


def prepare(config: RunConfig, init_from: str | None, progress: Callable[[int], None] | None) -> Prepared:
    """Generator and batches of a run.

    Args:
        config: of the run.
        init_from: model to start from.
        progress: called with the number of records read while data is encoded.

    Raises:
        MolgenError: the model to start from is of another family, or the data do not fit it.
    """
    if isinstance(config, BlocksRun):
        return _prepare_blocks(config, init_from)
    assert isinstance(config, MoleculesRun)
    dataset = load_dataset(
        config.data.name,
        column=config.data.column,
        split=config.data.split,
        kekulized=config.data.kekulized,
        limits=config.data.limits(),
        desalt=config.data.desalt,
        progress=progress,
    )
    torch.manual_seed(config.optimiser.seed)
    validated = bool(dataset.report.splits.get(VALIDATION))
    if isinstance(config, GraphRun | AnyOrderGraphRun):
        return _prepare_graph(config, dataset, init_from, validated)
    assert isinstance(config, TokensRun)
    return _prepare_text(config, dataset, init_from, validated)


def _prepare_graph(
    config: GraphRun | AnyOrderGraphRun, dataset: EncodedDataset, init_from: str | None, validated: bool
) -> Prepared:
    model: GraphGenerator
    if init_from is not None:
        model = retrained(continue_graph(init_from, config.family, dataset), config)
    elif isinstance(config, GraphRun):
        model = graph_model(dataset, config.process, config.network)
    else:
        model = any_order_graph_model(dataset, config.blocks, config.network)
    if config.optimiser.compile:
        model.compile_layers()

    def batches(**options: Any) -> BatchStream[Batch]:
        return graph_batches(dataset, TRAIN, config.optimiser.batch_size, **options)

    return Prepared(model, batches, held_out(model, dataset, VALIDATION) if validated else None)


def _prepare_text(config: TokensRun, dataset: EncodedDataset, init_from: str | None, validated: bool) -> Prepared:
    smiles = dataset.smiles(TRAIN)
    model: TextGenerator
    if init_from is not None:
        model = retrained(continue_text(init_from, config.family, smiles), config)
        tokenizer = model.tokenizer
        groups = by_length(smiles, tokenizer)
    else:
        tokenizer = MOLECULE_TOKENIZERS[config.tokens.kind].learn(smiles)
        groups = by_length(smiles, tokenizer)
        own = {name: getattr(config, name) for name in type(config).model_fields.keys() - TokensRun.model_fields.keys()}
        model = new_text(MODELS[config.family], dataset, tokenizer, groups, network=config.network, **own)

    def batches(**options: Any) -> BatchStream[Batch]:
        seed = config.optimiser.seed
        source = rewritten(smiles, tokenizer, seed) if config.tokens.rewrite else groups
        return text_batches(source, config.optimiser.batch_size, **options)

    return Prepared(model, batches, held_out(model, dataset, VALIDATION) if validated else None)


def _prepare_blocks(config: BlocksRun, init_from: str | None) -> Prepared:
    """Of pairs of prompt and reply, or of a stream."""
    torch.manual_seed(config.optimiser.seed)
    if isinstance(config, StreamRun):
        return _prepare_stream(config, init_from)
    splits = split_pairs(read_pairs(config.data.name), config.data.split)
    if not splits[TRAIN]:
        raise MolgenError(f"{config.data.name} leaves no pairs to train on")
    texts = [text for pair in splits[TRAIN] for text in pair]
    sizes = {name: len(pairs) for name, pairs in splits.items()}

    def longest(tokenizer: Tokenizer) -> int:
        return max(len(tokenizer.encode(pair.reply)) for pair in splits[TRAIN])

    model = _block_model(config, init_from, texts, longest, sizes, None)

    def batches(split: str, batch_size: int, **options: Any) -> BatchStream[BlockBatch]:
        return pair_batches(splits[split], model.tokenizer, model.config.block, batch_size, **options)

    return _prepared_blocks(config, model, batches, bool(splits[VALIDATION]))


def _prepare_stream(config: StreamRun, init_from: str | None) -> Prepared:
    data = config.data
    splits = split_stream(read_stream(Path(data.name)), data.split)
    sizes = {name: len(text) for name, text in splits.items()}
    lines = splits[TRAIN].splitlines(keepends=True)
    window = data.length - config.block  # what the last block of a window has before it
    model = _block_model(config, init_from, lines, lambda _: data.length, sizes, window)

    def batches(split: str, batch_size: int, **options: Any) -> BatchStream[BlockBatch]:
        return stream_batches(splits[split], model.tokenizer, data.length, batch_size, **options)

    return _prepared_blocks(config, model, batches, bool(splits[VALIDATION]))


def _block_model(
    config: BlocksRun,
    init_from: str | None,
    texts: Sequence[str],
    longest: Callable[[Tokenizer], int],
    sizes: dict[str, int],
    window: int | None,
) -> BlockDiffusion:
    if init_from is not None:
        return BlockDiffusion.from_pretrained(init_from)
    tokenizer = BytePairTokenizer.learn(texts, config.data.vocabulary)
    return BlockDiffusion(
        BlockConfig(
            tokenizer=tokenizer.config,
            longest=longest(tokenizer),
            block=config.block,
            window=window,
            network=config.network,
            data={"name": config.data.name, "splits": sizes},
        )
    )


def _prepared_blocks(
    config: BlocksRun, model: BlockDiffusion, batches: Callable[..., BatchStream[BlockBatch]], validated: bool
) -> Prepared:
    validation = batches(VALIDATION, VALIDATION_BATCH, passes=1) if validated else None
    return Prepared(model, partial(batches, TRAIN, config.optimiser.batch_size), validation)


def retrained(model: M, config: RunConfig) -> M:
    """A model that is to be trained on the blocks of a run."""
    if hasattr(config, "blocks"):
        model.config = model.config.model_copy(update={"blocks": config.blocks})
    return model


def held_out(generator: Model, dataset: EncodedDataset, split: str, share: int = 1) -> BatchStream[Batch]:
    """One pass over the molecules of a split, as a generator reads them; those that do not fit it are left out.

    Args:
        generator: who reads.
        dataset: encoded molecules.
        split: which.
        share: of so many molecules one is read.

    Raises:
        MolgenError: there is no such split, or none fits.
    """
    if isinstance(generator, TextGenerator):
        groups = by_length(dataset.smiles(split), generator.tokenizer)
        return text_batches(groups, VALIDATION_BATCH, passes=1, share=share)
    return graph_batches(dataset, split, VALIDATION_BATCH, passes=1, share=share)
