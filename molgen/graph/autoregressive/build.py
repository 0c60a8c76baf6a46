"""An autoregressive graph model for a set of molecules: new, or from a trained one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from molgen.chem.vocabulary import Vocabulary
from molgen.datasets.batches import GraphBatch, graph_arrays
from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.splits import TRAIN
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.graph.autoregressive.config import AutoregressiveGraphConfig
from molgen.graph.autoregressive.model import TARGETS, AutoregressiveGraphModel
from molgen.graph.autoregressive.orders import PIECES, OrderName, draw_orders
from molgen.graph.autoregressive.preparation import Preparation, known_properties, squares
from molgen.graph.autoregressive.properties import PropertyScale
from molgen.graph.autoregressive.warm_start import enlarged
from molgen.graph.build import learned
from molgen.nn.transformer import TransformerConfig

_BINS = 20
"""Of the histograms of the share of atoms that are given."""
_MOST_PIECES = 3
"""That have a histogram of their own; more pieces share that of this number."""


class Settings(Protocol):
    """What a training run says of the model; see `AutoregressiveGraphConfig`."""

    @property
    def blocks(self) -> tuple[int, ...]:
        """See there."""

    @property
    def orders(self) -> Mapping[OrderName, float]:
        """See there."""

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of properties to condition on."""

    @property
    def network(self) -> TransformerConfig:
        """See there."""


def autoregressive_graph_model(
    dataset: EncodedDataset, settings: Settings, before: AutoregressiveGraphModel | None
) -> AutoregressiveGraphModel:
    """A model with the vocabulary and sizes of the training split.

    Args:
        dataset: encoded molecules.
        settings: of the run.
        before: a trained model to begin from; what the data have and it does not is added to it.

    Raises:
        UsageError: an unknown property.
    """
    config = {**learned(dataset), **_chosen(settings), "collections": dataset.collection_names}
    if before is not None:
        new = [token for token in config["atoms"] if token not in before.vocabulary.index]
        config["atoms"] = (*before.config.atoms, *new)
        config["network"] = before.config.network
        largest = max(before.largest, *config["sizes"])
        config["sizes"] = {**config["sizes"], largest: config["sizes"].get(largest, 0.0)}
    same = before is not None and before.config.data.get("fingerprint") == dataset.fingerprint
    if before is not None and same and tuple(before.config.properties) == settings.properties:
        config["properties"], targets = before.config.properties, getattr(before, "targets", None)
    else:
        vocabulary = Vocabulary(config["atoms"], config["kekulized"])
        config["properties"], targets = _measured(dataset, vocabulary, settings.properties)
    if "pieces" in settings.orders:
        config["given"] = _given(dataset)
    full = AutoregressiveGraphConfig.model_validate(config)
    model = AutoregressiveGraphModel(full) if before is None else enlarged(before, full)
    if targets is not None:
        model.targets.copy_(targets)
    return model


def renew_targets(model: AutoregressiveGraphModel, dataset: EncodedDataset) -> None:
    """Let a model of properties draw its targets from other molecules. Scales stay: the network was trained with them.

    Args:
        model: trained.
        dataset: encoded with the vocabulary of the model.
    """
    if model.config.properties:
        rows = torch.cat(list(_sampled(dataset, model.vocabulary, list(model.config.properties))))
        model.targets.copy_(rows)


def _chosen(settings: Settings) -> dict[str, Any]:
    return {"blocks": settings.blocks, "orders": dict(settings.orders), "network": settings.network}


def _measured(
    dataset: EncodedDataset, vocabulary: Vocabulary, names: Sequence[str]
) -> tuple[dict[str, PropertyScale], torch.Tensor | None]:
    """Scales of properties, and `TARGETS` rows of values and size of random training molecules."""
    if not names:
        return {}, None
    unknown = set(names) - known_properties()
    if unknown:
        raise UsageError(f"there is no property {', '.join(sorted(unknown))}; see: molgen properties")
    rows = torch.cat(list(_sampled(dataset, vocabulary, names)))
    deviations = rows.std(0).clamp(min=1e-3)
    scales = {
        name: PropertyScale(mean=float(mean), deviation=float(deviation))
        for name, mean, deviation in zip(names, rows.mean(0), deviations, strict=False)
    }
    return scales, rows


def _given(dataset: EncodedDataset) -> dict[int, tuple[float, ...]]:
    """Histograms of the share of atoms that are given, by number of pieces, of `TARGETS` training molecules."""
    found: dict[int, list[float]] = {number: [] for number in range(1, _MOST_PIECES + 1)}
    for batch in _random_molecules(dataset):
        n = batch.atoms.shape[1]
        if n > 1:
            keys = RandomKeys.from_seed(0, batch.examples).fold_in(n).keys.numpy().view(np.uint64)
            drawn = draw_orders(squares(batch), np.full(len(batch), PIECES), keys)
            for number, given in zip(drawn.pieces, drawn.given, strict=True):
                found[min(int(number), _MOST_PIECES)].append(given / n)
    counts = {number: np.histogram(shares, _BINS, (0, 1))[0] for number, shares in found.items() if shares}
    return {number: tuple((count / count.sum()).round(4).tolist()) for number, count in counts.items()}


def _sampled(dataset: EncodedDataset, vocabulary: Vocabulary, names: Sequence[str]) -> Iterator[torch.Tensor]:
    """Property values and sizes of `TARGETS` training molecules ``(m, P + 1)``, size after size."""
    preparation = Preparation(vocabulary, {"canonical": 1.0}, (1,), names)
    categories = torch.from_numpy(np.array(vocabulary.encode(dataset.vocabulary.atoms)))
    for batch in _random_molecules(dataset):
        _, first, places = np.unique(batch.examples.numpy(), return_index=True, return_inverse=True)
        once = batch.rows(torch.from_numpy(first))  # a small set has few molecules, drawn many times
        known = torch.ones(len(once), len(names), dtype=torch.bool)
        values, _ = preparation.conditions(replace(once, atoms=categories[once.atoms]), known)
        size = float(batch.atoms.shape[1])
        yield torch.cat([values[places], torch.full((len(batch), 1), size)], dim=1)


def _random_molecules(dataset: EncodedDataset) -> Iterator[GraphBatch]:
    """`TARGETS` training molecules, size after size, in the categories of the data set."""
    sizes = dataset.sizes(TRAIN)
    ends = np.cumsum(list(sizes.values()))
    chosen = np.sort(np.random.default_rng(0).integers(0, ends[-1], TARGETS))
    for size, begin, end in zip(sizes, ends - list(sizes.values()), ends, strict=True):
        rows: NDArray[np.int64] = chosen[(chosen >= begin) & (chosen < end)] - begin
        if len(rows):
            atoms, bonds, *rest = (
                torch.from_numpy(part[rows].astype(np.int64)) for part in graph_arrays(dataset, TRAIN, size)
            )
            yield GraphBatch(atoms, bonds, torch.from_numpy(rows), 0, *rest)
