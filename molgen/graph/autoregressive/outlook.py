"""What aromatic rings would lack if the new atom were bonded so: a choice is told its consequences before it is made.

Bonding one more atom to a graph changes its largest matching in a way that can be read off. An atom that needs a
partner finds one if and only if it is bonded to one of those that some largest matching leaves out (Gallai and
Edmonds), which `aromatic` knows. An atom that a bond relieves of its need, such as a nitrogen by its third one, was
missing a partner if it is one of those, and leaves its partner alone if it is not. All that is exact where a matching
changes in one place; where bonds of one new atom do both, the changes are added up as if they were far apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from molgen.chem.bonds import BOND_NAMES, LEAST_ORDERS
from molgen.graph.autoregressive.aromatic import Aromatic

_AROMATIC = BOND_NAMES.index("aromatic")
_TOLD = 4
"""Missing partners, open ends and atoms to come are told apart up to this number."""

CODES = _TOLD**3


class Rings(NamedTuple):
    """The atoms known when one more is about to be bonded to them.

    Attributes:
        valences: of each if it is aromatic, as in `aromatic_states`, ``(..., c)``; all int8.
        taken: valence that its bonds take at least ``(..., c)``.
        aromatic: its aromatic bonds ``(..., c)``.
        exposed: 1 if some largest matching leaves it out ``(..., c)``.
        ends: open ends ``(...)``.
        missing: missing partners ``(...)``.
    """

    valences: Tensor
    taken: Tensor
    aromatic: Tensor
    exposed: Tensor
    ends: Tensor
    missing: Tensor

    def rows(self, *index: Tensor) -> Rings:
        """Some rows."""
        return Rings(*(part[index] for part in self))

    def atoms(self, index: Tensor) -> Rings:
        """Some atoms ``(..., r)`` of each row."""
        return self.each(lambda part: part.gather(-1, index))

    def each(self, change: Callable[[Tensor], Tensor]) -> Rings:
        """With everything that is said of single atoms changed."""
        valences, taken, aromatic, exposed = map(change, self[:4])
        return Rings(valences, taken, aromatic, exposed, self.ends, self.missing)


def rings_before(bonds: Tensor, valences: Tensor, aromatic: Aromatic) -> Rings:
    """The rings just before each atom of graphs is uncovered; what atoms not known then have means nothing.

    Args:
        bonds: ``(B, n, n)``, atoms in the order they are uncovered in.
        valences: ``(B, n)``.
        aromatic: what rings lack when each atom has just been uncovered.
    """
    orders = torch.tensor(LEAST_ORDERS, dtype=torch.int8, device=bonds.device)[bonds]
    later = (1, -1)
    return Rings(
        valences.to(torch.int8)[:, None].expand_as(bonds),
        _sum_before(orders),
        _sum_before((bonds == _AROMATIC).to(torch.int8)),
        torch.nn.functional.pad(aromatic.states // 2, (0, 0, *later)).to(torch.int8),
        torch.nn.functional.pad(aromatic.ends, later).to(torch.int8),
        torch.nn.functional.pad(aromatic.missing, later).to(torch.int8),
    )


def rings_now(bonds: Tensor, valences: Tensor, aromatic: Aromatic) -> Rings:
    """The rings of graphs as they stand.

    Args:
        bonds: ``(B, m, m)``, of all atoms known.
        valences: ``(B, m)``.
        aromatic: what rings lack; the last moment counts.
    """
    orders = torch.tensor(LEAST_ORDERS, dtype=torch.int8, device=bonds.device)[bonds]
    parts = (
        valences,
        orders.sum(2),
        (bonds == _AROMATIC).sum(2),
        aromatic.states[:, -1] // 2,
        aromatic.ends[:, -1],
        aromatic.missing[:, -1],
    )
    return Rings(*(part.to(torch.int8) for part in parts))


def _sum_before(parts: Tensor) -> Tensor:
    """Of a symmetric square, sums ``(B, m, k)`` over the columns before m of row k."""
    return torch.nn.functional.pad(parts.cumsum(1, dtype=torch.int8), (0, 0, 1, -1))


def effects(rings: Rings, kinds: Tensor) -> Tensor:
    """What bonds of some kinds, 0 for none, to each atom would change: ``(5, ...)``, to be added up over bonds.

    The valence and the aromatic bonds that the new atom gets; whether it meets an atom that can be its partner; open
    ends closed; partners missing elsewhere.
    """
    kinds = kinds.to(torch.int8)
    orders = torch.tensor(LEAST_ORDERS, dtype=torch.int8, device=kinds.device)[kinds.long()]
    aromatic = (kinds == _AROMATIC).to(torch.int8)
    before = _needs(rings.valences, rings.taken, rings.aromatic)
    after = _needs(rings.valences, rings.taken + orders, rings.aromatic + aromatic)
    met = aromatic * rings.exposed * after
    closed = aromatic * ((rings.valences > 0) & (rings.aromatic == 1))
    missing = (before & ~after) * (1 - 2 * rings.exposed)
    return torch.stack([part.expand_as(met) for part in (orders, aromatic, met, closed, missing)])


def outlooks(rings: Rings, done: Tensor, valences: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
    """What rings lack with the bonds chosen so far ``(M,)``, and would lack with one more, by kind ``(M, 4, c)``.

    Args:
        rings: before the new atom, of atoms ``(M, c)``.
        done: sums of `effects` over its bonds ``(5, M)``.
        valences: of the new atom, as in `Rings`, ``(M,)``.
        left: atoms still to come after it ``(M,)``.
    """
    kinds = torch.arange(1, len(LEAST_ORDERS), device=done.device)[:, None]
    by_kind = rings.each(lambda part: part[:, None])
    wide = (..., None, None)
    prospects = outlook(rings, done[wide] + effects(by_kind, kinds), valences[wide], left[wide])
    return outlook(rings, done, valences, left), prospects


def outlook(rings: Rings, changes: Tensor, valences: Tensor, left: Tensor) -> Tensor:
    """Codes ``(...)``, less than `CODES`, of what rings would lack once the new atom is bonded.

    Args:
        rings: before.
        changes: sums of `effects` over its bonds ``(5, ...)``.
        valences: of the new atom, as in `Rings`; like all below, to be broadcast against one of the changes.
        left: atoms still to come after it.
    """
    orders, aromatic, met, closed, missing = changes
    dims = (1,) * (orders.dim() - rings.ends.dim())
    ends = rings.ends.view(*rings.ends.shape, *dims) - closed + ((valences > 0) & (aromatic < 2))
    alone = _needs(valences, orders, aromatic) * torch.where(met > 0, -1, 1)
    lacking = rings.missing.view(*rings.missing.shape, *dims) + missing + alone
    code = torch.zeros_like(ends, dtype=torch.int64)
    for number in (lacking, ends, left):
        code = code * _TOLD + number.clamp(0, _TOLD - 1)
    return code


def _needs(valences: Tensor, taken: Tensor, aromatic: Tensor) -> Tensor:
    """Whether atoms need a double bond: valence is left when all their aromatic bonds are there."""
    return valences - taken - (2 - aromatic).clamp(min=0) > 0
