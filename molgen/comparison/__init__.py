"""Comparison of generators on the same data, split, training time and evaluator, and tuning of sampling settings."""

from molgen.comparison.plan import Plan, Row, default_plan, read_plan
from molgen.comparison.run import compare
from molgen.comparison.table import Measured

__all__ = ["Measured", "Plan", "Row", "compare", "default_plan", "read_plan"]
