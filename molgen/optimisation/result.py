"""What an optimisation has found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from molgen.io import beside, write_molecules
from molgen.models.generator import Generator
from molgen.optimisation.memory import Memory
from molgen.optimisation.oddities import Columns, oddities
from molgen.scoring.scorer import AnyScore
from molgen.scoring.totals import written

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Point:
    """The state after a step.

    Attributes:
        calls: different molecules scored.
        best: total of the best one.
        top_ten: mean total of the best ten.
        diversity: of the best hundred, see `Memory.diversity`.
        seconds: since the beginning.
    """

    calls: int
    best: float
    top_ten: float
    diversity: float
    seconds: float

    @classmethod
    def of(cls, memory: Memory, seconds: float) -> Self:
        """That of a memory."""
        return cls(len(memory), memory.mean_of_best(1), memory.mean_of_best(10), memory.diversity(), seconds)


@dataclass(repr=False)
class Optimised:
    """Molecules that were scored, and how the search went.

    Attributes:
        memory: all of them, in the order in which they were scored.
        names: of their values.
        values: by SMILES.
        curve: a point per step.
        seconds: spent on each part of the work.
        model: the generator as it has become.
        prior: as it was.
        score: that the molecules are good by.
    """

    memory: Memory
    names: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]
    curve: Sequence[Point]
    seconds: Mapping[str, float]
    model: Generator
    prior: Generator
    score: AnyScore

    def __len__(self) -> int:
        return len(self.memory)

    def __iter__(self) -> Iterator[str]:
        """SMILES, best first, see `best`."""
        return iter(self.best(len(self)))

    @property
    def failures(self) -> int:
        """Molecules without a total: the score had no value for them."""
        return sum(math.isnan(self.values[text][0]) for text in self.memory.smiles)

    def best(self, count: int = 100) -> list[str]:
        """SMILES of the best molecules, best first."""
        return [self.memory.smiles[number] for number in self.memory.best(count)]

    def table(self, count: int = 100) -> dict[str, list[object]]:
        """Columns ``smiles``, ``total`` and those of all terms, best first; None where there is no value."""
        smiles = self.best(count)
        rows = [self.values[text] for text in smiles]
        columns: dict[str, list[object]] = {
            name: [written(row[number]) for row in rows] for number, name in enumerate(self.names)
        }
        return {"smiles": list(smiles), **columns}

    def origins(self, count: int = 100) -> list[str]:
        """What made the best molecules, best first: see `molgen.optimisation.memory.Memory`."""
        return [self.memory.origins[number] for number in self.memory.best(count)]

    def oddities(self, count: int = 100) -> Columns:
        """What speaks against the best molecules, best first: columns of `molgen.optimisation.oddities`."""
        return oddities(self.best(count), self.prior, self.score)

    def to_pandas(self, count: int = 100) -> pandas.DataFrame:
        """The columns of `table`, a row per molecule."""
        import pandas

        return pandas.DataFrame(self.table(count))

    def save(
        self,
        path: str | Path,
        count: int = 100,
        overwrite: bool = False,
        extra: Mapping[str, Sequence[object]] | None = None,
    ) -> None:
        """Write the columns of `table` to a file.

        Args:
            path: ``.csv``, ``.tsv``, ``.parquet`` or ``.sdf``, also with ``.gz``.
            count: of molecules.
            overwrite: an existing file.
            extra: more columns, one value per molecule; one whose name is taken gets a number behind it.

        Raises:
            UsageError: an unknown suffix, a missing folder, or a file that may not be overwritten.
            MolgenError: it cannot be written.
        """
        columns: dict[str, Sequence[object]] = beside(dict(self.table(count)), extra or {})
        smiles = [str(text) for text in columns.pop("smiles")]
        write_molecules(path, smiles, overwrite, columns)

    def __str__(self) -> str:
        if not self.curve:
            return "nothing was scored"
        last, spent = self.curve[-1], sum(self.seconds.values())
        working = (self.seconds["sampling"] + self.seconds["learning"]) / max(spent, 1e-9)
        failed = f"; {self.failures:,} molecules without a value" if self.failures else ""
        return (
            f"calls {last.calls:,}  best {last.best:.3f}  mean of the best ten {last.top_ten:.3f}  "
            f"diversity {last.diversity:.3f}  in {spent:.0f} s ({last.calls / max(spent, 1e-9):.1f} calls/s; "
            f"{working:.0%} of the time went into sampling and learning){failed}"
        )

    def __repr__(self) -> str:
        return f"Optimised({self})"
