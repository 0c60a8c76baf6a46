"""What a user asks of a generator of molecules, whatever it is inside."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from molgen.constraints.conditions import Conditions, Interval
from molgen.constraints.filters import Filters, Texts
from molgen.constraints.fragment import Fragment
from molgen.errors import ConditionWarning, UsageError
from molgen.models.registry import FINE_TUNING, OPTIMISATION, resolve
from molgen.models.request import Request
from molgen.models.results import Attempt, Attempts, Generated, Interrupted, Likelihood, TooFew
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import FineTuningOptions, SamplingSettings, names_fields, names_settings
from molgen.models.source import MoleculeSource, Progress
from molgen.system.arguments import whole
from molgen.system.faults import choices
from molgen.system.progress import counting
from molgen.system.shipped import DEFAULT_MODEL

if TYPE_CHECKING:
    import pandas

WINDOW = 16384
"""Attempts sampled together. Results do not depend on it; speed does, since a batch holds one size only."""

_LIMIT_WITHOUT = 500
"""Attempts after which sampling gives up by default where none was kept: what is asked for is hardly ever made."""


class Generator(MoleculeSource):
    """A trained or trainable generator of molecules."""

    @classmethod
    def described(cls) -> str:
        return f"a {cls.family} model" if hasattr(cls, "family") else "one that generates molecules"

    def training_ranges(self) -> dict[str, Interval]:
        """Values of properties among its training molecules, from the least to the largest, where it has them."""
        return {}

    def cautions(self, conditions: Conditions) -> list[str]:
        """What a user should know of conditions that the model can be asked for, one line each."""
        return conditions.cautions(self.training_ranges())

    @names_settings
    def attempts(
        self,
        n: int,
        *,
        seed: int = 0,
        batch_size: int = 128,
        progress: bool | Progress = True,
        fragment: str | Fragment | None = None,
        properties: Mapping[str, object] | pandas.DataFrame | None = None,
        atoms: object = None,
        collection: str | None = None,
        deliver: Callable[[Attempts], object] | None = None,
        **sampling: Unpack[SamplingSettings],
    ) -> Attempts:
        """SMILES of n raw attempts, invalid ones included, nothing filtered or repaired.

        Arguments are those of `generate`. Besides, `properties` may be a table with a column for each property and a
        row for each attempt, which is to come near these values.

        Raises:
            UsageError: n below 1, a bad sampling setting, or something that the model cannot be asked for.
            Interrupted: Ctrl-C.

        Example:
            >>> model = Generator.from_pretrained("qm9-graph")
            >>> len(model.attempts(3, atoms=5, steps=5))
            3
        """
        n = whole(n, "the number of molecules", least=1)
        seed, config = self._check(seed, batch_size, sampling)
        conditions = self._checked_conditions(fragment, properties, atoms, collection)
        found = Attempts(likelihood=self._likelihood())
        draw = partial(
            self.sample, seed=seed, sampling=config, batch_size=batch_size, form="raw", conditions=conditions
        )
        with self.evaluating(), counting(progress, "sampling", n) as advance:
            for start in range(0, n, WINDOW):
                _add(found, partial(draw, progress=advance), range(start, min(start + WINDOW, n)))
                if deliver is not None:
                    deliver(found.take())
        return found

    @names_settings
    def generate(
        self,
        n: int,
        *,
        seed: int = 0,
        batch_size: int = 128,
        max_attempts: int | None = None,
        progress: bool | Progress = True,
        fragment: str | Fragment | None = None,
        properties: Mapping[str, object] | None = None,
        atoms: object = None,
        collection: str | None = None,
        known_rings: bool = False,
        keep: Texts = (),
        contains: Texts = (),
        without: Texts = (),
        drop_alerts: Texts = (),
        deliver: Callable[[Generated], object] | None = None,
        **sampling: Unpack[SamplingSettings],
    ) -> Generated:
        """n molecules, strictly valid and all different, that have what is asked.

        Args:
            n: molecules to keep.
            seed: results depend on it, not on `batch_size`.
            batch_size: molecules per network call.
            max_attempts: give up after so many; by default after 20 n + 1,000, and after 500 that gave nothing.
            progress: a bar on terminals and in notebooks, false for none; or what is called with the number of attempts
                just sampled.
            fragment: that every molecule contains, as SMILES; see `molgen.constraints.fragment.parse_fragment`.
            properties: values or ranges by name, such as ``{"logP": (1, 3), "QED": (0.7, None), "HBD": 1}``.
            atoms: number of heavy atoms, or a range.
            collection: of training molecules, that the molecules are to be like; it is not checked.
            known_rings: keep molecules only whose ring systems all occur in training molecules.
            keep: requirements on properties, such as ``"QED > 0.7"`` or ``["logP = 1..3", "HBD <= 3"]``, of any model:
                molecules that do not meet them are left out and counted, while `properties` are asked of the model.
            contains: SMARTS that every molecule has.
            without: SMARTS that no molecule has.
            drop_alerts: catalogues of structural alerts that no molecule matches, such as ``["PAINS", "BRENK"]``.
            deliver: called with the molecules kept, part by part. They are then held no longer, the result has counts
                alone, and memory does not grow with n.
            **sampling: fields of `SamplingConfig` to override. The valence guard is on by default, where there is one.

        Raises:
            UsageError: n below 1, a bad sampling setting, or something that the model cannot be asked for.
            TooFew: `max_attempts` were not enough; it holds the molecules that were found.
            Interrupted: Ctrl-C.

        Warns:
            ConditionWarning: a range lies outside what the model has been trained on.

        Example:
            >>> model = Generator.from_pretrained("qm9-graph")
            >>> model.generate(2, fragment="*C1CC1", atoms=(6, 8), steps=10).kept
            2
            >>> model.generate(2, keep="logP > 0", without="[#7]", steps=10).kept
            2
        """
        n = whole(n, "the number of molecules", least=1)
        request = self.request(
            seed=seed,
            batch_size=batch_size,
            fragment=fragment,
            properties=properties,
            atoms=atoms,
            collection=collection,
            known_rings=known_rings,
            keep=keep,
            contains=contains,
            without=without,
            drop_alerts=drop_alerts,
            **sampling,
        )
        limit = most_attempts(n) if max_attempts is None else whole(max_attempts, "max_attempts")
        limit_without = min(limit, _LIMIT_WITHOUT) if max_attempts is None else limit
        found = request.sieve(n)
        if deliver is not None:
            found.remember_on_disk()
        with self.evaluating(), counting(progress, "sampling", n) as advance:
            while found.kept < n and found.attempted < (most := limit if found.kept else limit_without):
                expected = (n - found.kept) * (found.attempted + 1) / (found.kept + 1)
                size = min(WINDOW, int(1.125 * expected) + 8, most - found.attempted)
                _add(found, partial(request.draw, progress=advance), range(found.attempted, found.attempted + size))
                if deliver is not None:
                    deliver(found.take())
        if found.kept == n:
            return found
        asked = request.conditions is not None or request.filters is not None
        advice = "for wider ranges or fewer conditions" if asked else "train the model longer"
        raise TooFew(
            f"only {found.kept} of {n} molecules after {found.attempted:,} attempts; ask for fewer molecules, "
            f"{advice}, or allow more attempts (max_attempts)",
            found,
        )

    @names_settings
    def request(
        self,
        *,
        seed: int = 0,
        batch_size: int = 128,
        fragment: str | Fragment | None = None,
        properties: Mapping[str, object] | None = None,
        atoms: object = None,
        collection: str | None = None,
        known_rings: bool = False,
        keep: Texts = (),
        contains: Texts = (),
        without: Texts = (),
        drop_alerts: Texts = (),
        **sampling: Unpack[SamplingSettings],
    ) -> Request:
        """The same request as that of `generate`, of which attempts can be drawn range by range.

        Arguments are those of `generate`.

        Raises:
            UsageError: a bad sampling setting, or something that the model cannot be asked for.

        Warns:
            ConditionWarning: a range lies outside what the model has been trained on.

        Example:
            >>> request = Generator.from_pretrained("qm9-text").request(keep="logP > 0")
            >>> len(request.draw(range(10, 13)))
            3
        """
        if sampling.get("valence_guard") is None and "valence_guard" in self.settings:
            sampling["valence_guard"] = True
        seed, config = self._check(seed, batch_size, sampling)
        filters = Filters.of(keep, contains, without, drop_alerts)
        conditions = self._checked_conditions(fragment, properties, atoms, collection)
        if conditions is not None and conditions.targets:
            raise UsageError("a table of properties is for attempts(): ask generate() for values or ranges")
        return Request(
            partial(
                self.sample, seed=seed, sampling=config, batch_size=batch_size, form="strict", conditions=conditions
            ),
            conditions,
            self._known_rings() if known_rings else None,
            filters,
            self._likelihood(),
        )

    def _likelihood(self) -> Likelihood | None:
        """For the results of sampling, where it is exact."""
        return partial(self.nll, progress=False) if self.exact else None

    def _known_rings(self) -> frozenset[str]:
        if not self.ring_systems:
            raise UsageError(
                f"{self.name or 'this model'} lists no ring systems of its training molecules; to list them in a model "
                "directory: molgen data rings SET --model DIRECTORY"
            )
        return self.ring_systems

    def _checked_conditions(
        self,
        fragment: str | Fragment | None,
        properties: Mapping[str, object] | pandas.DataFrame | None,
        atoms: object,
        collection: str | None,
    ) -> Conditions | None:
        """Conditions that the model can be asked for; warns of what it will find hard."""
        conditions = Conditions.of(fragment, properties, atoms, collection)
        if conditions is not None:
            conditions.check(self.conditions)
            for text in self.cautions(conditions):
                warnings.warn(text, ConditionWarning, stacklevel=3)
        return conditions

    @names_fields(FineTuningOptions)
    def fine_tune(
        self,
        molecules: str | Path | Iterable[Any],
        out: str | Path | None = None,
        *,
        progress: bool | Callable[[float], object] = True,
        **options: Unpack[FineTuningOptions],
    ) -> Self:
        """A copy that has gone on learning from a set of molecules, see `molgen.fine_tune`.

        Args:
            molecules: a named set, a file, SMILES, or RDKit molecules.
            out: folder of the run, new; by default nothing is kept on disk.
            progress: a bar, nothing, or what is called after each step with the share of training done.
            **options: ``minutes`` (5) or ``steps``, ``learning_rate``, ``batch_size``, ``seed``, ``column``,
                ``desalt``.

        Raises:
            MolgenError: nothing fits the model, or the folder is taken.
        """
        tuned: Self = resolve(FINE_TUNING)(self, molecules, out, progress=progress, **options)
        return tuned

    def optimise(
        self,
        score: Callable[[list[str]], Any] | str | Path,
        *,
        calls: int = 10_000,
        seed: int = 0,
        fragment: str | Fragment | None = None,
        progress: bool | Callable[[Any], object] = True,
        **settings: Any,
    ) -> Any:
        """Molecules that are good by a score, see `molgen.optimisation.optimise`. This model is not changed.

        Args:
            score: the path of a ``score.toml``, a task of a benchmark, a `molgen.scoring.Score`, or any function from
                a list of SMILES to a list of numbers, at least 0.
            calls: different molecules that may be scored.
            seed: results depend on it.
            fragment: that every molecule contains.
            progress: a bar, nothing, or what is called after each step.
            **settings: other fields of `molgen.optimisation.OptimiserConfig`, and ``start`` and ``timeout`` of
                `molgen.optimisation.optimise`.

        Raises:
            UsageError: a bad setting, no such score, or a fragment that the model cannot be asked for.
            MolgenError: the score fails.
        """
        found = resolve(OPTIMISATION)
        return found(self, score, calls=calls, seed=seed, fragment=fragment, progress=progress, **settings)

    def _check(self, seed: int, batch_size: int, sampling: SamplingSettings) -> tuple[int, SamplingConfig]:
        """Seed and settings, once they are what they have to be."""
        seed = whole(seed, "the seed")
        whole(batch_size, "the batch size", least=1)
        fields = SamplingSettings.__annotations__
        for name in sampling:
            if name not in fields:
                arguments = [one for one in signature(Generator.generate).parameters if one not in ("self", *fields)]
                there = choices(name, [*arguments, *sorted(self.settings)])
                raise UsageError(f"there is no argument or setting {name!r}{there}")
        return seed, self.sampling_with(**sampling)


def most_attempts(n: int) -> int:
    """Attempts after which a request for n molecules is given up, where nothing else is said."""
    return 20 * n + 1000


def load(name: str | Path = DEFAULT_MODEL) -> Generator:
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
