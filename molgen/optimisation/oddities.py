"""What speaks against molecules that score well: a score can be gamed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from molgen.features.alerts import matching_catalogues
from molgen.features.fragments import ring_systems
from molgen.features.named_properties import property_values
from molgen.features.record import MoleculeRecord
from molgen.features.ring_oddities import ring_oddities
from molgen.models.generator import Generator

Columns = dict[str, list[float | str | None]]


def oddities(smiles: Sequence[str], prior: Generator) -> Columns:
    """Columns of what a chemist would ask of molecules.

    ``SA``, synthetic accessibility; ``alerts``, catalogues of structural alerts that match; ``ring_oddities``, rings
    that are large or strained; ``new_rings``, ring systems that no training molecule of the generator has, where it
    lists them; ``nll``, negative log-likelihood under the generator as it was, nats, or a bound on it: the higher, the
    less like its training molecules.

    Args:
        smiles: canonical.
        prior: the generator as it was.

    Example:
        >>> from molgen.models.loading import load_model
        >>> found = oddities(["C1CCCCCCC1"], load_model("qm9-ar"))
        >>> found["ring_oddities"], round(found["SA"][0], 1)
        (['a ring of 8 atoms'], 1.2)
    """
    records = [MoleculeRecord(text) for text in smiles]
    known = prior.ring_systems
    likelihood = prior.nll(smiles, progress=False) if smiles else []
    found: Columns = {
        "SA": [round(property_values(record.mol, ["SA"])[0], 3) for record in records],
        "alerts": [";".join(matching_catalogues(record)) for record in records],
        "ring_oddities": [";".join(ring_oddities(record.mol)) for record in records],
        "nll": [None if math.isnan(value) else round(value, 3) for value in likelihood],
    }
    if known:
        found["new_rings"] = [";".join(sorted(set(ring_systems(record)) - known)) for record in records]
    return found


def summary(columns: Columns) -> str:
    """The same in one line.

    Example:
        >>> summary({"SA": [2.0, 4.0], "alerts": ["", "PAINS"], "ring_oddities": ["", ""]})
        'of the best 2: alerts in 1, ring oddities in 0, mean SA 3'
    """
    sa = [value for value in columns["SA"] if isinstance(value, float)]
    names = [name for name in ("alerts", "ring_oddities", "new_rings") if name in columns]
    parts = [f"{name.replace('_', ' ')} in {sum(bool(value) for value in columns[name])}" for name in names]
    return f"of the best {len(sa)}: {', '.join(parts)}, mean SA {sum(sa) / max(len(sa), 1):.3g}"
