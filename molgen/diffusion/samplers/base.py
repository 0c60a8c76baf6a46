"""The loop all samplers share: a time grid, one network call per interval, one draw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor

from molgen.diffusion.process import Denoiser, Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.system.bounds import LARGEST_TEMPERATURE, LEAST_TEMPERATURE

_GUIDANCE_LIMIT = 8.0

Guidance = Callable[[State, State, Tensor], State]
"""Hook between network and draw: (logits, states, times) -> logits. Times are ``(B,)``, or ``(1,)``: one for all."""

Observer = Callable[[float, State], None]
"""Called with the time and the states after each draw, and once before the first."""

DISTORTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda u: u,
    "polydec": lambda u: u**2,
    "polyinc": lambda u: 1 - (1 - u) ** 2,
    "cosine": lambda u: (1 - (torch.pi * u).cos()) / 2,
}
"""Maps of [0, 1] onto itself. ``polydec`` takes ever smaller steps towards the data (Qin et al., DeFoG, 2024)."""


@dataclass(frozen=True)
class SamplerSettings:
    """How to sample.

    Attributes:
        steps: network calls.
        distortion: name in `DISTORTIONS`, applied to an even time grid.
        temperature: by kind, default 1; below 1 sharpens p(x_0 | x_t).
        top_p: by kind, default 1; keeps the likeliest classes that hold this much probability.

    Raises:
        ValueError: a setting out of range.
    """

    steps: int = 50
    distortion: str = "identity"
    temperature: Mapping[str, float] = field(default_factory=dict)
    top_p: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}")
        if self.distortion not in DISTORTIONS:
            raise ValueError(f"unknown distortion {self.distortion!r}; known: {', '.join(DISTORTIONS)}")
        for value in self.temperature.values():
            if not LEAST_TEMPERATURE <= value <= LARGEST_TEMPERATURE:
                raise ValueError(
                    f"temperatures must lie between {LEAST_TEMPERATURE:g} and {LARGEST_TEMPERATURE:g}, got {value:g}"
                )
        for value in self.top_p.values():
            if not 0 < value <= 1:
                raise ValueError(f"top_p must be above 0 and at most 1, got {value:g}")

    def times(self) -> list[float]:
        """``steps + 1`` times falling from 1 to 0.

        Example:
            >>> SamplerSettings(steps=4).times()
            [1.0, 0.75, 0.5, 0.25, 0.0]
        """
        grid = DISTORTIONS[self.distortion](torch.linspace(1, 0, self.steps + 1, dtype=torch.float64))
        return [float(t) for t in grid]


class Sampler(ABC):
    """Draws x_0 by going from t = 1 to t = 0 in steps.

    Args:
        settings: steps, distortion, temperatures, top-p.

    Example:
        What `sample` does, written out:

        >>> import torch, molgen
        >>> from itertools import pairwise
        >>> from molgen.diffusion.random_keys import RandomKeys
        >>> from molgen.diffusion.samplers import Renoise, SamplerSettings
        >>> model, sampler = molgen.load("qm9-graph").eval(), Renoise(SamplerSettings(steps=5))
        >>> rng = RandomKeys.from_seed(0, torch.arange(8))
        >>> x = model.process.prior({"atoms": 9, "bonds": 36}, rng.fold_in(0))
        >>> for number, (t, s) in enumerate(pairwise(sampler.settings.times()), start=1):
        ...     t, s = torch.tensor([t]), torch.tensor([s])
        ...     with torch.no_grad():
        ...         logits = model.denoiser(x, t)
        ...     x = sampler.step(model.process, logits, x, s, t, rng.fold_in(number))
        >>> x["atoms"].shape
        torch.Size([8, 9])
    """

    def __init__(self, settings: SamplerSettings | None = None) -> None:
        self.settings = settings or SamplerSettings()

    @abstractmethod
    def step(self, process: Process, logits: State, x_t: State, s: Tensor, t: Tensor, rng: RandomKeys) -> State:
        """Draw the states at time s from those at time t and the network's logits: one step of `sample`.

        Args:
            process: what the network was trained on.
            logits: the network's output for `x_t` at `t`, ``(B, V, K)`` by kind.
            x_t: states ``(B, V)`` by kind.
            s: time to go to, ``(B,)``, or ``(1,)``: one for all; below `t`.
            t: time of `x_t`, likewise.
            rng: random keys of this step, ``(B,)``.

        Returns:
            States ``(B, V)`` by kind.
        """

    def check(self, process: Process) -> None:
        """Refuse a process that it cannot sample.

        Raises:
            ValueError: it cannot; by default, because the network does not predict clean variables.
        """
        if process.parameterisation != "x0":
            raise ValueError("this sampler needs the x0 parameterisation; a reverse model samples ancestrally")

    def calls(self, sizes: Mapping[str, int]) -> int:
        """Network calls for molecules with these numbers of variables by kind."""
        return self.settings.steps

    @torch.no_grad()
    def sample(
        self,
        process: Process,
        denoise: Denoiser,
        sizes: Mapping[str, int],
        rng: RandomKeys,
        *,
        frozen: Mapping[str, tuple[Tensor, Tensor]] | None = None,
        guidance: Guidance | None = None,
        observer: Observer | None = None,
    ) -> State:
        """Sample one batch.

        Args:
            process: what the network was trained on.
            denoise: the network.
            sizes: number of variables of each kind.
            rng: one random key per example.
            frozen: by kind, a mask ``(B, V)`` bool and the values ``(B, V)`` it holds fixed (in-painting).
            guidance: changes the logits before each draw.
            observer: called with each intermediate state.

        Returns:
            ``(B, V)`` clean categories per kind.

        Raises:
            ValueError: see `check`.
        """
        self.check(process)
        device = rng.keys.device
        times = self.settings.times()
        x = hold(process.prior(sizes, rng.fold_in(0)), frozen)
        if observer is not None:
            observer(times[0], x)
        for number, (t_now, t_next) in enumerate(pairwise(times), start=1):
            t, s = torch.tensor([t_now], device=device), torch.tensor([t_next], device=device)
            logits = denoise(x, t)
            if guidance is not None:
                logits = guidance(logits, x, t)
            x = hold(self.step(process, logits, x, s, t, rng.fold_in(number)), frozen)
            if observer is not None:
                observer(t_next, x)
        return x

    def sharpen(self, logits: State) -> State:
        """Probabilities after temperature and top-p, ``(B, V, K)`` per kind."""
        result = {}
        for kind, values in logits.items():
            result[kind] = sharpened(
                values, self.settings.temperature.get(kind, 1.0), self.settings.top_p.get(kind, 1.0)
            )
        return result

    def clean_probabilities(self, process: Process, logits: State, x_t: State, t: Tensor) -> State:
        """p(x_0 | x_t), sharpened."""
        return self.sharpen(process.clean_logits(logits, x_t, t))


def sharpened(logits: Tensor, temperature: float, top_p: float) -> Tensor:
    """Probabilities ``(..., K)`` of logits after temperature and top-p."""
    p = (logits / temperature).softmax(-1)
    return _nucleus(p, top_p) if top_p < 1 else p


def guided(conditional: Tensor, unconditional: Tensor, weight: float) -> Tensor:
    """Log-probabilities ``(..., K)``, up to a constant, of two passes over the same state.

    log p + weight (log p - log p_unconditional) (classifier-free guidance, Ho and Salimans, 2022). The difference is
    cut at `_GUIDANCE_LIMIT`, so that a category which the unconditional pass all but excludes is not chosen for that
    reason alone.

    Args:
        conditional: logits ``(..., K)``; -inf stays so.
        unconditional: logits ``(..., K)``.
        weight: 0 for the conditional pass alone.
    """
    log_p = conditional.log_softmax(-1)
    difference = (log_p - unconditional.log_softmax(-1)).clamp(-_GUIDANCE_LIMIT, _GUIDANCE_LIMIT)
    return torch.where(log_p.isneginf(), log_p, log_p + weight * difference)


def _nucleus(p: Tensor, top_p: float) -> Tensor:
    """Zero all but the smallest set of classes that holds `top_p` (Holtzman et al., 2020)."""
    ordered, order = p.sort(-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    kept = torch.where(before < top_p, ordered, 0.0)
    return torch.zeros_like(p).scatter(-1, order, kept)


def hold(x: State, frozen: Mapping[str, tuple[Tensor, Tensor]] | None) -> State:
    """States with the frozen variables at their values."""
    if not frozen:
        return x
    return {kind: torch.where(*frozen[kind], value) if kind in frozen else value for kind, value in x.items()}
