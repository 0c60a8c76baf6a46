"""Scores: what makes one molecule better than another."""

from molgen.scoring.score import Score, load_score
from molgen.scoring.scorer import Scorer

__all__ = ["Score", "Scorer", "load_score"]
