"""What sampling gives back: SMILES, and what they cost."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, overload

from molgen.chem.plausible import is_plausible
from molgen.constraints.conditions import Conditions
from molgen.constraints.filters import Filters
from molgen.errors import MolgenError, UsageError
from molgen.features.property_table import property_table
from molgen.io import holds_columns, write_molecules
from molgen.models.rings import rings_of
from molgen.models.seen import Seen, SeenOnDisk
from molgen.system.progress import counting

if TYPE_CHECKING:
    import pandas

_SHOWN, _SHOWN_IN_HTML = 3, 10

Table = dict[str, Sequence[Any]]
"""Columns by name, one value per molecule."""

Likelihood = Callable[[Sequence[str]], Sequence[float]]
"""Negative log-likelihoods of SMILES, nats; nan where there is none."""


class Attempt(NamedTuple):
    """One attempt.

    Attributes:
        smiles: in the form asked for.
        calls: network calls that it took.
    """

    smiles: str | None
    calls: int


class Molecules(Sequence[str]):
    """A sequence of SMILES; a slice has the same class.

    Attributes:
        smiles: the same as a list.
        likelihood: under the model that generated them, where it is exact.
        numbers: of the molecules in the sequence that this is a slice of, from 1; None for the whole sequence.
    """

    smiles: list[str]
    likelihood: Likelihood | None
    numbers: range | None

    @property
    @abstractmethod
    def calls(self) -> float:
        """Network calls per attempt, on average."""

    @abstractmethod
    def add(self, drawn: Sequence[Attempt]) -> None:
        """Append attempts."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """How many there are of what, by name."""

    @abstractmethod
    def take(self) -> Self:
        """The molecules since the last time, which are held no longer; the counts go on."""

    @abstractmethod
    def _slice(self, chosen: slice) -> Self: ...

    def __len__(self) -> int:
        return len(self.smiles)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> str | Self:
        return self._slice(index) if isinstance(index, slice) else self.smiles[index]

    def table(self, properties: bool = False) -> Table:
        """Columns ``id`` and ``smiles``; with properties also those of `property_table`, and ``nll``.

        Args:
            properties: compute them: descriptors, scaffold, alerts, and the negative log-likelihood under the model,
                where it is exact.
        """
        found: Table = {"id": [f"mol{number:06d}" for number in self._numbers()], "smiles": self.smiles}
        if properties:
            with counting(True, "properties", len(self)) as advance:
                found |= property_table(self.smiles, advance)
            if self.likelihood is not None:
                found["nll"] = [None if nll != nll else round(nll, 4) for nll in self.likelihood(self.smiles)]
        return found

    def _numbers(self) -> range:
        return self.numbers if self.numbers is not None else range(1, len(self) + 1)

    def to_pandas(self, properties: bool = False) -> pandas.DataFrame:
        """One row per molecule, columns of `table`.

        Example:
            >>> Attempts(["CCO", "CCN"]).to_pandas()["id"].tolist()
            ['mol000001', 'mol000002']
        """
        import pandas

        return pandas.DataFrame(self.table(properties))

    def save(self, path: str | Path, overwrite: bool = False, properties: bool = False) -> None:
        """Write the molecules to a file: a ``.smi`` has SMILES alone, the others the columns of `table`.

        Args:
            path: ``.smi``, ``.csv``, ``.parquet`` or ``.sdf``, also with ``.gz``.
            overwrite: an existing file.
            properties: with properties, see `table`.

        Raises:
            UsageError: an unknown suffix, a missing folder, a file that may not be overwritten, or one that has no
                place for properties.
            MolgenError: it cannot be written.
        """
        if properties and not holds_columns(path):
            raise UsageError(f"{Path(path).name} has no place for properties: take .csv, .tsv, .parquet or .sdf")
        write_table(path, self.table(properties), overwrite)

    def __str__(self) -> str:
        shown = "  ".join(f"{name} {count:,}" for name, count in self.counts().items())
        return f"{shown}  network calls {self.calls:.4g} each"

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={count:,}" for name, count in self.counts().items())
        smiles = ", ".join([*map(repr, self.smiles[:_SHOWN]), *(["..."] if len(self) > _SHOWN else [])])
        return f"{type(self).__name__}({counts}, calls={self.calls:.4g}, smiles=[{smiles}])"

    def _repr_html_(self) -> str:
        from html import escape

        table = self.to_pandas().head(_SHOWN_IN_HTML).to_html(border=0)
        return f"<p>{type(self).__name__}: {escape(str(self))}</p>{table}"


@dataclass(repr=False)
class Attempts(Molecules):
    """SMILES of raw attempts, invalid ones included.

    Attributes:
        smiles: one per attempt.
        calls_each: network calls of each attempt.
    """

    smiles: list[str] = field(default_factory=list)
    calls_each: list[int] = field(default_factory=list)
    likelihood: Likelihood | None = field(default=None, compare=False)
    numbers: range | None = field(default=None, compare=False)
    _taken: int = field(default=0, compare=False)
    _calls_taken: int = field(default=0, compare=False)

    @property
    def attempted(self) -> int:
        """Attempts."""
        return self._taken + len(self.smiles)

    @property
    def calls(self) -> float:
        return (self._calls_taken + sum(self.calls_each)) / max(self.attempted, 1)

    def take(self) -> Attempts:
        part = Attempts(self.smiles, self.calls_each, self.likelihood, range(self._taken + 1, self.attempted + 1))
        self._taken, self._calls_taken = self.attempted, self._calls_taken + sum(self.calls_each)
        self.smiles, self.calls_each = [], []
        return part

    def add(self, drawn: Sequence[Attempt]) -> None:
        self.smiles += [attempt.smiles or "" for attempt in drawn]
        self.calls_each += [attempt.calls for attempt in drawn]

    def counts(self) -> dict[str, int]:
        return {"attempted": self.attempted}

    def __str__(self) -> str:
        return f"attempted {self.attempted:,} (raw: nothing filtered)  network calls {self.calls:.4g} each"

    def _slice(self, chosen: slice) -> Attempts:
        return Attempts(self.smiles[chosen], self.calls_each[chosen], self.likelihood, self._numbers()[chosen])


@dataclass(repr=False)
class Generated(Molecules):
    """Molecules kept, and what they cost. A slice has fewer molecules and the same counts.

    Attributes:
        smiles: canonical SMILES, strictly valid and all different, in order of attempt.
        requested: molecules asked for.
        attempted: attempts up to the last one kept.
        valid: of those, strictly valid.
        unique: of those, different.
        implausible: of those, left out because they cannot exist (`molgen.chem.plausible`).
        unknown_rings: of the others, left out for a ring system that no training molecule has.
        total_calls: network calls, summed over attempts.
        conditions: what is asked of the molecules.
        known_rings: ring systems that molecules may have; None for any.
        filters: that molecules have to pass; None for none.
        failed: of the different ones, how many fail each condition, of which one molecule can fail several; and of
            those that have what is asked, how many fail each filter, by the first reason.
    """

    smiles: list[str] = field(default_factory=list)
    requested: int = 0
    attempted: int = 0
    valid: int = 0
    unique: int = 0
    implausible: int = 0
    unknown_rings: int = 0
    total_calls: int = 0
    conditions: Conditions | None = None
    known_rings: frozenset[str] | None = field(default=None, compare=False)
    filters: Filters | None = None
    failed: dict[str, int] = field(default_factory=dict)
    likelihood: Likelihood | None = field(default=None, compare=False)
    numbers: range | None = field(default=None, compare=False)
    _seen: Seen = field(default_factory=set[str], compare=False)
    _taken: int = field(default=0, compare=False)

    @property
    def kept(self) -> int:
        """Molecules kept."""
        return self._taken + len(self.smiles)

    def remember_on_disk(self) -> None:
        """Hold the molecules that have come before in a temporary file, once those kept are taken out part by part."""
        self._seen = SeenOnDisk()

    def take(self) -> Generated:
        part = replace(self, numbers=range(self._taken + 1, self.kept + 1), _taken=0)
        self._taken, self.smiles = self.kept, []
        return part

    @property
    def calls(self) -> float:
        return self.total_calls / max(self.attempted, 1)

    def add(self, drawn: Sequence[Attempt]) -> None:
        """Count attempts in strict form, and keep those that are new, until there are enough."""
        for attempt in drawn:
            if self.kept == self.requested:
                return
            self.add_one(attempt)

    def add_one(self, attempt: Attempt) -> bool:
        """Count an attempt in strict form; whether it is kept."""
        smiles = attempt.smiles
        self.attempted += 1
        self.total_calls += attempt.calls
        self.valid += smiles is not None
        if smiles is not None and smiles not in self._seen:
            self._seen.add(smiles)
            self.unique += 1
            if not is_plausible(smiles):
                self.implausible += 1
            elif self.known_rings is not None and not self.known_rings.issuperset(rings_of(smiles)):
                self.unknown_rings += 1
            elif self._has_what_is_asked(smiles) and self._passes_filters(smiles):
                self.smiles.append(smiles)
                return True
        return False

    def _has_what_is_asked(self, smiles: str) -> bool:
        if self.conditions is None:
            return True
        satisfied = self.conditions.satisfied(smiles)
        for name, fine in satisfied.items():
            self.failed[name] = self.failed.get(name, 0) + (not fine)
        return all(satisfied.values())

    def _passes_filters(self, smiles: str) -> bool:
        if self.filters is None:
            return True
        found = self.filters.refused(smiles)
        for reason in self.filters.reasons:
            self.failed[reason] = self.failed.get(reason, 0) + (reason == found)
        return found is None

    def counts(self) -> dict[str, int]:
        left_out = [name for name in ("implausible", "unknown_rings") if getattr(self, name)]
        names = ["requested", "attempted", "valid", "unique", *left_out, "kept"]
        counts = {name: getattr(self, name) for name in names}
        failed = {f"failed_{name}": count for name, count in self.failed.items()}
        kept = counts.pop("kept")
        return {**counts, **failed, "kept": kept}

    def _slice(self, chosen: slice) -> Generated:
        return replace(self, smiles=self.smiles[chosen], numbers=self._numbers()[chosen])


def write_table(path: str | Path, table: Table, overwrite: bool = False) -> None:
    """Write the columns of `Molecules.table` to a file; a ``.smi`` has SMILES alone.

    Raises:
        UsageError: an unknown suffix, a missing folder, or a file that may not be overwritten.
        MolgenError: it cannot be written.
    """
    columns = {name: values for name, values in table.items() if name != "smiles" and holds_columns(path)}
    write_molecules(path, table["smiles"], overwrite, columns)


class TooFew(MolgenError):
    """The attempts allowed were not enough.

    Attributes:
        found: the molecules that were found.
    """

    def __init__(self, message: str, found: Generated) -> None:
        super().__init__(message)
        self.found = found


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while sampling.

    Attributes:
        drawn: the first attempts by number of the call that was interrupted, all that were finished without a gap.
        found: as the interrupted method would have returned it, but less; None from `Generator.sample`.
    """

    def __init__(self, drawn: Sequence[Attempt]) -> None:
        super().__init__()
        self.drawn = drawn
        self.found: Attempts | Generated | None = None
