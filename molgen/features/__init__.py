"""Everything that can be computed of one attempt, by name. It runs in worker processes and needs RDKit alone."""

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
from molgen.features.record import MoleculeRecord
from molgen.features.stability import stable_atoms

ColumnType = Literal["number", "bits", "words", "vector"]


@dataclass(frozen=True)
class Feature:
    """A named quantity of one readable molecule.

    Attributes:
        column_type: a ``number``; ``bits`` of a fixed length; ``words``, any number of strings; a sparse ``vector``,
            of which only the mean over molecules is kept.
        compute: its value.
    """

    column_type: ColumnType
    compute: Callable[[MoleculeRecord], Any]


FEATURES: dict[str, Feature] = {
    "canonical": Feature("words", lambda record: (record.canonical,)),
    "flat": Feature("words", lambda record: (record.flat,)),
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
    "neighbourhoods": Feature("vector", nspdk),
    **{name: Feature("number", partial(descriptor, name=name)) for name in GUACAMOL_DESCRIPTORS},
}
"""By name."""


@dataclass(frozen=True)
class Description:
    """What was computed of one attempt.

    Attributes:
        verdict: validity under each definition.
        stable: number of stable heavy atoms, and of all heavy atoms.
        features: the requested values; None where the attempt is not readable.
    """

    verdict: Validity
    stable: tuple[int, int]
    features: tuple[Any, ...] | None


NOTHING = Description(Validity(None, False, False, False), (0, 0), None)
"""The description of an attempt that crashed or timed out."""


def describe(
    text: str, names: tuple[str, ...], verdicts: bool = True, stereo: bool = True, again: bool = True
) -> Description:
    """Compute features of one attempt.

    Args:
        text: SMILES as generated.
        names: of `FEATURES`.
        verdicts: compute validity and stability too.
        stereo: whether features see stereo labels.
        again: see `MoleculeRecord`.
    """
    record = MoleculeRecord(text, stereo, again)
    values = None if record.mol is None else tuple(FEATURES[name].compute(record) for name in names)
    if not verdicts:
        return Description(NOTHING.verdict, NOTHING.stable, values)
    return Description(judge(text), stable_atoms(record), values)
