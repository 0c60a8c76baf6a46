"""Generators side by side: same data, same split, same minutes, same evaluator."""

from molgen.comparison.plan import Plan, Row, default_plan, read_plan
from molgen.comparison.run import compare
from molgen.comparison.table import Measured

__all__ = ["Measured", "Plan", "Row", "compare", "default_plan", "read_plan"]
