"""Objectives of training: cross-entropy on the clean variables, and the variational bound."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from molgen.diffusion.process import Denoiser, Process, State
from molgen.diffusion.random_keys import RandomKeys

OBJECTIVES = ("cross-entropy", "variational", "continuous")

_ENDS = 1e-5
"""Times of the continuous bound keep this distance from 0 and 1, where its integrand is 0 / 0."""


def cross_entropy(process: Process, logits: State, x0: State, x_t: State, t: Tensor) -> State:
    """- sum over variables of log p(x_0 | x_t), nats, ``(B,)`` per kind.

    Summed, not averaged, so that kinds weigh as they do in the likelihood.
    """
    clean = process.clean_logits(logits, x_t, t)
    return {
        kind: nn.functional.cross_entropy(clean[kind].transpose(1, 2), x0[kind], reduction="none").sum(1)
        for kind in process.kinds
    }


def bound_term(process: Process, logits: State, x0: State, x_t: State, s: Tensor, t: Tensor) -> State:
    """KL(q(x_s | x_t, x_0) || p(x_s | x_t)) summed over variables, nats, ``(B,)`` per kind.

    At s = 0 the first argument is x_0 itself, and the term is the reconstruction cost - log p(x_0 | x_t).
    """
    alpha_s, alpha_t = process.schedule.alpha(s), process.schedule.alpha(t)
    predicted = process.previous(logits, x_t, s, t)
    terms = {}
    for kind in process.kinds:
        transition = process.transition(kind)
        true = transition.posterior(x_t[kind], transition.one_hot(x0[kind]), alpha_s, alpha_t)
        log_ratio = true.clamp(min=1e-30).log() - predicted[kind].clamp(min=1e-30).log()
        terms[kind] = (true * log_ratio).sum((1, 2))
    return terms


def prior_term(process: Process, x0: State) -> State:
    """KL(q(x_1 | x_0) || prior), nats, ``(B,)`` per kind: zero whenever alpha(1) = 0."""
    terms = {}
    for kind in process.kinds:
        transition = process.transition(kind)
        alpha = process.schedule.alpha(torch.ones(len(x0[kind]), device=x0[kind].device))
        last = transition.row(x0[kind], alpha)
        log_ratio = last.clamp(min=1e-30).log() - transition.prior.clamp(min=1e-30).log()
        terms[kind] = (last * log_ratio).sum((1, 2))
    return terms


def grid_times(process: Process, rng: RandomKeys) -> tuple[Tensor, Tensor]:
    """A random interval (s, t) of the process's grid for each example: two ``(B,)`` tensors."""
    step = (rng.uniform() * process.steps).floor() + 1
    return (step - 1) / process.steps, step / process.steps


def variational_bound(process: Process, denoise: Denoiser, x0: State, rng: RandomKeys, draws: int = 1) -> Tensor:
    """Monte-Carlo estimate of the bound on - log p(x_0), nats, ``(B,)``.

    L = KL(q(x_1|x_0) || prior) + sum over the T steps of KL(q(x_s|x_t,x_0) || p(x_s|x_t))
    (Austin et al., 2021, eq. 1), the sum estimated from `draws` steps per example.
    """
    total = sum(prior_term(process, x0).values(), start=torch.zeros(()))
    for draw in range(draws):
        key = rng.fold_in(draw)
        s, t = grid_times(process, key.fold_in(0))
        x_t = process.corrupt(x0, t, key.fold_in(1))
        terms = bound_term(process, denoise(x_t, t), x0, x_t, s, t)
        total = total + process.steps / draws * sum(terms.values(), start=torch.zeros(()))
    return total


