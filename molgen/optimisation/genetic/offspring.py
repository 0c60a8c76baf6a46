"""New molecules from a population of good ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from molgen.optimisation.genetic.crossover import crossed
from molgen.optimisation.genetic.mutation import mutated
from molgen.optimisation.memory import ranked

_MUTATED = 0.3
"""Share of children of two parents that are mutated too."""
_AGAIN = 0.3
"""Share of children of one parent that are changed once more, and of those once more again."""
_TRIES = 10
"""Tries for each child that is wanted."""

Operator = Callable[[Sequence[str], np.random.Generator], str | None]
"""Makes a child of parents; None where it cannot."""


def of_two(parents: Sequence[str], draw: np.random.Generator) -> str | None:
    """A child of the first two parents, sometimes mutated."""
    child = crossed(parents[0], parents[-1], draw)
    return mutated(child, draw) if child is not None and draw.random() < _MUTATED else child


def of_one(parents: Sequence[str], draw: np.random.Generator) -> str | None:
    """A child of the first parent, changed once, or several times with less and less probability."""
    return mutated(parents[0], draw, int(draw.geometric(1 - _AGAIN)))


def offspring(
    operator: Operator,
    population: Sequence[str],
    wanted: int,
    rank: float,
    draw: np.random.Generator,
    accepted: Callable[[str], bool] = lambda smiles: True,
) -> list[str]:
    """Different children of a population.

    Args:
        operator: `of_one` or `of_two`.
        population: canonical SMILES, best first.
        wanted: children; fewer where ten times as many tries give no more.
        rank: see `molgen.optimisation.memory.ranked`, by which parents are drawn.
        draw: randomness.
        accepted: whether a child is to be counted.

    Returns:
        Canonical SMILES, none of the population.

    Example:
        >>> children = offspring(of_one, ["CCO", "CCN"], 5, 0.1, np.random.default_rng(0))
        >>> len(children), "CCO" in children
        (5, False)
    """
    taken, found = set(population), list[str]()
    for _ in range(_TRIES * wanted):
        if len(found) == wanted:
            break
        parents = [population[one] for one in ranked(2, len(population), rank, draw)]
        child = operator(parents, draw)
        if child is not None and child not in taken and accepted(child):
            taken.add(child)
            found.append(child)
    return found
