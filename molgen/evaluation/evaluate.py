"""The figures of a set of attempts, with their counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from molgen.errors import MolgenError
from molgen.evaluation.fcd import frechet_chemnet_distance
from molgen.evaluation.validity import judge

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Evaluation:
    """Figures of one set of attempts. Unless said otherwise the denominator is every attempt.

    Attributes:
        attempts: how many there were.
        validity: strict: the whole graph sanitises, is one fragment and reads back.
        validity_sanitize: sanitises, fragments allowed.
        validity_largest_fragment: sanitises and its largest fragment reads back (DiGress's and DeFoG's definition).
        validity_relaxed: sanitises as one fragment after over-valent N, O, S got a charge of +1.
        uniqueness: share of different molecules among the strictly valid.
        novelty: share of molecules not in the reference's training split among the different ones; None without one.
        vu: valid and unique, per attempt.
        vun: valid, unique and novel, per attempt; None without a reference.
        fcd: Frechet ChemNet distance of the strictly valid to the reference's test split; None if not asked for.
        fcd_reference: molecules in that split.
    """

    attempts: int
    validity: float
    validity_sanitize: float
    validity_largest_fragment: float
    validity_relaxed: float
    uniqueness: float
    novelty: float | None
    vu: float
    vun: float | None
    fcd: float | None = None
    fcd_reference: int | None = None

    def to_dict(self) -> dict[str, float | int | None]:
        """Figures by name."""
        return asdict(self)

    def to_pandas(self) -> pandas.Series:
        """Figures as a series."""
        import pandas

        return pandas.Series(self.to_dict(), name="value")

    def rows(self) -> list[tuple[str, str]]:
        """Name and printed value of each figure there is."""
        return [
            (name, f"{value:,}" if isinstance(value, int) else f"{value:.4f}")
            for name, value in self.to_dict().items()
            if value is not None
        ]

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.rows())
        return "\n".join(f"{name:<{width}}  {value:>10}" for name, value in self.rows())


def evaluate(
    smiles: Iterable[str],
    train: Iterable[str] | None = None,
    test: Sequence[str] | None = None,
) -> Evaluation:
    """Score attempts.

    Args:
        smiles: one string per attempt, invalid ones included, in any writing.
        train: canonical SMILES for novelty.
        test: canonical SMILES for FCD.

    Raises:
        MolgenError: no attempts, or too few valid ones for FCD.
    """
    verdicts = [judge(text) for text in smiles]
    if not verdicts:
        raise MolgenError("there is nothing to evaluate")
    n = len(verdicts)
    valid = [verdict.smiles for verdict in verdicts if verdict.smiles is not None]
    unique = set(valid)
    novel = len(unique.difference(train)) if train is not None else None
    return Evaluation(
        attempts=n,
        validity=len(valid) / n,
        validity_sanitize=sum(verdict.sanitize for verdict in verdicts) / n,
        validity_largest_fragment=sum(verdict.largest_fragment for verdict in verdicts) / n,
        validity_relaxed=sum(verdict.relaxed for verdict in verdicts) / n,
        uniqueness=len(unique) / len(valid) if valid else 0.0,
        novelty=None if novel is None else novel / len(unique) if unique else 0.0,
        vu=len(unique) / n,
        vun=None if novel is None else novel / n,
        fcd=frechet_chemnet_distance(valid, test) if test is not None else None,
        fcd_reference=len(test) if test is not None else None,
    )