def continuous_term(process: Process, logits: State, x0: State, x_t: State, t: Tensor) -> State:
    """Density in t of the bound with infinitely many steps, summed over variables, nats, ``(B,)`` per kind.

    With r_y = q(y | x_0) / q(x_t | x_0), its estimate r'_y under p(x_0 | x_t), and R_y the rate of the noise from y
    into x_t, it is - alpha' / alpha sum over y of R_y (r'_y - r_y log r'_y + r_y (log r_y - 1)) (Campbell et al., 2022;
    Lou et al., 2024). For the absorbing transition this is the cross-entropy of the masked variables times
    - alpha' / (1 - alpha) (Sahoo et al., 2024; Shi et al., 2024), for the uniform one the loss of Schiff et al., 2024.
    """
    alpha = process.schedule.alpha(t)
    speed = -process.schedule.slope(t) / alpha
    clean = process.clean_logits(logits, x_t, t)
    terms = {}
    for kind in process.kinds:
        transition, x = process.transition(kind), x_t[kind]
        likelihood = transition.column(x, alpha)
        weight = torch.where(likelihood > 0, clean[kind].softmax(-1) / likelihood.clamp(min=1e-30), 0.0)
        predicted = transition.forward_product(weight, alpha).double()
        row = transition.row(x0[kind], alpha).double()
        true = row / row.gather(-1, x.unsqueeze(-1))
        log_ratio = true.clamp(min=1e-30).log() - predicted.clamp(min=1e-30).log()
        density = transition.rates_into(x) * (predicted - true + true * log_ratio)
        terms[kind] = (speed * density.sum((1, 2))).float()
    return terms


def continuous_bound(process: Process, denoise: Denoiser, x0: State, rng: RandomKeys, draws: int = 1) -> Tensor:
    """Monte-Carlo estimate of the bound with infinitely many steps, nats, ``(B,)``: the lowest of the x0
    parameterisation, and comparable between models trained with different numbers of steps.

    Args:
        process: of the x0 parameterisation.
        denoise: the network.
        x0: clean variables.
        rng: randomness.
        draws: times per example, one in each of as many equal parts of [0, 1].
    """
    total = sum(prior_term(process, x0).values(), start=torch.zeros(()))
    for draw in range(draws):
        key = rng.fold_in(draw)
        t = ((draw + key.fold_in(0).uniform()) / draws).clamp(_ENDS, 1 - _ENDS)
        x_t = process.corrupt(x0, t, key.fold_in(1))
        terms = continuous_term(process, denoise(x_t, t), x0, x_t, t)
        total = total + sum(terms.values(), start=torch.zeros(())) / draws
    return total


def tightest_bound(process: Process, denoise: Denoiser, x0: State, rng: RandomKeys, draws: int = 1) -> Tensor:
    """The continuous bound for the x0 parameterisation, else the bound of the process's steps, nats, ``(B,)``."""
    bound = continuous_bound if process.parameterisation == "x0" else variational_bound
    return bound(process, denoise, x0, rng, draws)


def training_loss(process: Process, denoise: Denoiser, x0: State, rng: RandomKeys, objective: str) -> State:
    """Loss ``(B,)`` per kind for one random time per example.

    Args:
        objective: ``cross-entropy`` (times uniform on [0, 1], to the process's `time_power`) or ``continuous`` (an
            unbiased estimate of the bound with infinitely many steps), which need the x0 parameterisation; or
            ``variational`` (an unbiased estimate of the bound with the process's own steps).

    Raises:
        ValueError: an unknown objective, or one that does not fit the reverse parameterisation.
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"unknown objective {objective!r}; known: {', '.join(OBJECTIVES)}")
    if objective == "variational":
        s, t = grid_times(process, rng.fold_in(0))
        x_t = process.corrupt(x0, t, rng.fold_in(1))
        terms = bound_term(process, denoise(x_t, t), x0, x_t, s, t)
        return {kind: process.steps * term for kind, term in terms.items()}
    if process.parameterisation != "x0":
        raise ValueError(f"{objective} needs the x0 parameterisation; use the variational bound")
    t = rng.fold_in(0).uniform()
    loss = cross_entropy
    if objective == "continuous":
        t, loss = t.clamp(_ENDS, 1 - _ENDS), continuous_term
    else:
        t = t**process.time_power
    x_t = process.corrupt(x0, t, rng.fold_in(1))
    return loss(process, denoise(x_t, t), x0, x_t, t)
