"""Two variables with three categories each: small enough to enumerate everything."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor, nn

from molgen.diffusion.objectives import training_loss
from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.schedules import Linear, Schedule
from molgen.diffusion.transitions import Absorbing, Hamming, Marginal, Transition, Uniform

CATEGORIES = 3
DATA = torch.tensor([[0.4, 0.05, 0.0], [0.0, 0.25, 0.05], [0.1, 0.0, 0.15]])
"""P(x_1, x_2): the two variables depend on each other."""

MAKERS = {
    "uniform": lambda: Uniform(CATEGORIES),
    "absorbing": lambda: Absorbing(CATEGORIES),
    "marginal": lambda: Marginal([0.45, 0.3, 0.25]),
    "hamming": lambda: Hamming([(0, 0), (0, 1), (1, 1)]),
}


def process(transition: str, steps: int, parameterisation: str = "x0", schedule: Schedule | None = None) -> Process:
    made: Transition = MAKERS[transition]()
    return Process({"x": made}, schedule or Linear(), parameterisation, steps)


class TableDenoiser(nn.Module):
    """As free as a network can be: its own logits for every state and step."""

    def __init__(self, states: int, steps: int) -> None:
        super().__init__()
        self.states, self.steps = states, steps
        self.logits = nn.Parameter(torch.zeros(steps + 1, states * states, 2, states))

    def forward(self, state: State, t: Tensor) -> State:
        x = state["x"]
        step = (t * self.steps).round().long()
        return {"x": self.logits[step, x[:, 0] * self.states + x[:, 1]]}


def draw(n: int, seed: int) -> Tensor:
    u = RandomKeys.from_seed(seed, torch.arange(n)).fold_in(99).categorical(DATA.flatten().expand(n, 1, -1))[:, 0]
    return torch.stack([u // CATEGORIES, u % CATEGORIES], dim=1)


def train(process_: Process, objective: str, updates: int = 600) -> TableDenoiser:
    torch.manual_seed(0)
    model = TableDenoiser(process_.transition("x").num_states, process_.steps)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates)
    for update in range(updates):
        rng = RandomKeys.from_seed(update, torch.arange(2048))
        loss = training_loss(process_, model, {"x": draw(2048, update)}, rng, objective)["x"].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        scheduler.step()
    return model


@torch.no_grad()
def exact_distribution(process_: Process, model: nn.Module) -> Tensor:
    """P(x_0) of the ancestral chain, by multiplying the transition matrices of the joint state."""
    transition = process_.transition("x")
    k = transition.num_states
    states = torch.tensor(list(product(range(k), repeat=2)))
    belief = (transition.prior[states[:, 0]] * transition.prior[states[:, 1]]).double()
    for step in range(process_.steps, 0, -1):
        t = torch.full((len(states),), step / process_.steps)
        s = torch.full((len(states),), (step - 1) / process_.steps)
        p = process_.previous(model({"x": states}, t), {"x": states}, s, t)["x"].double()
        joint = p[:, 0, states[:, 0]] * p[:, 1, states[:, 1]]
        belief = belief @ joint
    return belief.reshape(k, k)[:CATEGORIES, :CATEGORIES]
