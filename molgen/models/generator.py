"""What every generator of molecules answers, whatever it is inside."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import torch
from torch import Tensor

from molgen.constraints.conditions import Conditions
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError, UsageError
from molgen.models.base import Model
from molgen.models.results import Attempt, Attempts, Generated, Interrupted
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import SamplingSettings, names_settings
from molgen.system.hardware import parallel_map

if TYPE_CHECKING:
    from rdkit import Chem

Form = Literal["raw", "strict"]
"""What is wanted of an attempt: SMILES as it came out; or canonical SMILES, None where it is not strictly valid."""

Progress = Callable[[int], None]
"""Called with a number of molecules just finished."""

WINDOW = 16384
"""Attempts sampled together. Results do not depend on it; speed does, since a batch holds one size only."""


class Generator(Model):
    """A trained or trainable generator of molecules."""

    @property
    def conditions(self) -> frozenset[str]:
        """What it can be asked for: names of properties, and fragment, atoms, collection."""
        return frozenset()

    @classmethod
    def described(cls) -> str:
        return f"a {cls.family} model" if hasattr(cls, "family") else "one that generates molecules"

    @abstractmethod
    def draw_sizes(self, rng: RandomKeys, sampling: SamplingConfig, conditions: Conditions | None = None) -> Tensor:
        """Size of each attempt ``(B,)`` int64, as often as in training; those of one size are sampled together."""

    @abstractmethod
    def sample_batch(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, form: Form, conditions: Conditions | None = None
    ) -> list[Attempt]:
        """Attempts of one size, one per stream; nothing is repaired."""

    @names_settings
    @abstractmethod
    def trace(self, seed: int = 0, **sampling: Unpack[SamplingSettings]) -> list[Chem.Mol] | list[str]:
        """The states of one molecule, from noise to the end, drawn or written: the first strictly valid of `seed`.

        Args:
            seed: which molecule.
            **sampling: fields of `SamplingConfig` to override.

        Raises:
            MolgenError: none of the first attempts is valid.
        """

    def sample(
        self,
        examples: Sequence[int],
        seed: int,
        sampling: SamplingConfig,
        batch_size: int,
        form: Form,
        progress: Progress | None = None,
        conditions: Conditions | None = None,
    ) -> list[Attempt]:
        """Draw the attempts numbered `examples`.

        Args:
            examples: numbers of the attempts.
            seed: with the number it decides the attempt.
            sampling: how.
            batch_size: molecules per network call.
            form: of the SMILES.
            progress: called with the number of attempts just finished.
            conditions: what is asked of the molecules.

        Raises:
            UsageError: the model cannot be asked for it.
            Interrupted: Ctrl-C.
        """
        if conditions is not None:
            self._check_conditions(conditions)
        numbers = torch.tensor(list(examples), dtype=torch.int64, device=self.device)
        rows_by_size: dict[int, list[int]] = defaultdict(list)
        for row, size in enumerate(self.draw_sizes(RandomKeys.from_seed(seed, numbers), sampling, conditions).tolist()):
            rows_by_size[size].append(row)
        chunks = [
            (size, rows[begin : begin + batch_size])
            for size, rows in sorted(rows_by_size.items(), reverse=True)  # the longest work first
            for begin in range(0, len(rows), batch_size)
        ]

        def sample_chunk(chunk: tuple[int, list[int]]) -> list[Attempt]:
            size, rows = chunk
            return self.sample_batch(size, RandomKeys.from_seed(seed, numbers[rows]), sampling, form, conditions)

        results: dict[int, Attempt] = {}
        try:
            for (_, rows), drawn in zip(chunks, parallel_map(sample_chunk, chunks, self.device), strict=True):
                results.update(zip(rows, drawn, strict=True))
                if progress is not None:
                    progress(len(rows))
        except KeyboardInterrupt:
            raise Interrupted([results[row] for row in sorted(results)]) from None
        return [results[row] for row in range(len(numbers))]

    def sample_metrics(self, count: int) -> dict[str, float]:
        """Validity and uniqueness of `count` attempts."""
        drawn = self.sample(range(count), 0, self.sampling, 128, "strict")
        valid = [attempt.smiles for attempt in drawn if attempt.smiles is not None]
        return {"validity": len(valid) / len(drawn), "uniqueness": len(set(valid)) / max(len(valid), 1)}

    @names_settings
    def attempts(
        self,
        n: int,
        *,
        seed: int = 0,
        batch_size: int = 128,
        progress: Progress | None = None,
        conditions: Conditions | None = None,
        **sampling: Unpack[SamplingSettings],
    ) -> Attempts:
        """SMILES of n raw attempts, invalid ones included, nothing filtered or repaired.

        Raises:
            UsageError: n below 1, or a bad sampling setting.
            Interrupted: Ctrl-C.
        """
        config = self._check(n, batch_size, sampling)
        found = Attempts()
        draw = partial(
            self.sample,
            seed=seed,
            sampling=config,
            batch_size=batch_size,
            form="raw",
            progress=progress,
            conditions=conditions,
        )
        with self.evaluating():
            for start in range(0, n, WINDOW):
                _add(found, draw, range(start, min(start + WINDOW, n)))
        return found

    @names_settings
    def generate(
        self,
        n: int,
        *,
        seed: int = 0,
        batch_size: int = 128,
        max_attempts: int | None = None,
        progress: Progress | None = None,
        conditions: Conditions | None = None,
        **sampling: Unpack[SamplingSettings],
    ) -> Generated:
        """n molecules, strictly valid and all different.

        Args:
            n: molecules to keep.
            seed: results depend on it, not on `batch_size`.
            batch_size: molecules per network call.
            max_attempts: give up after so many; by default 20 n + 1,000.
            progress: called with the number of attempts just sampled.
            conditions: what is asked of the molecules.
            **sampling: fields of `SamplingConfig` to override. The valence guard is on by default, where there is one.

        Raises:
            UsageError: n below 1, or a bad sampling setting.
            MolgenError: `max_attempts` were not enough.
            Interrupted: Ctrl-C.
        """
        if sampling.get("valence_guard") is None and "valence_guard" in self.settings:
            sampling["valence_guard"] = True
        config = self._check(n, batch_size, sampling)
        limit = max_attempts if max_attempts is not None else 20 * n + 1000
        found = Generated(requested=n)
        draw = partial(
            self.sample,
            seed=seed,
            sampling=config,
            batch_size=batch_size,
            form="strict",
            progress=progress,
            conditions=conditions,
        )
        with self.evaluating():
            while found.kept < n and found.attempted < limit:
                missing = n - found.kept
                size = min(WINDOW, missing + missing // 8 + 8, limit - found.attempted)
                _add(found, draw, range(found.attempted, found.attempted + size))
        if found.kept == n:
            return found
        raise MolgenError(
            f"only {found.kept} of {n} molecules after {limit} attempts; ask for fewer, "
            "sample with more steps, or train the model longer"
        )

    def _check_conditions(self, conditions: Conditions) -> None:
        known = {name.lower() for name in self.conditions}
        refused = sorted(name for name in conditions.asked if name.lower() not in known)
        if refused:
            offer = ", ".join(sorted(self.conditions)) or "nothing"
            raise UsageError(f"this model cannot be asked for {', '.join(refused)}; it can be asked for {offer}")

    def _check(self, n: int, batch_size: int, sampling: SamplingSettings) -> SamplingConfig:
        if n < 1:
            raise UsageError(f"the number of molecules must be at least 1, got {n}")
        if batch_size < 1:
            raise UsageError(f"the batch size must be at least 1, got {batch_size}")
        return self.sampling_with(**sampling)


def load(name: str | Path) -> Generator:
    """A trained generator of molecules, ready to sample.

    Args:
        name: a model that ships with molgen, or a model directory.

    Raises:
        UsageError: there is no such model.
        MolgenError: it is damaged, of another version, no generator of molecules, or holds a pickle.

    Example:
        >>> import molgen
        >>> model = molgen.load("qm9-graph")
        >>> len(model.attempts(3, steps=5))
        3
    """
    return Generator.from_pretrained(name)


def _add(found: Attempts | Generated, draw: Callable[[range], list[Attempt]], window: range) -> None:
    """Draw the attempts of a window and add them to those found, also when interrupted."""
    try:
        found.add(draw(window))
    except Interrupted as stop:
        found.add(stop.drawn)
        stop.found = found
        raise
