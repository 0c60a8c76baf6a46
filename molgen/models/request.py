"""What is asked of a generator, once it has been checked: attempts by number, and which of them are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from molgen.constraints.conditions import Conditions
from molgen.constraints.filters import Filters
from molgen.models.results import Attempt, Generated, Likelihood


class Draw(Protocol):
    """Draws the attempts of a range of numbers, in strict form."""

    def __call__(self, examples: range, *, progress: Callable[[int], object] | None = None) -> list[Attempt]:
        """The attempts, in order."""


@dataclass(frozen=True)
class Request:
    """A checked request: `draw` gives any range of attempts, at any time, and `sieve` says which are kept.

    Attributes:
        draw: attempts by number; attempt i of a seed is always the same.
        conditions: what is asked of the molecules.
        known_rings: ring systems that molecules may have; None for any.
        filters: that molecules have to pass; None for none.
        likelihood: of the model, where it is exact.

    Example:
        >>> from molgen.models.generator import Generator
        >>> request = Generator.from_pretrained("qm9-text").request(seed=3)
        >>> request.draw(range(4))[2:] == request.draw(range(2, 4))
        True
    """

    draw: Draw
    conditions: Conditions | None = None
    known_rings: frozenset[str] | None = None
    filters: Filters | None = None
    likelihood: Likelihood | None = None

    def sieve(self, requested: int) -> Generated:
        """An empty result that keeps of the attempts added to it what was asked for.

        Args:
            requested: molecules to keep at most.
        """
        return Generated(
            requested=requested,
            conditions=self.conditions,
            known_rings=self.known_rings,
            filters=self.filters,
            likelihood=self.likelihood,
        )
