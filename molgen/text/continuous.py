"""Continuous diffusion with quantisation: Gaussian noise on embedded tokens, which are rounded at the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from molgen.diffusion.random_keys import RandomKeys
from molgen.models.sampling import SamplingConfig
from molgen.nn.dropout import no_dropout
from molgen.nn.layers import TimeEmbedding
from molgen.system.bounds import NotNegative
from molgen.text.corpus import TextBatch
from molgen.text.model import TextGenerator, TextModelConfig
from molgen.text.timed import TimedTransformer

_TIME = 32
"""Features of the time of a token."""

LogRatio = Annotated[float, Field(ge=-50, le=50)]
Spread = Annotated[float, Field(ge=0.1, le=100)]  # with which no exponential of a log ratio over it overflows


class GaussianConfig(BaseModel):
    """The noise: z_t = a(t) e + s(t) n, n standard normal, with a^2 + s^2 = 1.

    The log signal-to-noise ratio log(a^2 / s^2) falls as the quantiles of a logistic distribution do: slowly where
    tokens become uncertain, fast where nearly all or nearly no information is left, so that the information falls about
    evenly in t (time warping of Dieleman et al., CDCD, 2022, in closed form).

    With a lag every token has a time of its own (AR-Diffusion, Wu et al., 2023): in sampling the first token is
    denoised first and the last token last, so that earlier tokens are less noisy than later ones.

    Attributes:
        highest: log signal-to-noise ratio at t = 0.
        lowest: the same at t = 1.
        centre: the same where it falls most slowly.
        spread: of the logistic distribution.
        lag: by how much the last token starts later than the first, in units of the time that one token takes; with 0
            all change together.
        clamp: ``always`` replaces the predicted embedding by that of the likeliest token at every step of sampling;
            ``end`` does so only at the end.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    highest: LogRatio = 1.0
    lowest: LogRatio = -8.0
    centre: LogRatio = -2.8
    spread: Spread = 0.8
    lag: NotNegative = 0.0
    clamp: Literal["always", "end"] = "end"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.lowest < self.highest:
            raise ValueError(f"lowest must be below highest, got {self.lowest} and {self.highest}")
        return self

    def token_times(self, t: Tensor, tokens: int) -> tuple[Tensor, Tensor]:
        """Time of each token at the times of texts ``(B,)``, and its derivative by them, ``(B, n)`` each."""
        behind = torch.linspace(self.lag, 0, tokens, device=t.device)
        times = (1 + self.lag) * t[:, None] - behind
        return times.clamp(0, 1), (1 + self.lag) * ((times >= 0) & (times <= 1))

    def ratio(self, t: Tensor) -> Tensor:
        """Log signal-to-noise ratio at times `t`, any shape."""
        return self.centre + self.spread * self._quantile(t).logit()

    def speed(self, t: Tensor) -> Tensor:
        """- d ratio / dt at times `t`, any shape."""
        p, (low, high) = self._quantile(t), self._ends()
        return self.spread * (high - low) / (p * (1 - p))

    def _ends(self) -> tuple[float, float]:
        """Share of the logistic distribution below `lowest` and below `highest`."""
        low, high = (1 / (1 + math.exp((self.centre - end) / self.spread)) for end in (self.lowest, self.highest))
        return low, high

    def _quantile(self, t: Tensor) -> Tensor:
        low, high = self._ends()
        return high + (low - high) * t


class ContinuousConfig(TextModelConfig):
    """Everything needed to build the generator again.

    Attributes:
        gaussian: the noise.
    """

    gaussian: GaussianConfig = GaussianConfig()


