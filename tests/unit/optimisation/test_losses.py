from __future__ import annotations

import pytest
import torch
from torch import Tensor

from molgen.optimisation.config import Learning
from molgen.optimisation.losses import loss


def slope(learning: Learning, cost: float, prior: float, reward: float, baseline: float = 0.0) -> float:
    """Derivative of the loss with respect to the cost: positive where the molecule becomes likelier."""
    leaf = torch.tensor([float(cost)], requires_grad=True)
    each: Tensor = loss(learning, leaf, torch.tensor([prior]), torch.tensor([reward]), baseline, 100.0)
    each.sum().backward()
    assert leaf.grad is not None
    return float(leaf.grad[0])


def test_augmented_likelihood_is_least_where_the_reward_is_paid_in_nats() -> None:
    assert slope("augmented", cost=30, prior=80, reward=0.5) == 0
    assert slope("augmented", cost=40, prior=80, reward=0.5) > 0
    assert slope("augmented", cost=20, prior=80, reward=0.5) < 0


def test_reinforce_raises_what_is_better_than_the_baseline_and_stays_near_the_prior() -> None:
    assert slope("reinforce", 30, 30, reward=0.6, baseline=0.5) == pytest.approx(0.1)
    assert slope("reinforce", 30, 30, reward=0.4, baseline=0.5) == pytest.approx(-0.1)
    assert slope("reinforce", 20, 30, reward=0.6, baseline=0.5) == pytest.approx(0.0)


def test_the_elite_is_raised_whatever_it_scores() -> None:
    assert slope("elite", 30, 0, reward=0.0) == slope("elite", 5, 90, reward=1.0) == 1
