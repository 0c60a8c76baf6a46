"""What a family of generators implements: sizes and batches of attempts, from which any attempts can be drawn."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count, takewhile
from typing import TYPE_CHECKING, ClassVar, Literal, Unpack

import torch
from torch import Tensor

from molgen.constraints.conditions import Conditions
from molgen.diffusion.random_keys import RandomKeys
from molgen.models.likelihood import MoleculeModel
from molgen.models.results import Attempt, Interrupted
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import SamplingSettings, names_settings
from molgen.system.hardware import parallel_map

if TYPE_CHECKING:
    from rdkit import Chem

Form = Literal["raw", "strict"]
"""What is wanted of an attempt: SMILES as it came out; or canonical SMILES, None where it is not strictly valid."""

Progress = Callable[[int], object]
"""Called with a number of molecules just finished."""


class MoleculeSource(MoleculeModel):
    """A model of molecules that draws attempts, numbered ones, each with a random stream of its own.

    Attributes:
        mixes: whether `sample_several` draws attempts of several sizes and conditions at once, so that it takes no
            longer for many than for few.
    """

    mixes: ClassVar[bool] = False

    @property
    def conditions(self) -> frozenset[str]:
        """What it can be asked for: names of properties, and fragment, atoms, collection."""
        return frozenset()

    @abstractmethod
    def draw_sizes(self, rng: RandomKeys, sampling: SamplingConfig, conditions: Conditions | None = None) -> Tensor:
        """Size of each attempt ``(B,)`` int64, as often as in training; those of one size are sampled together."""

    @abstractmethod
    def sample_batch(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, form: Form, conditions: Conditions | None = None
    ) -> list[Attempt]:
        """Attempts of one size, one per random key; nothing is repaired."""

    def least_atoms(self, conditions: Conditions) -> int:
        """Fewest atoms of a molecule that has what is asked.

        Raises:
            UsageError: there is none.
        """
        return 1

    def sample_several(
        self,
        sizes: Sequence[int],
        rng: RandomKeys,
        sampling: SamplingConfig,
        form: Form,
        conditions: Sequence[Conditions | None],
    ) -> list[Attempt]:
        """Attempts of several sizes and under several conditions, one per random key.

        Here those of one size and condition are drawn together. A model that draws all of them at once does not draw
        again what fails.

        Raises:
            UsageError: it cannot be asked for one of the conditions.
        """
        groups: dict[tuple[int, int], list[int]] = {}
        for row, (size, asked) in enumerate(zip(sizes, conditions, strict=True)):
            groups.setdefault((size, id(asked)), []).append(row)
        batches = list(groups.values())

        def sample(rows: list[int]) -> list[Attempt]:
            own = rng.select(torch.tensor(rows, device=rng.keys.device))
            return self.sample_batch(sizes[rows[0]], own, sampling, form, conditions[rows[0]])

        found = dict[int, Attempt]()
        for rows, attempts in zip(batches, parallel_map(sample, batches, self.device), strict=True):
            found.update(zip(rows, attempts, strict=True))
        return [found[row] for row in range(len(sizes))]

    @names_settings
    @abstractmethod
    def trace(
        self, seed: int = 0, conditions: Conditions | None = None, **sampling: Unpack[SamplingSettings]
    ) -> list[Chem.Mol] | list[str]:
        """The states of one molecule, from noise to the end, drawn or written.

        It is the first of `seed` that is strictly valid and has what is asked.

        Args:
            seed: which molecule.
            conditions: what is asked of it.
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

        Attempts of one size are drawn together, chunk after chunk in the order of their first attempts, so that the
        first attempts are finished early.

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
            Interrupted: Ctrl-C; it holds the first attempts, as far as all before them are finished.
        """
        if conditions is not None:
            conditions.check(self.conditions)
            conditions = conditions.for_attempts(examples)
        numbers = torch.tensor(list(examples), dtype=torch.int64, device=self.device)
        rows_by_size: dict[int, list[int]] = defaultdict(list)
        for row, size in enumerate(self.draw_sizes(RandomKeys.from_seed(seed, numbers), sampling, conditions).tolist()):
            rows_by_size[size].append(row)
        chunks = sorted(
            (
                (size, rows[begin : begin + batch_size])
                for size, rows in rows_by_size.items()
                for begin in range(0, len(rows), batch_size)
            ),
            key=lambda chunk: chunk[1][0],
        )

        def sample_chunk(chunk: tuple[int, list[int]]) -> list[Attempt]:
            size, rows = chunk
            asked = None if conditions is None else conditions.for_attempts(rows)
            return self.sample_batch(size, RandomKeys.from_seed(seed, numbers[rows]), sampling, form, asked)

        results: dict[int, Attempt] = {}
        try:
            for (_, rows), drawn in zip(chunks, parallel_map(sample_chunk, chunks, self.device), strict=True):
                results.update(zip(rows, drawn, strict=True))
                if progress is not None:
                    progress(len(rows))
        except KeyboardInterrupt:
            finished = takewhile(results.__contains__, count())
            raise Interrupted([results[row] for row in finished]) from None
        return [results[row] for row in range(len(numbers))]

    def sample_metrics(self, count: int) -> dict[str, float]:
        """Validity and uniqueness of `count` attempts."""
        drawn = self.sample(range(count), 0, self.sampling, 128, "strict")
        valid = [attempt.smiles for attempt in drawn if attempt.smiles is not None]
        return {"validity": len(valid) / len(drawn), "uniqueness": len(set(valid)) / max(len(valid), 1)}