class ContinuousDiffusion(TextGenerator):
    """Gaussian diffusion on one-hot tokens scaled to unit variance per channel, trained by cross-entropy on the clean
    tokens (Dieleman et al., CDCD, 2022), with the bound of Kingma et al., 2021.

    The network has an earlier prediction of itself as input (self-conditioning, Chen et al., Analog Bits, 2023): in
    sampling that of the step before; in training, for half of the examples, that of the same noisy text.

    Args:
        config: everything.
    """

    family: ClassVar[str] = "continuous"
    settings = frozenset({"steps", "distortion", "temperature", "top_p", "template"})
    Config = ContinuousConfig
    config: ContinuousConfig

    def __init__(self, config: ContinuousConfig) -> None:
        super().__init__(config)
        vocabulary, width = len(config.tokenizer.tokens), config.network.width
        self.vocabulary = vocabulary
        self.sampling = SamplingConfig(sampler="ancestral")
        self.time = TimeEmbedding(_TIME)
        self.project = nn.Linear(2 * vocabulary + _TIME, width)
        self.network = TimedTransformer(config.network, config.longest)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, z: Tensor, t: Tensor, previous: Tensor) -> Tensor:
        """Logits of the clean tokens ``(B, n, K)``.

        Args:
            z: noisy embeddings ``(B, n, K)``.
            t: times of the texts ``(B,)``.
            previous: predicted probabilities of the clean tokens ``(B, n, K)``; 0 where there are none.
        """
        times, _ = self.config.gaussian.token_times(t, z.shape[1])
        inputs = torch.cat([z, self.embed(previous), self.time(times)], dim=-1)
        return self.head(self.network(self.project(inputs), t)).float()

    def heads(self) -> Sequence[nn.Module]:
        return (self.head,)

    def predict(self, z: Tensor, t: Tensor) -> Tensor:
        """Logits after two passes, the second with the prediction of the first as input, ``(B, n, K)``."""
        return self(z, t, self(z, t, torch.zeros_like(z)).softmax(-1))

    def one_hot(self, tokens: Tensor) -> Tensor:
        """``(..., n)`` -> ``(..., n, K)``."""
        return nn.functional.one_hot(tokens, self.vocabulary).float()

    def embed(self, p: Tensor) -> Tensor:
        """Expected embedding of token probabilities ``(..., K)``: one-hot vectors of length sqrt(K)."""
        return p * math.sqrt(self.vocabulary)

    def ratio(self, t: Tensor, tokens: int) -> Tensor:
        """Log signal-to-noise ratio of each token at the times of texts ``(B,)``, ``(B, n, 1)``."""
        gaussian = self.config.gaussian
        return gaussian.ratio(gaussian.token_times(t, tokens)[0])[..., None]

    def corrupt(self, tokens: Tensor, t: Tensor, rng: RandomKeys) -> Tensor:
        """z_t for clean tokens ``(B, n)``."""
        ratio = self.ratio(t, tokens.shape[1])
        e = self.embed(self.one_hot(tokens))
        noise = normal(rng, *tokens.shape[1:], self.vocabulary)
        return ratio.sigmoid().sqrt() * e + (-ratio).sigmoid().sqrt() * noise

    def loss(self, batch: TextBatch, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        self.check_objective(objective)
        t = rng.fold_in(0).uniform()
        z = self.corrupt(batch.tokens, t, rng.fold_in(1))
        twice = rng.fold_in(2).uniform() < 0.5
        previous = torch.zeros_like(z)
        with torch.no_grad(), no_dropout(self):  # as in sampling
            previous[twice] = self(z[twice], t[twice], previous[twice]).softmax(-1)
        _, speed = self.config.gaussian.token_times(
            t, batch.tokens.shape[1]
        )  # tokens whose time stands still add nothing
        return {"tokens": (speed * _cross_entropy(self(z, t, previous), batch.tokens)).sum(1)}

    def bound(self, batch: TextBatch, rng: RandomKeys) -> Tensor:
        """Upper bound on - log p, length included, nats, ``(B,)``.

        L = KL(q(z_1 | x) || N(0, 1)) - E log p(x | z_0) + 1/2 integral of - d SNR/dt |e - e'|^2 (Kingma et al., 2021,
        eq. 11 and 17), with e' the expected embedding under the network's p(x | z_t), and p(x | z_0) the network's own.
        """
        tokens, gaussian = batch.tokens, self.config.gaussian
        e = self.embed(self.one_hot(tokens))
        last = torch.sigmoid(torch.tensor(gaussian.lowest))  # a^2 at t = 1
        prior = 0.5 * (last * e**2 - last - torch.log1p(-last)).sum((1, 2))
        zero = torch.zeros(len(tokens), device=tokens.device)
        reconstruction = _cross_entropy(self.predict(self.corrupt(tokens, zero, rng.fold_in(0)), zero), tokens).sum(1)
        t = rng.fold_in(1).uniform()
        predicted = self.embed(self.predict(self.corrupt(tokens, t, rng.fold_in(2)), t).softmax(-1))
        times, pace = gaussian.token_times(t, tokens.shape[1])
        speed = pace * gaussian.speed(times) * gaussian.ratio(times).exp()
        diffusion = 0.5 * (speed * ((e - predicted) ** 2).sum(2)).sum(1)
        length = -math.log(self.config.lengths.get(tokens.shape[1], 0.0) or 1e-12)
        return prior + reconstruction + diffusion + length

    @torch.no_grad()
    def sample_tokens(
        self,
        length: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[Tensor], None] | None = None,
    ) -> tuple[list[list[int]], list[int]]:
        frozen = self.frozen(length, rng, sampling)
        z = normal(rng.fold_in(0), length, self.vocabulary)
        times = sampling.build().settings.times()
        p = torch.zeros_like(z)
        for number, (t_now, t_next) in enumerate(pairwise(times), start=1):
            t, s = (torch.full((len(z),), value, device=z.device) for value in (t_now, t_next))
            if frozen is not None:
                z = torch.where(frozen[0][..., None], self.corrupt(frozen[1], t, rng.fold_in(-number)), z)
            p = sampling.probabilities(self(z, t, p))
            if frozen is not None:
                p = torch.where(frozen[0][..., None], self.one_hot(frozen[1]), p)
            expected = self.one_hot(p.argmax(-1)) if self.config.gaussian.clamp == "always" else p
            noise = normal(rng.fold_in(number), length, self.vocabulary)
            z = self._step(z, self.embed(expected), self.ratio(t, length), self.ratio(s, length), noise)
            if observer is not None:
                observer(p.argmax(-1))
        return p.argmax(-1).tolist(), [sampling.steps] * len(z)

    def _step(self, z: Tensor, e: Tensor, now: Tensor, then: Tensor, noise: Tensor) -> Tensor:
        """Draw z_s from q(z_s | z_t, e), given the log ratios at t and s (Kingma et al., 2021, eq. 25-27)."""
        a_t, a_s = now.sigmoid().sqrt(), then.sigmoid().sqrt()
        v_t, v_s = (-now).sigmoid(), (-then).sigmoid()
        lost = -torch.expm1(now - then)  # 1 - SNR(t) / SNR(s)
        mean = a_t / a_s * v_s / v_t * z + a_s * lost * e
        return mean + (v_s * lost).sqrt() * noise


def normal(rng: RandomKeys, *shape: int) -> Tensor:
    """Standard normal numbers ``(B, *shape)`` (Box and Muller, 1958)."""
    radius = (-2 * (1 - rng.fold_in(0).uniform(*shape)).log()).sqrt()
    return radius * (2 * math.pi * rng.fold_in(1).uniform(*shape)).cos()


def _cross_entropy(logits: Tensor, tokens: Tensor) -> Tensor:
    """Cross-entropy of each token, nats, ``(B, n)``."""
    return nn.functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
