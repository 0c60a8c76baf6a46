"""Suites of metrics, by name."""

from molgen.evaluation.suites.base import Context, Metric, Suite
from molgen.evaluation.suites.graphs import GRAPH
from molgen.evaluation.suites.guacamol import GUACAMOL, guacamol_json
from molgen.evaluation.suites.medchem import MEDCHEM
from molgen.evaluation.suites.moses import MOSES

SUITES: dict[str, Suite] = {suite.name: suite for suite in (MOSES, GUACAMOL, GRAPH, MEDCHEM)}

__all__ = ["SUITES", "Context", "Metric", "Suite", "guacamol_json"]
