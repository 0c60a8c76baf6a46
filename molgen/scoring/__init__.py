"""Scores: what makes one molecule better than another."""

from molgen.scoring.benchmarks import load_score
from molgen.scoring.score import Score
from molgen.scoring.scorer import Scorer

__all__ = ["Score", "Scorer", "load_score"]
