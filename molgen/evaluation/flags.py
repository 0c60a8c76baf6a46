"""The table of alerts and unusual ring systems per attempt."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from molgen.evaluation.sample import Sample

if TYPE_CHECKING:
    import pandas

FEATURES = ("alerts", "ring_systems")
"""Features that the table needs, besides verdicts."""

RARE = 5
"""Ring systems that occur fewer times than this in the reference, or never, are rare."""

_BETWEEN = "; "


def flag_table(sample: Sample, known_rings: Counter[str] | None) -> pandas.DataFrame:
    """One row per attempt.

    Columns: ``attempt`` (from 1), ``smiles`` (canonical, empty where the attempt is not strictly valid), ``valid``,
    ``alerts`` (``catalogue: alert``), and of its ring systems those ``never_seen`` in the reference and those that are
    ``rare`` there, which are those too, as SMILES separated by semicolons.

    Args:
        sample: with the columns `FEATURES` and verdicts.
        known_rings: how often each ring system occurs in the reference; None leaves the two columns out.
    """
    import pandas

    valid = sample.valid
    found: dict[str, list[str]] = {name: [""] * sample.attempts for name in ("smiles", "alerts", "never_seen", "rare")}
    for number, smiles in zip(sample.strict.rows.tolist(), sample.strict.singles(), strict=True):
        found["smiles"][number] = smiles
    rows = zip(sample.readable.tolist(), sample.words("alerts"), sample.words("ring_systems"), strict=True)
    for number, alerts, rings in rows:
        if not valid[number]:
            continue
        found["alerts"][number] = _BETWEEN.join(alerts)
        if known_rings is not None:
            counts = {ring: known_rings[ring] for ring in rings}
            found["never_seen"][number] = _BETWEEN.join(ring for ring, count in counts.items() if not count)
            found["rare"][number] = _BETWEEN.join(ring for ring, count in counts.items() if count < RARE)
    if known_rings is None:
        del found["never_seen"], found["rare"]
    table = pandas.DataFrame({"attempt": range(1, sample.attempts + 1), **found})
    table.insert(2, "valid", valid)
    return table
