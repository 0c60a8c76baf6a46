"""Likelihood of given molecules under a model."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import Tensor

from molgen.chem.standardize import DEFAULT_LIMITS
from molgen.datasets.batches import Arrays, Batch
from molgen.datasets.encoding import Encoded, LeftOut, encode_records
from molgen.datasets.sources import find_source
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError, UsageError
from molgen.io import write_molecules
from molgen.models.base import Model
from molgen.system.hardware import parallel_map
from molgen.system.progress import counting

if TYPE_CHECKING:
    import pandas

DRAWS = 16
"""Draws of noise or order behind each value that is not exact."""

_SHOWN = 3


@dataclass(repr=False)
class Likelihoods(Sequence[float]):
    """Negative log-likelihoods of molecules; as a sequence, the values.

    Attributes:
        smiles: as given, one per record.
        ids: names of the records in the source, empty where they have none.
        lines: of the source, or numbers of the records.
        nll: nats; nan where a record does not fit the model.
        error: standard error of each value, from its draws; 0 where it is exact, nan where it is not known.
        left_out: records that do not fit, with the reason.
        exact: whether values are - log p itself; else they are upper bounds, estimated.
        stereo_dropped: molecules whose stereo labels were dropped.
        desalted: molecules of which other components were dropped.
        unit: what `lines` count, ``line`` or ``record``.
    """

    smiles: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    nll: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    exact: bool = False
    stereo_dropped: int = 0
    desalted: int = 0
    unit: str = "record"

    def __len__(self) -> int:
        return len(self.nll)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        return self.nll[index]

    @property
    def mean(self) -> float:
        """Over the molecules that fit; nan where none does."""
        values = [value for value in self.nll if not math.isnan(value)]
        return sum(values) / len(values) if values else math.nan

    @property
    def reasons(self) -> dict[str, int]:
        """Records left out, by reason."""
        return dict(Counter(record.reason for record in self.left_out))

    def table(self) -> dict[str, list[Any]]:
        """Columns ``smiles``, ``line`` or ``record``, ``nll``, ``error``, ``reason`` and ``message``.

        None stands for nan. Where records have names, these are the column ``id`` in front.
        """
        reasons, messages = [""] * len(self), [""] * len(self)
        missing = [row for row, value in enumerate(self.nll) if math.isnan(value)]
        for row, record in zip(missing, self.left_out, strict=True):
            reasons[row], messages[row] = record.reason, record.message
        nll, error = ([_rounded(value) for value in values] for values in (self.nll, self.error))
        names: dict[str, list[Any]] = {"id": self.ids} if any(self.ids) else {}
        found: dict[str, list[Any]] = {"smiles": self.smiles, self.unit: self.lines, "nll": nll, "error": error}
        return {**names, **found, "reason": reasons, "message": messages}

    def to_pandas(self) -> pandas.DataFrame:
        """One row per record, columns of `table`."""
        import pandas

        return pandas.DataFrame(self.table()).astype({"nll": float, "error": float})

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the same table to a file.

        Args:
            path: ``.csv``, ``.tsv``, ``.parquet`` or ``.sdf``, also with ``.gz``.
            overwrite: an existing file.

        Raises:
            UsageError: an unknown suffix, a missing folder, or a file that may not be overwritten.
            MolgenError: it cannot be written.
        """
        columns = self.table()
        write_molecules(path, columns.pop("smiles"), overwrite, columns)

    def __str__(self) -> str:
        counts = {"read": len(self), "scored": len(self) - len(self.left_out)}
        others = {"stereo labels dropped": self.stereo_dropped, "desalted": self.desalted}
        counts |= {name: count for name, count in others.items() if count}
        counts["left out"] = len(self.left_out)
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.items())
        shown = "  ".join(f"{name} {count:,}" for name, count in counts.items()) + (f" ({reasons})" if reasons else "")
        if len(self.left_out) == len(self):
            return shown
        kind = "exact" if self.exact else "upper bounds"
        return f"{shown}  mean {self.mean:.4g} nats ({kind})"

    def __repr__(self) -> str:
        values = ", ".join([*(f"{value:.4g}" for value in self.nll[:_SHOWN]), *(["..."] if len(self) > _SHOWN else [])])
        return f"Likelihoods(read={len(self):,}, left_out={len(self.left_out):,}, exact={self.exact}, nll=[{values}])"

    def examples(self) -> list[str]:
        """The first record left out for each reason, in a line each."""
        first = {record.reason: record for record in reversed(self.left_out)}
        return [
            f"left out: {reason}, {self.unit} {first[reason].line}: {first[reason].message}" for reason in self.reasons
        ]


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


