"""A score of several terms, as ``score.toml`` describes it."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from molgen.chem.standardize import parsed_or_none
from molgen.errors import ConditionWarning, UsageError
from molgen.scoring.combination import Combination, combined
from molgen.scoring.inputs import smiles_list
from molgen.scoring.shapes import Clip
from molgen.scoring.terms import AnyTerm, Term
from molgen.scoring.totals import counted
from molgen.system.faults import first_fault
from molgen.system.files import read_toml

TOTAL = "total"
"""Column of the combined value."""

_ROUNDING = 1e-6
"""By which a value between 0 and 1 may lie outside."""

_TAKEN = frozenset({TOTAL, "smiles", "id"})
"""Columns that a file of molecules has besides."""

Columns = dict[str, list[float]]
"""Values by column, one per molecule, NaN where there is none."""


class ScoreConfig(BaseModel):
    """Contents of ``score.toml``.

    Attributes:
        combine: how the terms become one number, see `molgen.scoring.combination`.
        terms: one table ``[[terms]]`` each.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    combine: Combination = "geometric"
    terms: tuple[AnyTerm, ...] = Field(min_length=1)

    @field_validator("terms", mode="before")
    @classmethod
    def _several(cls, terms: object) -> object:
        if isinstance(terms, Mapping):
            raise ValueError("write [[terms]], with two brackets, above each of them")
        return terms

    @field_validator("terms")
    @classmethod
    def _free(cls, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        for number, term in enumerate(terms, 1):
            if term.name in _TAKEN:
                raise ValueError(f"number {number} has the name of another column, {term.name!r}; choose another name")
        return terms


class Score:
    """A score from 0 to 1: terms, each mapped to [0, 1], combined into a total.

    Called with SMILES it returns totals, 0 for what cannot be read or has a term without a value.

    Args:
        config: terms and how they are combined.

    Raises:
        UsageError: it is no `ScoreConfig`: `Score.of` makes a score of settings, `molgen.scoring.load_score` of a file.

    Example:
        >>> score = Score.of(combine="mean", terms=[
        ...     {"type": "property", "property": "QED"},
        ...     {"type": "substructure", "smarts": "[OX2H]"},
        ... ])
        >>> [round(total, 3) for total in score(["CCO", "CC", "C1CC"])]
        [0.703, 0.186, 0.0]
        >>> list(score.table(["CCO"]))
        ['total', 'QED', 'QED_score', '[OX2H]', '[OX2H]_score']
    """

    def __init__(self, config: ScoreConfig) -> None:
        if not isinstance(config, ScoreConfig):
            raise UsageError(
                f"a Score is not made of {config!r:.60}: write load_score(path) for a score.toml, "
                "or Score.of(terms=...)"
            )
        self.config = config
        self.names = _distinct([term.name or term.label for term in config.terms])
        self._warned: set[str] = set()

    @property
    def digest(self) -> str:
        """Hash of the terms and of how they are combined; of files that they name the paths alone count."""
        return hashlib.sha256(self.config.model_dump_json().encode()).hexdigest()

    @classmethod
    def of(cls, folder: str | Path | None = None, **settings: Any) -> Self:
        """A score from the contents of a ``score.toml``.

        Args:
            folder: where relative paths begin.
            **settings: fields of `ScoreConfig`.

        Raises:
            UsageError: they make no score.
        """
        return cls(_config(settings, Path(folder or ".")))

    def __call__(self, smiles: Sequence[str]) -> list[float]:
        """Totals of molecules, 0 where there is none; see `table`."""
        return counted(self.table(smiles)[TOTAL])

    def __repr__(self) -> str:
        return f"Score(combine={self.config.combine!r}, terms=[{', '.join(self.names)}])"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `table`."""
        return (TOTAL, *(column for name in self.names for column in (name, mapped_name(name))))

    @property
    def failures(self) -> dict[str, str]:
        """Why molecules had no value, by name of the term, as far as that is known."""
        terms = zip(self.names, self.config.terms, strict=True)
        return {name: term.failure for name, term in terms if term.failure}

    def table(self, smiles: Sequence[str]) -> Columns:
        """Columns ``total``, and for each term its value, and that mapped to [0, 1] under its name with ``_score``.

        Raises:
            UsageError: not a list of SMILES, see `molgen.scoring.inputs.smiles_list`.
            MolgenError: a function of a term fails.

        Warns:
            ConditionWarning: once for each term without a shape of which most values lie outside [0, 1].
        """
        smiles = smiles_list(smiles)
        mols = [parsed_or_none(text) for text in smiles]
        rows = [row for row, mol in enumerate(mols) if mol is not None]
        readable = [mol for mol in mols if mol is not None]
        found: Columns = {}
        mapped = np.full((len(self.config.terms), len(rows)), np.nan)
        for number, (name, term) in enumerate(zip(self.names, self.config.terms, strict=True)):
            values = np.array(term.values(readable) if readable else [], dtype=float)
            mapped[number] = term.shaped(values)
            if term.shape is None and isinstance(term.default_shape, Clip):
                self._warn_of_clipping(name, values)
            found[name] = _spread(values, rows, len(mols))
            found[mapped_name(name)] = _spread(mapped[number], rows, len(mols))
        totals = combined(self.config.combine, mapped, [term.weight for term in self.config.terms])
        return {TOTAL: _spread(totals, rows, len(mols)), **found}

    def _warn_of_clipping(self, name: str, values: NDArray[np.float64]) -> None:
        known = values[~np.isnan(values)]
        above, below = known > 1 + _ROUNDING, known < -_ROUNDING
        if name in self._warned or 2 * np.sum(above | below) <= len(known):
            return
        self._warned.add(name)
        side, end, share = ("above", 1, above.mean()) if above.sum() >= below.sum() else ("below", 0, below.mean())
        text = f"term {name}: {share:.0%} of its values are {side} {end} and count as {end}; give it a shape"
        warnings.warn(f"{text} (docs/optimise.md)", ConditionWarning, stacklevel=3)


def read_score(path: str | Path) -> Score:
    """Read a ``score.toml``. Relative paths in it begin at its folder.

    Raises:
        UsageError: it cannot be read, or makes no score.
    """
    path = Path(path)
    try:
        return Score(_config(read_toml(path), path.parent))
    except UsageError as error:
        raise UsageError(str(error) if str(path) in str(error) else f"{path}: {error}") from None


def _config(settings: dict[str, Any], folder: Path) -> ScoreConfig:
    try:
        return ScoreConfig.model_validate(settings, context={"folder": folder})
    except ValidationError as error:
        raise UsageError(first_fault(error, ScoreConfig, settings)) from None


def mapped_name(name: str) -> str:
    """The column of what a term is mapped to, by the column of the term."""
    return f"{name}_score"


def _spread(values: NDArray[np.float64], rows: Sequence[int], count: int) -> list[float]:
    """Values of some rows of `count`, NaN in the others."""
    found = np.full(count, np.nan)
    found[rows] = values
    return [float(value) for value in found]


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The same names, with a number behind those whose columns others have."""
    taken, found = set(_TAKEN), []
    for name in names:
        number, unique = 2, name
        while {unique, mapped_name(unique)} & taken:
            unique, number = f"{name}_{number}", number + 1
        taken |= {unique, mapped_name(unique)}
        found.append(unique)
    return tuple(found)
