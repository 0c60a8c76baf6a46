"""Sampling of graphs of one size: all decoded at once, those that are wrong decoded again."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from molgen.chem.codec import GraphCodec
from molgen.chem.strict import strict_smiles
from molgen.diffusion.orders import block_order
from molgen.diffusion.process import State
from molgen.diffusion.random_keys import RandomKeys
from molgen.graph.autoregressive.config import AutoregressiveGraphConfig
from molgen.graph.autoregressive.decoder import Decoder, Parts, passes
from molgen.graph.autoregressive.plan import Asked
from molgen.graph.generator import state_graphs
from molgen.models.sampling import SamplingConfig
from molgen.nn.pairs import square_to_list

_REDRAWS = 8
"""Most drawings of one molecule under the valence guard, or around given pieces."""


def block_size(config: AutoregressiveGraphConfig, sampling: SamplingConfig) -> int:
    """Atoms of a block: by default those of the first block size of training."""
    return config.blocks[0] if sampling.block is None else sampling.block


@torch.no_grad()
def sample(
    model: Parts,
    codec: GraphCodec,
    size: int,
    rng: RandomKeys,
    sampling: SamplingConfig,
    asked: Asked,
    observer: Callable[[State], None] | None = None,
) -> tuple[State, list[int], list[str | None] | None]:
    """Graphs, of which those that are wrong have been drawn again.

    Wrong is what does not have all that is given, joined as it is meant to be, and, under the valence guard, what is
    invalid.

    Args:
        model: that draws.
        codec: of its molecules.
        size: atoms of each.
        rng: randomness ``(B,)``.
        sampling: how.
        asked: what is given, and what properties are asked for.
        observer: is shown each state.

    Returns:
        State, network calls of each, and under the valence guard canonical SMILES, None where it is invalid.
    """
    state, satisfied = decode(model, size, rng, sampling, asked, observer)
    cost = (size - asked.known) * passes(sampling, asked.targets, model.config)
    calls = [cost] * len(rng.keys)
    guarded = sampling.valence_guard
    found = judged(codec, state, asked) if guarded else None
    for number in range(1, _REDRAWS if guarded or asked.given is not None else 1):
        wrong = [row for row, fine in enumerate(satisfied) if not fine or (found is not None and not found[row])]
        if not wrong:
            break
        rows = torch.tensor(wrong, device=rng.keys.device)
        again, fine = decode(model, size, rng.select(rows).fold_in(-number), sampling, asked.rows(rows), observer)
        for kind, values in again.items():
            state[kind][rows] = values
        for row, ok in zip(wrong, fine, strict=True):
            calls[row] += cost
            satisfied[row] = ok
        if found is not None:
            for row, smiles in zip(wrong, judged(codec, again, asked), strict=True):
                found[row] = smiles
    return state, calls, found


def judged(codec: GraphCodec, state: State, asked: Asked) -> list[str | None]:
    """Canonical SMILES, or None of what is invalid, or where RDKit finds other aromatic atoms in a given piece."""
    found = [strict_smiles(codec.decode(graph)) for graph in state_graphs(state)]
    if asked.given is None:
        return found
    fragment = asked.given.fragment
    return [smiles if smiles is not None and fragment.contained_in(smiles) else None for smiles in found]


def decode(
    model: Parts,
    size: int,
    rng: RandomKeys,
    sampling: SamplingConfig,
    asked: Asked,
    observer: Callable[[State], None] | None = None,
) -> tuple[State, list[bool]]:
    """States, and whether they have all that is given as it is meant to be; arguments as of `sample`."""
    block = 1 if sampling.valence_guard or asked.given is not None else block_size(model.config, sampling)
    order = block_order(size, block, rng.fold_in(0))
    decoder = Decoder(model, size, order, sampling, asked.given, asked.targets)
    atoms = torch.full_like(order, len(model.config.atoms))  # no atom yet
    bonds = order.new_zeros(*order.shape, size)
    known = decoder.graph.known
    atoms[:, :known] = decoder.atoms
    bonds[:, :known, :known] = torch.from_numpy(decoder.graph.bonds[:, :known, :known]).to(bonds)
    for m in range(known, size):
        atom, row = decoder.step(rng.fold_in(m + 1))
        here = order[:, m : m + 1]
        atoms.scatter_(1, here, atom[:, None])
        row = torch.zeros_like(order).scatter_(1, order[:, :m], row)
        bonds.scatter_(1, here[..., None].expand(-1, -1, size), row[:, None])
        if observer is not None:
            observer({"atoms": atoms.clone(), "bonds": _listed(bonds)})
    return {"atoms": atoms, "bonds": _listed(bonds)}, decoder.satisfied


def _listed(bonds: Tensor) -> Tensor:
    """Pairs ``(B, n (n - 1) / 2)`` of squares of which one half or both are filled."""
    return square_to_list(torch.maximum(bonds, bonds.transpose(1, 2)))
