"""A new denoiser of whole graphs for a set of molecules, and whether molecules fit a trained model of graphs."""

from __future__ import annotations

from typing import Any

from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.splits import TRAIN
from molgen.errors import MolgenError
from molgen.graph.config import DenoiserConfig, NetworkConfig, ProcessConfig
from molgen.graph.generator import GraphGenerator
from molgen.graph.model import GraphDiffusion, GraphModelConfig


def graph_model(dataset: EncodedDataset, process: ProcessConfig, network: NetworkConfig) -> GraphDiffusion:
    """An untrained model with the vocabulary, sizes and marginals of the training split.

    Args:
        dataset: encoded molecules.
        process: the noise.
        network: its shape.
    """
    atom_marginal, bond_marginal = dataset.marginals()
    config = GraphModelConfig(
        **learned(dataset),
        atom_marginal=tuple(atom_marginal),
        bond_marginal=tuple(bond_marginal),
        process=process,
        denoiser=DenoiserConfig(**network.model_dump(), max_atoms=max(dataset.sizes(TRAIN))),
    )
    return GraphDiffusion(config)


def learned(dataset: EncodedDataset) -> dict[str, Any]:
    """What every graph model takes from its training split: fields of `GraphGeneratorConfig`."""
    counts = dataset.sizes(TRAIN)
    return {
        "atoms": dataset.vocabulary.atoms,
        "kekulized": dataset.vocabulary.kekulized,
        "sizes": {size: count / sum(counts.values()) for size, count in counts.items()},
        "data": {"name": dataset.name, "fingerprint": dataset.fingerprint, "splits": dataset.report.splits},
    }


def check_data(model: GraphGenerator, dataset: EncodedDataset) -> None:
    """Refuse data that a trained model cannot be trained on further.

    Raises:
        MolgenError: the data have atoms or sizes that the model does not have.
    """
    extra = [token for token in dataset.vocabulary.atoms if token not in model.vocabulary.index]
    if extra:
        raise MolgenError(f"cannot start from this model on {dataset.name}: atoms {', '.join(extra[:5])} are new to it")
    if dataset.vocabulary.kekulized != model.vocabulary.kekulized:
        raise MolgenError(f"cannot start from this model on {dataset.name}: set data.kekulized as the model has it")
    largest = max(dataset.sizes(TRAIN))
    if largest > model.largest:
        raise MolgenError(
            f"cannot start from this model on {dataset.name}: it has molecules of {largest} atoms, "
            f"the model takes {model.largest}"
        )
