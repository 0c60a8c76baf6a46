"""Training of the families that generate molecules as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from molgen.datasets.batches import Batch, BatchStream
from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.splits import TRAIN
from molgen.diffusion.objectives import OBJECTIVES
from molgen.models.base import Model
from molgen.models.recipe import VALIDATION_BATCH, MoleculesRecipe, Settings, size_shares
from molgen.nn.transformer import TransformerConfig
from molgen.text.any_order import AnyOrder
from molgen.text.autoregressive import Autoregressive
from molgen.text.build import new_text
from molgen.text.continuous import ContinuousDiffusion, GaussianConfig
from molgen.text.corpus import by_length, rewritten, text_batches
from molgen.text.diffusion import TextDiffusion, TextNoiseConfig
from molgen.text.model import TextGenerator
from molgen.text.tokenizers import MOLECULE_TOKENIZERS

_MUON = {"optimiser": {"method": "muon", "learning_rate": 2e-3}}
_TIMED = {"network": {"width": 136}}  # time and length take parameters of their own: a narrower network makes up for it
_CALLS = ({"steps": 5}, {"steps": 15}, {"steps": 50})


class TokensConfig(Settings):
    """How molecules become tokens.

    Attributes:
        kind: ``smiles`` or ``selfies``.
        rewrite: write every molecule anew on every visit, its atoms in a random order, instead of canonically.
    """

    kind: Literal["smiles", "selfies"] = "smiles"
    rewrite: bool = False


class TokensRecipe(MoleculesRecipe):
    """A run of any family that works on tokens.

    Attributes:
        tokens: how molecules become tokens.
        network: shape of the Transformer.
    """

    tokens: TokensConfig = TokensConfig()
    network: TransformerConfig = TransformerConfig()

    trains: ClassVar[type[TextGenerator]]
    """Class of its models."""

    def parts(self) -> dict[str, Any]:
        """Fields of the model's configuration that are the family's own."""
        return {}

    def fixed_by(self, start: TextGenerator) -> dict[str, Any]:
        kind = start.config.tokenizer.kind
        return {"network": start.config.network, "tokens": self.tokens.model_copy(update={"kind": kind})}

    def prepare_on(
        self, dataset: EncodedDataset, start: Model | None
    ) -> tuple[TextGenerator, Callable[..., BatchStream[Batch]]]:
        smiles = dataset.smiles(TRAIN)
        if start is None:
            learned = MOLECULE_TOKENIZERS[self.tokens.kind].learn(smiles)
            groups = by_length(smiles, learned, _skipping(dataset))
            model = new_text(self.trains, dataset, learned, groups, network=self.network, **self.parts())
        else:
            model = self.old_model(start)
            groups = by_length(smiles, model.tokenizer, _skipping(dataset))
        tokenizer = model.tokenizer

        def batches(**options: Any) -> BatchStream[Batch]:
            source = rewritten(smiles, tokenizer, self.optimiser.seed) if self.tokens.rewrite else groups
            return text_batches(source, self.optimiser.batch_size, **options)

        return model, batches

    def old_model(self, start: Model) -> TextGenerator:
        """A trained model, to be trained further."""
        assert isinstance(start, TextGenerator)
        return start

    @classmethod
    def with_sizes(cls, model: TextGenerator, counts: Mapping[int, int], data: dict[str, Any]) -> None:
        lengths = size_shares(counts, model.config.lengths)
        model.config = model.config.model_copy(update={"lengths": lengths, "data": data})

    @classmethod
    def held_out(cls, model: Any, dataset: EncodedDataset, split: str, share: int = 1) -> BatchStream[Batch]:
        groups = by_length(dataset.smiles(split), model.tokenizer, _skipping(dataset))
        return text_batches(groups, VALIDATION_BATCH, passes=1, share=share)


def _skipping(dataset: EncodedDataset) -> Callable[[str], None]:
    """Counts molecules that have no tokens as skipped."""

    def skip(message: str) -> None:
        dataset.report.kept -= 1
        dataset.report.skip(None, "no_tokens", message)

    return skip


class TextRecipe(TokensRecipe):
    """Text diffusion: the TOML tables ``[data]``, ``[tokens]``, ``[process]``, ``[network]`` and ``[optimiser]``.

    Attributes:
        process: the noise.
    """

    family: Literal["text"] = "text"
    process: TextNoiseConfig = TextNoiseConfig()
    objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    trains = TextDiffusion
    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "text-absorbing": {
            "settings": {"process": {"tokens": "absorbing", "schedule": "linear"}, **_TIMED, **_MUON},
            "samplings": (*_CALLS, {"sampler": "first-hitting"}),
        }
    }

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        self.process.check_objective(self.optimiser.objective)
        return self

    def parts(self) -> dict[str, Any]:
        return {"process": self.process}

    def fixed_by(self, start: TextGenerator) -> dict[str, Any]:
        assert isinstance(start, TextDiffusion)
        return {**super().fixed_by(start), "process": start.config.process}


class AnyOrderRecipe(TokensRecipe):
    """Any-order absorbing diffusion: the TOML tables ``[data]``, ``[tokens]``, ``[network]`` and ``[optimiser]``.

    Attributes:
        blocks: sizes of the blocks that texts are generated in, from left to right; one is drawn for every text. 0 is
            one block, all in a random order.
    """

    family: Literal["any-order"] = "any-order"
    blocks: tuple[Annotated[int, Field(ge=0)], ...] = Field((0,), min_length=1)
    trains = AnyOrder
    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "text-any-order": {"settings": _MUON},
        "text-blocks": {"settings": {"blocks": [2], **_MUON}},
    }

    def parts(self) -> dict[str, Any]:
        return {"blocks": self.blocks}

    def kept_from(self, start: AnyOrder) -> dict[str, Any]:
        return {"blocks": start.config.blocks}

    def old_model(self, start: Model) -> TextGenerator:
        model = super().old_model(start)
        model.config = model.config.model_copy(update={"blocks": self.blocks})
        return model


class AutoregressiveRecipe(TokensRecipe):
    """An autoregressive model: the TOML tables ``[data]``, ``[tokens]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["autoregressive"] = "autoregressive"
    trains = Autoregressive
    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {"autoregressive": {"settings": _MUON}}


class ContinuousRecipe(TokensRecipe):
    """Gaussian diffusion: the TOML tables ``[data]``, ``[tokens]``, ``[gaussian]``, ``[network]``, ``[optimiser]``.

    Attributes:
        gaussian: the noise.
    """

    family: Literal["continuous"] = "continuous"
    gaussian: GaussianConfig = GaussianConfig()
    trains = ContinuousDiffusion
    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "continuous": {"settings": {**_TIMED, **_MUON}, "samplings": _CALLS}
    }

    def parts(self) -> dict[str, Any]:
        return {"gaussian": self.gaussian}

    def fixed_by(self, start: TextGenerator) -> dict[str, Any]:
        assert isinstance(start, ContinuousDiffusion)
        return {**super().fixed_by(start), "gaussian": start.config.gaussian}
