"""Discrete diffusion on tokens: the length is drawn first, then all tokens are denoised together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor, nn

from molgen.diffusion.objectives import tightest_bound, training_loss
from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.schedules import make_schedule
from molgen.diffusion.transitions import make_transition
from molgen.models.noise import NoiseConfig, TransitionName
from molgen.models.sampling import DENOISING, SamplingConfig
from molgen.nn.transformer import TransformerConfig
from molgen.text.corpus import TextBatch
from molgen.text.model import TextGenerator, TextModelConfig
from molgen.text.timed import TimedTransformer
from molgen.text.tokenizers import Tokenizer


class TextNoiseConfig(NoiseConfig):
    """The noise.

    Attributes:
        tokens: transition of tokens.
    """

    tokens: TransitionName = "marginal"


class TextDiffusionConfig(TextModelConfig):
    """Everything needed to build the generator again.

    Attributes:
        process: the noise.
    """

    process: TextNoiseConfig = TextNoiseConfig()


class TextDenoiser(nn.Module):
    """Network from noisy tokens and times to logits of the clean tokens.

    Args:
        config: shape of the Transformer.
        states: token states, mask included where the transition has one.
        longest: tokens of the longest text in training.
    """

    def __init__(self, config: TransformerConfig, states: int, longest: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(states, config.width)
        self.network = TimedTransformer(config, longest)
        self.head = nn.Linear(config.width, states)

    def forward(self, state: State, t: Tensor) -> State:
        """``tokens (B, n)`` int64 and times ``(B,)`` -> logits ``tokens (B, n, states)``, float32."""
        return {"tokens": self.head(self.network(self.embedding(state["tokens"]), t)).float()}


class TextDiffusion(TextGenerator):
    """Generates texts by denoising tokens.

    Args:
        config: everything.
    """

    family: ClassVar[str] = "text"
    settings = DENOISING | {"template"}
    Config = TextDiffusionConfig
    config: TextDiffusionConfig

    def __init__(self, config: TextDiffusionConfig) -> None:
        super().__init__(config)
        if config.process.parameterisation == "reverse":
            self.sampling = SamplingConfig(sampler="ancestral", steps=config.process.steps)
        self.process = build_process(config, self.tokenizer)
        states = self.process.transition("tokens").num_states
        self.denoiser = TextDenoiser(config.network, states, config.longest)

    def heads(self) -> Sequence[nn.Module]:
        return (self.denoiser.head,)

    def loss(self, batch: TextBatch, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        return training_loss(self.process, self.denoiser, {"tokens": batch.tokens}, rng, objective)

    def bound(self, batch: TextBatch, rng: RandomKeys) -> Tensor:
        cost = -math.log(self.config.lengths.get(batch.tokens.shape[1], 0.0) or 1e-12)
        return tightest_bound(self.process, self.denoiser, {"tokens": batch.tokens}, rng) + cost

    def sample_tokens(
        self,
        length: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[Tensor], None] | None = None,
    ) -> tuple[list[list[int]], list[int]]:
        calls = 0

        def denoise(state: State, t: Tensor) -> State:
            nonlocal calls
            calls += 1
            return self.denoiser(state, t)

        frozen = self.frozen(length, rng, sampling)
        state = sampling.build(self.process).sample(
            self.process,
            denoise,
            {"tokens": length},
            rng,
            frozen=None if frozen is None else {"tokens": frozen},
            observer=None if observer is None else lambda _, state: observer(state["tokens"]),
        )
        return state["tokens"].tolist(), [calls] * len(rng.keys)


def build_process(config: TextDiffusionConfig, tokenizer: Tokenizer) -> Process:
    """The forward process on tokens that a configuration describes."""
    noise = config.process
    codes = [tokenizer.code(token) for token in tokenizer.tokens]
    transition = make_transition(noise.tokens, config.marginal, codes, noise.hamming_length)
    schedule = make_schedule(noise.schedule, noise.power)
    return Process({"tokens": transition}, schedule, noise.parameterisation, noise.steps, noise.time_power)
