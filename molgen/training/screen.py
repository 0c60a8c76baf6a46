"""Which molecules of a source a trained generator can be fine-tuned on, and why the others are left out."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from molgen.chem.standardize import DEFAULT_LIMITS
from molgen.datasets.encoding import Encoded, LeftOut, encode_records
from molgen.datasets.sources import Source
from molgen.errors import MoleculeError
from molgen.models.generator import Generator


@dataclass
class Screened:
    """What fits a model.

    Attributes:
        read: records seen.
        smiles: canonical, all different.
        sizes: number of molecules by number of atoms or tokens.
        duplicates: records whose molecule had been seen before.
        stereo_dropped: molecules whose stereo labels were dropped.
        desalted: molecules of which other components were dropped.
        left_out: records that cannot be used.
        unit: what their numbers count, ``line`` or ``record``.
    """

    read: int = 0
    smiles: list[str] = field(default_factory=list)
    sizes: Counter[int] = field(default_factory=Counter)
    duplicates: int = 0
    stereo_dropped: int = 0
    desalted: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    unit: str = "record"

    @property
    def reasons(self) -> dict[str, int]:
        """Records left out, by reason."""
        return dict(Counter(record.reason for record in self.left_out))

    def __str__(self) -> str:
        counts = {"read": self.read, "kept": len(self.smiles), "duplicates": self.duplicates}
        others = {"stereo labels dropped": self.stereo_dropped, "desalted": self.desalted}
        counts |= {name: count for name, count in others.items() if count}
        counts["left out"] = len(self.left_out)
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.items())
        return "  ".join(f"{name} {count:,}" for name, count in counts.items()) + (f" ({reasons})" if reasons else "")

    def examples(self) -> list[str]:
        """The first record left out for each reason, in a line each."""
        first = {record.reason: record for record in reversed(self.left_out)}
        return [
            f"left out: {reason}, {self.unit} {first[reason].line}: {first[reason].message}" for reason in self.reasons
        ]

    def write_left_out(self, path: Path) -> None:
        """Write the records that are left out as a table."""
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow([self.unit, *LeftOut._fields[1:]])
            writer.writerows(self.left_out)


def screen(model: Generator, source: Source, desalt: bool = False) -> Screened:
    """Sort the records of a source into those that a model can encode and those that it cannot.

    Args:
        model: whose vocabulary and largest size decide.
        source: its splits are not used.
        desalt: keep the largest organic component of salts and mixtures.
    """
    listed, found, seen = list(source.records()), Screened(unit=source.unit), set[str]()
    outcomes = encode_records(listed, kekulized=False, limits=DEFAULT_LIMITS, salts=desalt)
    for record, (_, outcome) in zip(listed, outcomes, strict=True):
        found.read += 1
        if not isinstance(outcome, Encoded):
            found.left_out.append(LeftOut.of(record, *outcome))
            continue
        if outcome.smiles in seen:
            found.duplicates += 1
            continue
        seen.add(outcome.smiles)
        try:
            found.sizes[len(model.encode(outcome.smiles)[0])] += 1
        except MoleculeError as error:
            found.left_out.append(LeftOut.of(record, error.reason, str(error)))
            continue
        found.smiles.append(outcome.smiles)
        found.stereo_dropped += outcome.had_stereo
        found.desalted += outcome.desalted
    return found
