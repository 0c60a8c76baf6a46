"""From molecules to what the network is trained on: generation orders, properties and teacher forcing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem
from torch import Tensor

from molgen.chem.codec import GraphCodec, MoleculeGraph
from molgen.chem.valence import aromatic_valences
from molgen.chem.vocabulary import Vocabulary
from molgen.datasets.batches import GraphBatch
from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.property_values import PropertyValues
from molgen.datasets.splits import TRAIN
from molgen.diffusion.orders import block_order
from molgen.diffusion.random_keys import RandomKeys
from molgen.features.named_properties import PROPERTIES, property_values
from molgen.graph.autoregressive.orders import CANONICAL, ORDER_NAMES, OrderName, draw_orders
from molgen.graph.autoregressive.properties import COLLECTION
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing, teacher_forcing

_ALL_WITHHELD = 0.3
"""Share of molecules of which all properties are withheld; of the others any number is."""
_BLOCKS, _SIZES, _NAMES, _ORDERS, _SHARES, _WITHHELD = range(6)


class Preparation:
    """Makes training batches. A function of molecules and random keys alone, so that workers can do it ahead.

    Args:
        vocabulary: of the model.
        orders: share of each generation order.
        blocks: sizes of the blocks of the canonical order; one is drawn for every molecule.
        properties: names of those that the model is conditioned on.
        seed: of the randomness.
        dataset: that batches are of the training molecules of; their properties are then computed once.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        orders: Mapping[OrderName, float],
        blocks: Sequence[int],
        properties: Sequence[str],
        seed: int = 0,
        dataset: EncodedDataset | None = None,
    ) -> None:
        self.codec = GraphCodec(vocabulary)
        self.valences = np.array(aromatic_valences(vocabulary))
        self.shares = torch.tensor([orders.get(name, 0.0) for name in ORDER_NAMES])
        self.blocks = torch.tensor(list(blocks))
        self.properties = tuple(properties)
        self.seed = seed
        self.computed = [column for column, name in enumerate(self.properties) if name in PROPERTIES]
        self.kept = None
        if dataset is not None and self.computed:
            self.kept = PropertyValues(dataset, TRAIN, [self.properties[column] for column in self.computed])

    def __call__(self, batch: GraphBatch) -> TeacherForcing:
        """A batch for training; its randomness is that of seed, molecules and visit."""
        rng = RandomKeys.from_seed(self.seed, batch.examples).fold_in(batch.visit)
        names = rng.fold_in(_NAMES).categorical(self.shares.expand(len(batch), -1))
        return self.ordered(batch, names, rng, self._drawn_known(rng))

    def ordered(self, batch: GraphBatch, names: Tensor, rng: RandomKeys, known: Tensor | None = None) -> TeacherForcing:
        """A batch with given generation orders.

        Args:
            batch: molecules.
            names: indices in `ORDER_NAMES` ``(B,)``.
            rng: randomness, ``(B,)``.
            known: properties that are not withheld ``(B, P)``; by default all are.
        """
        n = batch.atoms.shape[1]
        block = self.blocks[(rng.fold_in(_SIZES).uniform() * len(self.blocks)).long()]
        places = block_order(n, block, rng.fold_in(_BLOCKS)).numpy()
        square = squares(batch)
        drawn = draw_orders(square, names.numpy(), rng.fold_in(_ORDERS).keys.numpy().view(np.uint64))
        canonical = (drawn.names == CANONICAL)[:, None]
        sequence = np.where(canonical, places, drawn.atoms)
        values, known = self.conditions(batch, known)
        return teacher_forcing(
            np.take_along_axis(batch.atoms.numpy(), sequence, 1),
            reordered(square, sequence),
            np.where(canonical, places, np.arange(n)),
            self.valences,
            order=drawn.names,
            given=drawn.given,
            pieces=drawn.pieces,
            leaving=drawn.leaving,
            properties=values,
            known=known,
            examples=batch.examples,
            visit=batch.visit,
        )

    def _drawn_known(self, rng: RandomKeys) -> Tensor:
        """Which properties are not withheld: none of some molecules, a random number of the others."""
        share = rng.fold_in(_SHARES).uniform(2)
        known = rng.fold_in(_WITHHELD).uniform(max(1, len(self.properties)))[:, : len(self.properties)]
        return (known < share[:, :1]) & (share[:, 1:] >= _ALL_WITHHELD)

    def conditions(self, batch: GraphBatch, known: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Values of the properties of molecules, and which are not withheld, each ``(B, P)``.

        Args:
            batch: molecules.
            known: properties that are wanted ``(B, P)``; by default none. Those that cannot be computed are withheld.
        """
        known = torch.zeros(len(batch), len(self.properties), dtype=torch.bool) if known is None else known.clone()
        values = torch.zeros(known.shape)
        values[:, self.computed] = self._values(batch, known[:, self.computed])
        known &= values.isfinite()
        if COLLECTION in self.properties:
            column = self.properties.index(COLLECTION)
            if batch.collections is None:
                known[:, column] = False
            else:
                values[:, column] = batch.collections.float()
        return values.where(known, 0.0), known

    def _values(self, batch: GraphBatch, wanted: Tensor) -> Tensor:
        """Values of the computed properties ``(B, computed)``; infinite where they are wanted and cannot be had."""
        if self.kept is None:
            values = torch.full(wanted.shape, torch.nan)
        else:
            values = torch.from_numpy(self.kept.read(batch.examples.numpy()))
        missing = wanted & values.isnan()
        for row in missing.any(1).nonzero()[:, 0].tolist():
            columns = missing[row].nonzero()[:, 0].tolist()
            graph = MoleculeGraph(*(part[row].numpy().astype(np.uint8) for part in (batch.atoms, batch.bonds)))
            found = _computed(self.codec.decode(graph), [self.properties[self.computed[column]] for column in columns])
            values[row, columns] = torch.tensor(found)
            if self.kept is not None:
                self.kept.write(int(batch.examples[row]), columns, found)
        return values


def known_properties() -> set[str]:
    """Names of the properties that a model can be conditioned on."""
    return {*PROPERTIES, COLLECTION}


def _computed(mol: Chem.Mol, names: Sequence[str]) -> list[float]:
    """Values of properties, all infinite for a molecule that RDKit refuses."""
    try:
        Chem.SanitizeMol(mol)
        found = property_values(mol, names)
    except (ValueError, RuntimeError):
        found = [np.nan]
    return found if np.isfinite(found).all() else [np.inf] * len(names)


def squares(batch: GraphBatch) -> NDArray[np.uint8]:
    """Bonds as symmetric squares ``(B, n, n)``."""
    rows, n = batch.atoms.shape
    i, j = np.triu_indices(n, 1)
    square = np.zeros((rows, n, n), np.uint8)
    square[:, i, j] = square[:, j, i] = batch.bonds.numpy()
    return square


def reordered(square: NDArray[np.uint8], sequence: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Squares with the atoms in another order ``(B, n)``."""
    return square[np.arange(len(square))[:, None, None], sequence[:, :, None], sequence[:, None]]
