"""What can be computed of one attempt, by name. Everything here runs in worker processes and knows RDKit alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from molgen.chem.validity import Validity, judge
from molgen.features.alerts import catalogue_alerts, passes_moses_filters
from molgen.features.fingerprints import GUACAMOL_BITS, MOSES_BITS, flat_morgan, morgan
from molgen.features.fragments import brics_fragments, murcko_scaffold, ring_systems
from molgen.features.neighbourhoods import nspdk
from molgen.features.plausible import plausible
from molgen.features.properties import (
    GUACAMOL_DESCRIPTORS,
    descriptor,
    drug_likeness,
    logp,
    natural_product_likeness,
    synthetic_accessibility,
    weight,
)
from molgen.features.record import Subject
from molgen.features.stability import stable_atoms

Kind = Literal["number", "bits", "words", "vector"]


@dataclass(frozen=True)
class Feature:
    """A named quantity of one readable molecule.

    Attributes:
        kind: a ``number``; ``bits`` of a fixed length; ``words``, any number of strings; a sparse ``vector``, which is
            averaged.
        compute: it.
    """

    kind: Kind
    compute: Callable[[Subject], Any]


FEATURES: dict[str, Feature] = {
    "canonical": Feature("words", lambda subject: (subject.canonical,)),
    "flat": Feature("words", lambda subject: (subject.flat,)),
    "logP": Feature("number", logp),
    "SA": Feature("number", synthetic_accessibility),
    "NP": Feature("number", natural_product_likeness),
    "QED": Feature("number", drug_likeness),
    "weight": Feature("number", weight),
    "Filters": Feature("number", passes_moses_filters),
    "morgan": Feature("bits", partial(morgan, bits=MOSES_BITS)),
    "flat_morgan": Feature("bits", partial(flat_morgan, bits=GUACAMOL_BITS)),
    "fragments": Feature("words", brics_fragments),
    "moses_scaffold": Feature("words", partial(murcko_scaffold, rings=2)),
    "scaffold": Feature("words", murcko_scaffold),
    "ring_systems": Feature("words", ring_systems),
    "plausible": Feature("number", plausible),
    "alerts": Feature("words", catalogue_alerts),
    "nspdk": Feature("vector", nspdk),
    **{name: Feature("number", partial(descriptor, name=name)) for name in GUACAMOL_DESCRIPTORS},
}
"""By name."""


@dataclass(frozen=True)
class Description:
    """One attempt, described.

    Attributes:
        verdict: under each definition of validity.
        stable: stable heavy atoms, and all heavy atoms.
        features: asked for; None where MOSES's reader refuses the attempt.
    """

    verdict: Validity
    stable: tuple[int, int]
    features: tuple[Any, ...] | None


NOTHING = Description(Validity(None, False, False, False), (0, 0), None)
"""What is known of an attempt that nothing could be found out about."""


def describe(text: str, names: tuple[str, ...], verdicts: bool = True, stereo: bool = True) -> Description:
    """Everything asked for of one attempt.

    Args:
        text: as generated.
        names: of `FEATURES`.
        verdicts: whether validity and stability are asked for too.
        stereo: whether features see stereo labels.
    """
    subject = Subject(text, stereo)
    values = None if subject.mol is None else tuple(FEATURES[name].compute(subject) for name in names)
    if not verdicts:
        return Description(NOTHING.verdict, NOTHING.stable, values)
    return Description(judge(text), stable_atoms(subject), values)
