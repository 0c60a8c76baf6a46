"""Which molecules a run takes, as its TOML file states it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from molgen.chem.standardize import Limits
from molgen.datasets.splits import SplitConfig


class SourceConfig(BaseModel):
    """Where examples come from.

    Attributes:
        name: a named set or a file.
        fingerprint: of the content; the trainer notes it when a run begins, and compares it when a run is resumed.
        split: seed and shares.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    fingerprint: str | None = None
    split: SplitConfig = SplitConfig()


class DataConfig(SourceConfig):
    """Which molecules.

    Attributes:
        name: a named set or a file.
        fingerprint: see `SourceConfig`.
        column: of a table.
        kekulized: aromatic rings with alternating bonds.
        desalt: keep the largest organic component of salts and mixtures.
        vocabulary: ``learned`` from the training split, or ``model``: the atom tokens of the model that a run of graphs
            begins from; molecules with others are skipped. Runs of texts always take the tokens of that model.
        max_length: longest SMILES, characters.
        max_atoms: largest molecule, heavy atoms.
    """

    name: str = "qm9"
    column: str | None = None
    kekulized: bool = False
    desalt: bool = False
    vocabulary: Literal["learned", "model"] = "learned"
    max_length: int = Field(1000, ge=1)
    max_atoms: int = Field(128, ge=1, le=512)

    def limits(self) -> Limits:
        """For the loader."""
        return Limits(self.max_length, self.max_atoms)
