"""Sampling of graphs of several sizes, around different given pieces, in one batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from molgen.chem.codec import GraphCodec, MoleculeGraph
from molgen.chem.strict import strict_smiles
from molgen.diffusion.random_keys import RandomKeys
from molgen.graph.autoregressive.decoder import Decoder, Parts
from molgen.graph.autoregressive.given import Given, GivenGuard
from molgen.graph.autoregressive.orders import CANONICAL, PIECES
from molgen.graph.autoregressive.partial_graph import PartialGraph
from molgen.models.results import Attempt
from molgen.models.sampling import SamplingConfig


class MixedDecoder(Decoder):
    """Graphs in the making that differ in size and in what they begin with.

    Given atoms are added one by one like all others, with their bonds, while other graphs draw theirs. A graph that is
    whole goes on with atoms that have no meaning until the largest is whole.

    Args:
        model: that draws.
        sizes: atoms of each ``(B,)``.
        given: what each begins with, None for nothing.
        sampling: how.
    """

    def __init__(
        self, model: Parts, sizes: Sequence[int], given: Sequence[Given | None], sampling: SamplingConfig
    ) -> None:
        rows, size, device = len(sizes), max(sizes), model.atom_head.weight.device
        super().__init__(model, size, torch.arange(size, device=device).expand(rows, -1), sampling)
        self.sizes = torch.tensor(sizes, device=device)
        most = max((len(one.atoms) for one in given if one is not None), default=0)
        self.counts = np.zeros(rows, np.int64)
        self.given_atoms = np.zeros((rows, most), np.int64)
        self.given_bonds = np.zeros((rows, most, most), np.int64)
        pieces, leaving = np.zeros(rows, np.int64), np.full((rows, size), -1, np.int64)
        for row, one in enumerate(given):
            if one is not None:
                k = self.counts[row] = len(one.atoms)
                self.given_atoms[row, :k], self.given_bonds[row, :k, :k] = one.atoms, one.bonds
                pieces[row], leaving[row, :k] = one.pieces, one.leaving
        self.graph = PartialGraph(rows, size, self.counts, pieces, leaving)
        self.names = torch.tensor([CANONICAL if one is None else PIECES for one in given], device=device)
        self.ends = np.array(sizes)
        self.given_guard = GivenGuard(given, self.graph, self.ends)
        self._satisfied = self.counts == 0

    @property
    def satisfied(self) -> list[bool]:
        """Whether each graph, when it was whole, had what is given, used and joined as it is meant to be."""
        return self._satisfied.tolist()

    def step(self, rng: RandomKeys) -> tuple[Tensor, Tensor]:
        """Add one atom, as given or drawn: its category ``(B,)``, and its bonds to those before it ``(B, m)``."""
        assert self.given_guard is not None
        m = self.graph.known
        atom, row = self._drawn(rng)
        forced = self.counts > m
        if forced.any():
            each = torch.from_numpy(forced).to(atom.device)
            atom = torch.where(each, torch.from_numpy(self.given_atoms[:, m]).to(atom.device), atom)
            row = torch.where(each[:, None], torch.from_numpy(self.given_bonds[:, m, :m]).to(atom.device), row)
        self._add(atom, row)
        self.given_guard.add(np.where(forced[:, None], 0, row.cpu().numpy()))
        whole = (self.ends == m + 1) & (self.counts > 0)
        self._satisfied[whole] = self.given_guard.satisfied[whole]
        return atom, row


@torch.no_grad()
def sample_mixed(
    model: Parts,
    codec: GraphCodec,
    sizes: Sequence[int],
    given: Sequence[Given | None],
    rng: RandomKeys,
    sampling: SamplingConfig,
) -> list[Attempt]:
    """Attempts of several sizes around different pieces; what is invalid or changes a piece has no SMILES.

    Args:
        model: that draws.
        codec: that its graphs are decoded by.
        sizes: atoms of each.
        given: what each begins with, None for nothing.
        rng: randomness of each ``(B,)``.
        sampling: how.
    """
    decoder, found = MixedDecoder(model, sizes, given, sampling), []
    for m in range(max(sizes)):
        decoder.step(rng.fold_in(m + 1))
    atoms, bonds = decoder.atoms.cpu().numpy().astype(np.uint8), decoder.graph.bonds
    for row, (size, part, fine) in enumerate(zip(sizes, given, decoder.satisfied, strict=True)):
        i, j = np.triu_indices(size, 1)
        graph = MoleculeGraph(atoms[row, :size], bonds[row, i, j])
        smiles = strict_smiles(codec.decode(graph)) if fine else None
        kept = smiles is not None and (part is None or part.fragment.contained_in(smiles))
        found.append(Attempt(smiles if kept else None, size - (0 if part is None else len(part.atoms))))
    return found
