"""Genetic operators: molecules made from good ones by rules alone, crossed and mutated, without a model."""

from molgen.optimisation.genetic.crossover import crossed
from molgen.optimisation.genetic.mutation import mutated
from molgen.optimisation.genetic.offspring import Operator, of_one, of_two, offspring

__all__ = ["Operator", "crossed", "mutated", "of_one", "of_two", "offspring"]
