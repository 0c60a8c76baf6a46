"""A new graph model for a set of molecules, or an old one for new molecules."""

from __future__ import annotations

from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.splits import TRAIN
from molgen.errors import MolgenError
from molgen.graph.denoiser import DenoiserConfig, NetworkConfig
from molgen.graph.model import GraphDiffusion, GraphModelConfig, ProcessConfig


def graph_model(dataset: EncodedDataset, process: ProcessConfig, network: NetworkConfig) -> GraphDiffusion:
    """An untrained model with the vocabulary, sizes and marginals of the training split.

    Args:
        dataset: encoded molecules.
        process: the noise.
        network: its shape.
    """
    counts = dataset.sizes(TRAIN)
    total = sum(counts.values())
    atom_marginal, bond_marginal = dataset.marginals()
    config = GraphModelConfig(
        atoms=dataset.vocabulary.atoms,
        kekulized=dataset.vocabulary.kekulized,
        sizes={size: count / total for size, count in counts.items()},
        atom_marginal=tuple(atom_marginal),
        bond_marginal=tuple(bond_marginal),
        process=process,
        denoiser=DenoiserConfig(**network.model_dump(), max_atoms=max(counts)),
        data={"name": dataset.name, "fingerprint": dataset.fingerprint, "splits": dataset.report.splits},
    )
    return GraphDiffusion(config)


def continue_from(model: GraphDiffusion, dataset: EncodedDataset) -> GraphDiffusion:
    """A trained model, to be trained further.

    Raises:
        MolgenError: the data have atoms or sizes that the model does not know.
    """
    if dataset.vocabulary != model.vocabulary:
        extra = [token for token in dataset.vocabulary.atoms if token not in model.vocabulary.index]
        reason = f"atoms {', '.join(extra[:5])} are new to it" if extra else "its atom tokens stand in another order"
        raise MolgenError(f"cannot start from this model on {dataset.name}: {reason}")
    largest = max(dataset.sizes(TRAIN))
    if largest > model.config.denoiser.max_atoms:
        raise MolgenError(
            f"cannot start from this model on {dataset.name}: it has molecules of {largest} atoms, "
            f"the model takes {model.config.denoiser.max_atoms}"
        )
    return model
