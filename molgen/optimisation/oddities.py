"""What speaks against molecules that score well: a score can be gamed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rdkit import Chem

from molgen.features.alerts import matching_catalogues
from molgen.features.fragments import ring_systems
from molgen.features.named_properties import property_values
from molgen.features.record import MoleculeRecord
from molgen.features.ring_oddities import ring_oddities
from molgen.models.generator import Generator
from molgen.scoring.score import Score
from molgen.scoring.scorer import AnyScore
from molgen.scoring.terms.activity import QsarTerm

Columns = dict[str, list[float | str | None]]


def oddities(smiles: Sequence[str], prior: Generator, score: AnyScore | None = None) -> Columns:
    """Columns of what a chemist would ask of molecules.

    ``SA``, synthetic accessibility; ``alerts``, catalogues of structural alerts that match; ``ring_oddities``, rings
    that are large or strained; ``new_rings``, ring systems that no training molecule of the generator has, where it
    lists them; ``nll``, negative log-likelihood under the generator as it was, nats, or a bound on it: the higher, the
    less like its training molecules. For each prediction of a QSAR model in the score, under its name with ``_domain``,
    the similarity to the nearest molecule that it was fitted to: the lower, the less it can be believed.

    Args:
        smiles: canonical.
        prior: the generator as it was.
        score: that the molecules are good by.

    Example:
        >>> from molgen.models.loading import load_model
        >>> found = oddities(["C1CCCCCCC1"], load_model("qm9-ar"))
        >>> found["ring_oddities"], round(found["SA"][0], 1)
        (['a ring of 8 atoms'], 1.0)
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
    return found | _domains([record.mol for record in records], score)


def _domains(molecules: Sequence[Chem.Mol], score: AnyScore | None) -> Columns:
    """Similarity to what each QSAR model of a score was fitted to."""
    if not isinstance(score, Score) or not molecules:
        return {}
    return {
        f"{name}_domain": [round(float(value), 3) for value in term.model.similarity(molecules)]
        for name, term in zip(score.names, score.config.terms, strict=True)
        if isinstance(term, QsarTerm) and term.output == "prediction"
    }


def summary(columns: Columns) -> str:
    """The same in one line.

    Example:
        >>> summary({"SA": [2.0, 4.0], "alerts": ["", "PAINS"], "ring_oddities": ["", ""]})
        'of the best 2: alerts in 1, ring oddities in 0, mean SA 3'
    """
    sa = [value for value in columns["SA"] if isinstance(value, float)]
    names = [name for name in ("alerts", "ring_oddities", "new_rings") if name in columns]
    parts = [f"{name.replace('_', ' ')} in {sum(bool(value) for value in columns[name])}" for name in names]
    parts.append(f"mean SA {sum(sa) / max(len(sa), 1):.3g}")
    for name in columns:
        if name.endswith("_domain"):
            values = [value for value in columns[name] if isinstance(value, float)]
            parts.append(f"mean {name.replace('_', ' ')} {sum(values) / max(len(values), 1):.3g}")
    return f"of the best {len(sa)}: {', '.join(parts)}"
