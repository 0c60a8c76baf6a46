"""Base class of text generators: tokenizer, lengths, and attempts from token sequences."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self, Unpack

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, model_validator
from torch import Tensor

from molgen.chem.strict import strict_from_smiles
from molgen.constraints.conditions import Conditions
from molgen.constraints.templates import Frozen, Template
from molgen.constraints.texts import fragment_template
from molgen.datasets.batches import Arrays
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError, MolgenError, UsageError
from molgen.models.generator import Generator
from molgen.models.results import Attempt
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import SamplingSettings, names_settings
from molgen.models.source import Form
from molgen.nn.transformer import TransformerConfig
from molgen.system.bounds import NotNegative, Share, Tokens
from molgen.text.corpus import TextBatch
from molgen.text.tokenizers import TokenizerConfig, make_tokenizer

_LENGTH_KEY, _STATE_KEY, _TEMPLATE_KEY = 0, 1, 1 << 40
_TRACE_ATTEMPTS = 100


class TextModelConfig(BaseModel):
    """Everything needed to build the generator again.

    Attributes:
        tokenizer: scheme and vocabulary.
        lengths: share of the training texts with each number of tokens.
        marginal: share of each token in training.
        network: shape of the Transformer.
        data: name, fingerprint and split of the training data.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokenizer: TokenizerConfig
    lengths: dict[Tokens, NotNegative]
    marginal: tuple[Share, ...]
    network: TransformerConfig = TransformerConfig()
    data: dict[str, Any] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.marginal) != len(self.tokenizer.tokens):
            raise ValueError("marginal and tokens differ in number")
        if sum(self.lengths.values()) <= 0:
            raise ValueError("no length has a positive share")
        return self

    @property
    def longest(self) -> int:
        """Tokens of the longest training text."""
        return max(self.lengths)


class TextGenerator(Generator):
    """A generator of token sequences.

    Args:
        config: everything.

    Attributes:
        continuing: whether it can only continue a text at its end.
    """

    Config: ClassVar[type[TextModelConfig]] = TextModelConfig
    continuing: ClassVar[bool] = False
    config: TextModelConfig

    def __init__(self, config: TextModelConfig) -> None:
        super().__init__()
        self.config = config
        self.sampling = SamplingConfig()
        self.tokenizer = make_tokenizer(config.tokenizer)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(cls.Config.model_validate(config))

    @abstractmethod
    def sample_tokens(
        self,
        length: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[Tensor], None] | None = None,
    ) -> tuple[list[list[int]], list[int]]:
        """Token numbers of one sequence per random key, and the network calls that each took.

        Args:
            length: number of tokens, from `draw_sizes`.
            rng: randomness, ``(B,)``.
            sampling: how.
            observer: called with the tokens ``(B, n)`` after each network call.
        """

    def encode(self, smiles: str) -> Arrays:
        try:
            numbers = self.tokenizer.encode(smiles)
        except MolgenError as error:
            raise MoleculeError("unknown_token", str(error)) from None
        longest = self.config.longest
        if len(numbers) > longest:
            raise MoleculeError("too_large", f"{len(numbers)} tokens, the model takes {longest}: {smiles}")
        return (np.array(numbers),)

    def batch(self, kinds: Sequence[Tensor], examples: Tensor) -> TextBatch:
        return TextBatch(kinds[0], examples, visit=0)

    def generates_size(self, size: int) -> bool:
        return self.config.lengths.get(size, 0.0) > 0

    def sample_batch(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, form: Form, conditions: Conditions | None = None
    ) -> list[Attempt]:
        sampling = self.sampling_under(conditions, sampling)
        sequences, calls = self.sample_tokens(size, rng.fold_in(_STATE_KEY), sampling)
        texts = [self.tokenizer.decode(numbers) for numbers in sequences]
        return [
            Attempt(text if form == "raw" else strict_from_smiles(text), count)
            for text, count in zip(texts, calls, strict=True)
        ]

    def check_sampling(self, sampling: SamplingConfig) -> None:
        super().check_sampling(sampling)
        template = self.template(sampling)
        if template is not None:
            template.lengths(self.config.lengths)

    @property
    def conditions(self) -> frozenset[str]:
        can = "template" in self.settings and self.config.tokenizer.kind != "selfies"
        return frozenset({"fragment"} if can else ())

    def sampling_under(self, conditions: Conditions | None, sampling: SamplingConfig) -> SamplingConfig:
        """With the fragment that is asked for as the template.

        Raises:
            UsageError: a template is asked for as well, or no template says the fragment.
        """
        if conditions is None or conditions.fragment is None:
            return sampling
        if sampling.template is not None:
            raise UsageError("a fragment and a template exclude each other")
        return sampling.replaced(template=fragment_template(conditions.fragment, self.continuing))

    def least_atoms(self, conditions: Conditions) -> int:
        if conditions.fragment is not None:
            fragment_template(conditions.fragment, self.continuing)  # or refuse
        return super().least_atoms(conditions)

    def template(self, sampling: SamplingConfig) -> Template | None:
        """The given tokens of the texts; None where all are generated.

        Raises:
            MolgenError: it does not fit the vocabulary.
        """
        return None if sampling.template is None else Template.read(sampling.template, self.tokenizer)

    def frozen(self, length: int, rng: RandomKeys, sampling: SamplingConfig) -> Frozen | None:
        """Given tokens of texts of some length, one text per random key; None without a template."""
        template = self.template(sampling)
        return None if template is None else template.place(length, rng.fold_in(_TEMPLATE_KEY))

    def draw_sizes(self, rng: RandomKeys, sampling: SamplingConfig, conditions: Conditions | None = None) -> Tensor:
        template = self.template(self.sampling_under(conditions, sampling))
        found = self.config.lengths if template is None else template.lengths(self.config.lengths)
        lengths = torch.tensor(list(found), device=rng.keys.device)
        shares = torch.tensor(list(found.values()), device=rng.keys.device)
        return lengths[rng.fold_in(_LENGTH_KEY).categorical(shares.expand(len(rng.keys), -1))]

    @names_settings
    def trace(
        self, seed: int = 0, conditions: Conditions | None = None, **sampling: Unpack[SamplingSettings]
    ) -> list[str]:
        config = self.sampling_under(conditions, self.sampling_with(**sampling))
        for number in range(_TRACE_ATTEMPTS):
            rng = RandomKeys.from_seed(seed, torch.tensor([number], device=self.device))
            states: list[str] = []
            size = int(self.draw_sizes(rng, config))

            def remember(tokens: Tensor, states: list[str] = states) -> None:
                states.append(self.tokenizer.decode(tokens[0].tolist()))

            sequences, _ = self.sample_tokens(size, rng.fold_in(_STATE_KEY), config, remember)
            smiles = strict_from_smiles(self.tokenizer.decode(sequences[0]))
            if smiles is not None and (conditions is None or all(conditions.satisfied(smiles).values())):
                return states
        raise MolgenError(f"none of {_TRACE_ATTEMPTS} attempts was valid and has what is asked; take another seed")
