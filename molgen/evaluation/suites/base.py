"""Suites and metrics. Each metric lists the features that it needs, so that only these are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from molgen.evaluation.fcd import activations
from molgen.evaluation.intervals import MetricValue
from molgen.evaluation.references import Progress, Reference, silent
from molgen.evaluation.sample import Sample


@dataclass
class Context:
    """Input of the metrics.

    Attributes:
        sample: attempts with their features.
        reference: None where there is none; metrics that need one are then left out.
        progress: called with a label and a count.
    """

    sample: Sample
    reference: Reference | None
    progress: Progress = silent
    _activations: dict[tuple[str, ...], NDArray[np.float32]] = field(default_factory=dict)

    @property
    def compared(self) -> Reference:
        """The reference of a metric that needs one."""
        assert self.reference is not None
        return self.reference

    def chemnet(self, smiles: Sequence[str]) -> NDArray[np.float32]:
        """ChemNet activations ``(n, 512)``, computed once for the same molecules."""
        key = tuple(smiles)
        if key not in self._activations:
            self._activations[key] = activations(smiles, lambda n: self.progress("ChemNet", n))
        return self._activations[key]


@dataclass(frozen=True)
class Metric:
    """One metric, or some that are computed together.

    Attributes:
        names: of the values, in order.
        compute: gives the values.
        features: that the sample must have.
        compared: (split, feature) that the reference must have; (split, "") where only the split itself has to exist.
    """

    names: tuple[str, ...]
    compute: Callable[[Context], Iterable[MetricValue]]
    features: tuple[str, ...] = ()
    compared: tuple[tuple[str, str], ...] = ()

    def possible(self, reference: Reference | None) -> bool:
        """Whether the reference has the splits that are needed."""
        return all(reference is not None and split in reference.splits for split, _ in self.compared)


@dataclass(frozen=True)
class Suite:
    """Metrics under one name.

    Attributes:
        name: on the command line.
        metrics: in order.
        usual: attempts behind the published tables, of which fewer bring a warning; None where there are no tables.
        verdicts: whether it needs strict validity or stability.
    """

    name: str
    metrics: tuple[Metric, ...]
    usual: int | None
    verdicts: bool = False