class MoleculeModel(Model):
    """A model of molecules: how it encodes them, and how likely they are."""

    @abstractmethod
    def encode(self, smiles: str) -> Arrays:
        """The variables of a molecule, one array per kind; the first has an entry per atom or token.

        Args:
            smiles: canonical, without stereo.

        Raises:
            MoleculeError: it does not fit the model; the reason is ``unknown_atom``, ``unknown_token`` or
                ``too_large``.
        """

    @abstractmethod
    def batch(self, kinds: Sequence[Tensor], examples: Tensor) -> Batch:
        """A batch of molecules of one size.

        Args:
            kinds: their variables ``(B, ...)`` int64, one tensor per kind.
            examples: numbers that key the random numbers ``(B,)`` int64.
        """

    @abstractmethod
    def generates_size(self, size: int) -> bool:
        """Whether it generates molecules of so many atoms or tokens."""

    def attempt_size(self, smiles: str) -> int:
        """The size that an attempt is drawn with (`Generator.draw_sizes`) which becomes a molecule.

        Args:
            smiles: canonical, without stereo.

        Raises:
            MoleculeError: it does not fit the model.
        """
        return len(self.encode(smiles)[0])

    def bounds_by_size(self, batches: Sequence[Any], rngs: Sequence[RandomKeys]) -> list[Tensor]:
        """`bound` of batches of several sizes; a model that can reads all of them at once."""
        return [self.bound(batch, rng) for batch, rng in zip(batches, rngs, strict=True)]

    def training_costs(self, batches: Sequence[Any], rngs: Sequence[RandomKeys]) -> list[Tensor]:
        """Costs of molecules as the model is trained, nats: `bounds_by_size`, or those in a random generation order.

        Where a part of a molecule is given by the order, the cost is that of the rest.
        """
        return self.bounds_by_size(batches, rngs)

    def nll(
        self,
        molecules: str | Path | Iterable[Any],
        *,
        column: str | None = None,
        desalt: bool = False,
        draws: int = DRAWS,
        batch_size: int = 128,
        progress: bool | Callable[[int], object] = True,
    ) -> Likelihoods:
        """Negative log-likelihood of given molecules, - log p, size included, nats.

        It is that of the model as it was trained: at temperature 1, without guard, filters or conditions. A graph has
        its atoms in canonical order and a text is the canonical SMILES, so that other writings of the same molecule add
        nothing. For autoregressive models (`exact`) it is exact. For others it is an upper bound, estimated from
        `draws`, which for diffusion in continuous time vary by many nats: see `Likelihoods.error`. A value depends on
        the molecule alone, not on the others.

        Args:
            molecules: a named set, a file, SMILES, or RDKit molecules.
            column: of a table.
            desalt: keep the largest organic component of salts and mixtures, which do not fit otherwise.
            draws: of noise or order for each molecule, where the model is not exact.
            batch_size: molecules per network call.
            progress: a bar on terminals and in notebooks, false for none; or what is called with a number of molecules
                just finished.

        Returns:
            One value per record, in order; nan where a record does not fit the model, with the reason in `left_out`.

        Raises:
            MolgenError: there are no such molecules.

        Example:
            >>> from molgen.models.loading import load_model
            >>> found = load_model("qm9-ar").nll(["CCO", "CC[Si]"])
            >>> found[0] < 15, found[1], found.reasons
            (True, nan, {'unknown_token': 1})
        """
        for name, number in (("draws", draws), ("batch_size", batch_size)):
            if number < 1:
                raise UsageError(f"{name} must be at least 1, got {number}")
        found = Likelihoods(exact=self.exact)
        chunks = self._encoded(found, molecules, column, desalt, batch_size)

        def estimate(chunk: _Chunk) -> tuple[list[float], list[float]]:
            kinds = [torch.stack(values) for values in zip(*chunk.variables, strict=True)]
            batch = self.batch(kinds, torch.tensor(chunk.keys)).to(self.device)
            with torch.no_grad():
                bounds = self.bounds(batch, 1 if self.exact else draws)
                return self.tightened(bounds).tolist(), self._errors(bounds)

        fitting = len(found) - len(found.left_out)
        with self.evaluating(), counting(progress, "likelihood", fitting) as advance:
            for chunk, (values, errors) in zip(chunks, parallel_map(estimate, chunks, self.device), strict=True):
                for row, value, error in zip(chunk.rows, values, errors, strict=True):
                    found.nll[row], found.error[row] = value, error
                advance(len(chunk.rows))
        return found

    def _encoded(
        self,
        found: Likelihoods,
        molecules: str | Path | Iterable[Any],
        column: str | None,
        desalt: bool,
        batch_size: int,
    ) -> list[_Chunk]:
        """Molecules that fit, of one size each; `found` gets all records, with the reasons of those that do not."""
        source = find_source(molecules, column)
        records, found.unit = list(source.records()), source.unit
        chunks: dict[int, list[_Chunk]] = defaultdict(list)
        outcomes = encode_records(records, kekulized=False, limits=DEFAULT_LIMITS, salts=desalt)
        for row, (record, (_, outcome)) in enumerate(zip(records, outcomes, strict=True)):
            found.smiles.append(record.smiles)
            found.ids.append(record.id)
            found.lines.append(record.line)
            found.nll.append(math.nan)
            found.error.append(math.nan)
            if not isinstance(outcome, Encoded):
                found.left_out.append(LeftOut.of(record, *outcome))
                continue
            try:
                variables = self.encode(outcome.smiles)
                size = len(variables[0])
                self._check_size(size, outcome.smiles)
            except MoleculeError as error:
                found.left_out.append(LeftOut.of(record, error.reason, str(error)))
                continue
            found.stereo_dropped += outcome.had_stereo
            found.desalted += outcome.desalted
            if not chunks[size] or len(chunks[size][-1].rows) == batch_size:
                chunks[size].append(_Chunk())
            chunks[size][-1].add(row, outcome.smiles, variables)
        return [chunk for size in sorted(chunks) for chunk in chunks[size]]

    def _errors(self, bounds: Tensor) -> list[float]:
        """Standard errors from draws ``(K, B)``."""
        draws, molecules = bounds.shape
        if self.exact or draws == 1:
            return [0.0 if self.exact else math.nan] * molecules
        return list((bounds.std(0) / draws**0.5).tolist())

    def _check_size(self, size: int, smiles: str) -> None:
        if not self.generates_size(size):
            raise MoleculeError("size", f"the model generates nothing of {size} atoms or tokens: {smiles}")


@dataclass
class _Chunk:
    """Molecules of one size.

    Attributes:
        rows: numbers of their records.
        keys: of their random numbers, functions of the molecules.
        variables: one tensor per kind for each.
    """

    rows: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    variables: list[list[Tensor]] = field(default_factory=list)

    def add(self, row: int, smiles: str, variables: Arrays) -> None:
        """Append a molecule."""
        self.rows.append(row)
        self.keys.append(int.from_bytes(blake2b(smiles.encode(), digest_size=7).digest()))
        self.variables.append([torch.from_numpy(values.astype("int64")) for values in variables])
