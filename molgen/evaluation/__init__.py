"""Metrics of generated molecules: functions of SMILES alone, with no knowledge of any model."""

from molgen.evaluation.evaluate import Evaluation, evaluate
from molgen.evaluation.fcd import frechet_chemnet_distance
from molgen.evaluation.validity import Validity, judge

__all__ = ["Evaluation", "Validity", "evaluate", "frechet_chemnet_distance", "judge"]
