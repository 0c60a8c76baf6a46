"""Metrics of generated molecules: functions of lists of SMILES, independent of any model."""

from molgen.chem.validity import Validity, judge
from molgen.evaluation.evaluate import evaluate
from molgen.evaluation.fcd import frechet_chemnet_distance
from molgen.evaluation.intervals import MetricValue
from molgen.evaluation.references import Reference, find_reference, reference_of
from molgen.evaluation.result import Evaluation

__all__ = [
    "Evaluation",
    "MetricValue",
    "Reference",
    "Validity",
    "evaluate",
    "find_reference",
    "frechet_chemnet_distance",
    "judge",
    "reference_of",
]
