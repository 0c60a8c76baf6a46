"""Scores of the records of a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rdkit import Chem

from molgen.chem.standardize import parsed_or_none
from molgen.scoring.inputs import smiles_list
from molgen.scoring.score import mapped_name
from molgen.scoring.scorer import AnyScore, Scorer
from molgen.scoring.totals import written


@dataclass(frozen=True)
class Scored:
    """Records and their scores.

    Attributes:
        smiles: as given, one per record.
        columns: values by column, see `molgen.scoring.Scorer`; None where a record has none.
        different: molecules that were scored.
        unreadable: records that cannot be read.
        failures: molecules without a value, by column.
    """

    smiles: list[str]
    columns: dict[str, list[float | None]]
    different: int
    unreadable: int
    failures: dict[str, int]

    def __str__(self) -> str:
        totals = [total for total in self.columns["total"] if total is not None]
        parts = [f"read {len(self.smiles):,}", f"different {self.different:,}"]
        parts += [f"cannot be read {self.unreadable:,}"] if self.unreadable else []
        shown = {name: count for name, count in self.failures.items() if name not in map(mapped_name, self.failures)}
        parts += [f"without {name} {count:,}" for name, count in shown.items()]
        parts += [f"total: mean {sum(totals) / len(totals):.4g}, best {max(totals):.4g}"] if totals else []
        return "  ".join(parts)


def score_records(smiles: Sequence[str], score: AnyScore) -> Scored:
    """Score records, each molecule once.

    Args:
        smiles: of the records; stereo is kept.
        score: see `molgen.scoring.Scorer`.

    Raises:
        UsageError: not a list of SMILES.
        MolgenError: the score fails, see `molgen.scoring.Scorer.values`.

    Example:
        >>> str(score_records(["CCO", "OCC", "C1CC"], lambda texts: [len(text) for text in texts]))
        'read 3  different 1  cannot be read 1  total: mean 3, best 3'
    """
    smiles = smiles_list(smiles)
    canonical = [_canonical(text) for text in smiles]
    scorer = Scorer(score)
    nothing = (math.nan,) * len(scorer.columns)
    scored = iter(scorer.values([text for text in canonical if text is not None]))
    rows = [nothing if text is None else next(scored) for text in canonical]
    columns = {name: [written(row[number]) for row in rows] for number, name in enumerate(scorer.columns)}
    return Scored(smiles, columns, scorer.calls, canonical.count(None), scorer.failures)


def _canonical(text: str) -> str | None:
    """Canonical SMILES with stereo, None where it cannot be read."""
    mol = parsed_or_none(text)
    return None if mol is None else str(Chem.MolToSmiles(mol))
