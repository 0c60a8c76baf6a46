"""The training run of each family, as a TOML file says it; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationError, model_validator

from molgen.diffusion.objectives import OBJECTIVES
from molgen.errors import UsageError
from molgen.graph.config import NetworkConfig, ProcessConfig
from molgen.nn.transformer import TransformerConfig
from molgen.system.files import read_toml
from molgen.text.continuous import GaussianConfig
from molgen.text.diffusion import TextNoiseConfig
from molgen.training.config import MoleculesRun, RunConfig, SourceConfig, Strict


def _check_objective(config: GraphRun | TextRun) -> None:
    if config.process.parameterisation == "reverse" and config.optimiser.objective != "variational":
        raise ValueError('the reverse parameterisation trains on the bound: set optimiser.objective = "variational"')


class GraphRun(MoleculesRun):
    """Graph diffusion: the TOML tables ``[data]``, ``[process]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["graph"] = "graph"
    process: ProcessConfig = ProcessConfig()
    network: NetworkConfig = NetworkConfig()
    objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    compiles: ClassVar[bool] = True

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        _check_objective(self)
        return self


class AnyOrderGraphRun(MoleculesRun):
    """Any-order diffusion on graphs: the TOML tables ``[data]``, ``[network]`` and ``[optimiser]``.

    Attributes:
        blocks: sizes of the blocks of atoms that molecules are uncovered in, in canonical order; one is drawn for every
            molecule. 0 is one block, all in a random order.
        network: shape of the Transformer.
    """

    family: Literal["graph-any-order"] = "graph-any-order"
    blocks: tuple[Annotated[int, Field(ge=0)], ...] = Field((1,), min_length=1)
    network: TransformerConfig = TransformerConfig()
    compiles: ClassVar[bool] = True
    rewarded: ClassVar[bool] = True


class TokensConfig(Strict):
    """How molecules become tokens.

    Attributes:
        kind: ``smiles`` or ``selfies``.
        rewrite: write every molecule anew on every visit, its atoms in a random order, instead of canonically.
    """

    kind: Literal["smiles", "selfies"] = "smiles"
    rewrite: bool = False


class TokensRun(MoleculesRun):
    """A run of any family that works on tokens.

    Attributes:
        tokens: how molecules become tokens.
        network: shape of the Transformer.
    """

    tokens: TokensConfig = TokensConfig()
    network: TransformerConfig = TransformerConfig()


class TextRun(TokensRun):
    """Text diffusion: the TOML tables ``[data]``, ``[tokens]``, ``[process]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["text"] = "text"
    process: TextNoiseConfig = TextNoiseConfig()
    objectives: ClassVar[tuple[str, ...]] = OBJECTIVES

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        _check_objective(self)
        return self


class AnyOrderRun(TokensRun):
    """Any-order absorbing diffusion: the TOML tables ``[data]``, ``[tokens]``, ``[network]`` and ``[optimiser]``.

    Attributes:
        blocks: sizes of the blocks that texts are uncovered in, from left to right; one is drawn for every text. 0 is
            one block, all in a random order.
    """

    family: Literal["any-order"] = "any-order"
    blocks: tuple[Annotated[int, Field(ge=0)], ...] = Field((0,), min_length=1)


class AutoregressiveRun(TokensRun):
    """An autoregressive model: the TOML tables ``[data]``, ``[tokens]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["autoregressive"] = "autoregressive"


class ContinuousRun(TokensRun):
    """Gaussian diffusion: the TOML tables ``[data]``, ``[tokens]``, ``[gaussian]``, ``[network]``, ``[optimiser]``."""

    family: Literal["continuous"] = "continuous"
    gaussian: GaussianConfig = GaussianConfig()


class CorpusConfig(SourceConfig):
    """Ordinary text.

    Attributes:
        vocabulary: tokens that are learned from the training part, 256 bytes included.
    """

    vocabulary: int = Field(1024, ge=256)


class PairsConfig(CorpusConfig):
    """Pairs of prompt and reply, split by prompt: ``chatterbot``, or a file of prompt, tab, reply."""

    name: str = "chatterbot"


class StreamConfig(CorpusConfig):
    """A text without end, in a file; its last lines are held out.

    Attributes:
        length: tokens per window.
    """

    length: int = Field(128, ge=1)


class BlocksRun(RunConfig):
    """Block diffusion on ordinary text.

    Attributes:
        data: the text.
        block: tokens that are uncovered in a random order before it goes on; 1 is an autoregressive model.
        network: shape of the Transformer.
    """

    data: CorpusConfig
    block: int = Field(8, ge=1)
    network: TransformerConfig = TransformerConfig()


class DialogueRun(BlocksRun):
    """Dialogue: the TOML tables ``[data]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["dialogue"] = "dialogue"
    data: PairsConfig = PairsConfig()


class StreamRun(BlocksRun):
    """A text without end: the TOML tables ``[data]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["stream"] = "stream"
    data: StreamConfig

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.data.length % self.block or self.data.length == self.block:
            raise ValueError(f"data.length must be some blocks long, got {self.data.length} for blocks of {self.block}")
        return self


RUNS: dict[str, type[RunConfig]] = {
    "graph": GraphRun,
    "graph-any-order": AnyOrderGraphRun,
    "text": TextRun,
    "any-order": AnyOrderRun,
    "autoregressive": AutoregressiveRun,
    "continuous": ContinuousRun,
    "dialogue": DialogueRun,
    "stream": StreamRun,
}
"""By family."""


def read_config(path: Path | None, overrides: dict[str, dict[str, object]], family: str | None = None) -> RunConfig:
    """A run's configuration from a file and from the command line, which wins.

    Args:
        path: a TOML file, or None for the defaults.
        overrides: by table and key; None values are ignored.
        family: of `RUNS`; by default the one that the file names, or else ``graph``.

    Raises:
        UsageError: no such file, not TOML, an unknown key, a value out of range, another family.
    """
    raw: dict[str, Any] = {} if path is None else read_toml(path)
    for table, values in overrides.items():
        chosen = {key: value for key, value in values.items() if value is not None}
        if not chosen:
            continue
        section = raw.setdefault(table, {})
        if not isinstance(section, dict):
            raise UsageError(f"{path}: {table} must be a table")
        if table == "optimiser":  # one length replaces the other
            for key in chosen.keys() & {"steps", "minutes"}:
                section.pop({"steps": "minutes", "minutes": "steps"}[key], None)
        section.update(chosen)
    if isinstance(raw.get("optimiser"), dict) and not raw["optimiser"].keys() & {"steps", "minutes"}:
        raw["optimiser"]["minutes"] = 60
    family = family or str(raw.get("family", "graph"))
    if family not in RUNS or raw.setdefault("family", family) != family:
        raise UsageError(f"{path}: family {raw.get('family', family)!r}; known: {', '.join(RUNS)}, and --help of each")
    try:
        return RUNS[family].model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "configuration"
        what = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise UsageError(f"{path or 'configuration'}: {where}: {what}") from None
