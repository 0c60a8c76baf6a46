"""What a report shows, computed: tables, histograms, the map."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.evaluation import evaluate
from molgen.evaluation.result import table
from molgen.features.named_properties import PROPERTIES
from molgen.library.columns import ALERTS
from molgen.report.highlight import highlight
from molgen.report.histograms import bin_edges
from molgen.report.html.compared import Compared
from molgen.report.html.given import Described, GivenSet
from molgen.report.html.space import Method, coordinates
from molgen.system.progress import Stage

FRAMES = 18
"""Scaffolds, and ring systems, that are shown of a set."""

WITHOUT_REFERENCE = ("validity", "uniqueness", "alerts_any", "plausible", "SA", "NP", "QED")
WITH_REFERENCE = ("novelty", "vun", "ring_system_never_seen", "ring_system_rare")
COUNTS = ("scaffolds", "scaffold_entropy", "circles")


def metrics(
    sets: list[GivenSet], compared: Compared | None, jobs: int | None, progress: Stage
) -> tuple[list[tuple[str, ...]], list[str]]:
    """The table of metrics with a column for each set, its first row the headings; and what limits their meaning."""
    reference = None if compared is None else compared.reference
    only = (*WITHOUT_REFERENCE, *(WITH_REFERENCE if reference is not None else ()), *COUNTS)
    found = [
        evaluate(given.attempts, reference, ["graph", "medchem"], only=only, jobs=jobs, progress=progress)
        for given in sets
    ]
    warnings = list(dict.fromkeys(warning for one in found for warning in one.warnings))
    return table(found, [given.name for given in sets]), warnings


def histograms(sets: list[GivenSet], compared: Compared | None) -> list[dict[str, Any]]:
    """Shares of the molecules by intervals of each property, for the reference and each set."""
    groups = [(given.name, given.molecules) for given in sets]
    if compared is not None:
        groups.insert(0, (_name(compared), compared.molecules))
    found = []
    for name, one in PROPERTIES.items():
        values = [np.array([item.row[name] for item in items], np.float64) for _, items in groups]
        edges = _edges(values, one.whole)
        shares = [np.histogram(mine, edges)[0] / max(len(mine), 1) for mine in values]
        centres = [f"{centre:.4g}" for centre in (edges[:-1] + edges[1:]) / 2]
        unit = f", {one.unit}" if one.unit else ""
        found.append(
            {
                "name": f"{name}{unit}",
                "centres": centres,
                "sets": [
                    {"name": shown, "shares": np.round(mine, 4).tolist()}
                    for (shown, _), mine in zip(groups, shares, strict=True)
                ],
            }
        )
    return found


def _edges(values: list[NDArray[np.float64]], whole: bool) -> NDArray[np.float64]:
    if not whole:
        return np.asarray(bin_edges(values), np.float64)
    everything = np.concatenate(values)
    return np.arange(everything.min() - 0.5, everything.max() + 1)


def mapped(sets: list[GivenSet], compared: Compared | None, method: Method) -> list[dict[str, Any]]:
    """Places of all molecules, the reference first; those of the table by their row in it."""
    reference = [] if compared is None else compared.molecules
    everything = [*reference, *(one for given in sets for one in given.molecules)]
    places = coordinates([one.bits for one in everything], method)
    found: list[dict[str, Any]] = []
    if compared is not None:
        mine = places[: len(reference)]
        smiles = [one.row["smiles"] for one in reference]
        found.append({"name": _name(compared), "x": mine[:, 0].tolist(), "y": mine[:, 1].tolist(), "smiles": smiles})
    start = 0
    for given in sets:
        rows = range(start, start + len(given.molecules))
        mine = places[len(reference) + rows.start : len(reference) + rows.stop]
        found.append({"name": given.name, "x": mine[:, 0].tolist(), "y": mine[:, 1].tolist(), "rows": list(rows)})
        start = rows.stop
    return found


def frames(given: GivenSet, compared: Compared | None) -> list[dict[str, Any]]:
    """The most frequent scaffolds and ring systems of a set, and how many of them the reference never has."""
    parts: list[tuple[str, str, Container[str] | None]] = [
        ("scaffolds", "scaffold", None if compared is None else compared.scaffolds),
        ("ring systems", "rings", None if compared is None else compared.rings),
    ]
    found = []
    for title, column, known in parts:
        counts = given.counts(column)
        new = [] if known is None else [smiles for smiles in counts if smiles not in known]
        first = list(counts)[:FRAMES]
        found.append(_frame(f"most frequent {title}", f"{len(counts):,} different {title}.", first, counts, known))
        if known is not None and new:
            note = f"{len(new):,} of {len(counts):,} {title} are in no training molecule of the reference."
            found.append(_frame(f"{title} that the reference never has", note, new[:FRAMES], counts, known))
    return found


def _frame(
    title: str, note: str, smiles: list[str], counts: dict[str, int], known: Container[str] | None
) -> dict[str, Any]:
    cards = [
        {"smiles": one, "count": f"{counts[one]:,}", "new": known is not None and one not in known} for one in smiles
    ]
    return {"title": title, "note": note, "cards": cards}


def alerts(sets: list[GivenSet]) -> list[tuple[str, list[str]]]:
    """Of each catalogue the share of the molecules of each set that it matches."""
    return [
        (name, [f"{np.mean([one.row[column] > 0 for one in given.molecules]):.1%}" for given in sets])
        for column, name in ALERTS.items()
    ]


def columns(sets: list[GivenSet]) -> dict[str, list[Any]]:
    """The table of molecules, column by column; ``set`` is the number of the set."""
    rows = [(number, one) for number, given in enumerate(sets) for one in given.molecules]
    first: dict[str, list[Any]] = {"set": [number for number, _ in rows]} if len(sets) > 1 else {}
    names = [name for name in rows[0][1].row if name not in ("inchikey", *ALERTS)]
    found = {**first, **{name: [one.row[name] for _, one in rows] for name in names}}
    found["alerts"] = [_alerts(one) for _, one in rows]
    found["inchikey"] = [one.row["inchikey"] for _, one in rows]
    return found


def _alerts(one: Described) -> str:
    return " ".join(name for column, name in ALERTS.items() if one.row[column])


def marked(sets: list[GivenSet]) -> dict[int, list[int]]:
    """Atoms of the fragment that was asked for, by row of the table."""
    found: dict[int, list[int]] = {}
    row = 0
    for given in sets:
        find = None if given.fragment is None else highlight(given.fragment)
        for one in given.molecules:
            atoms = () if find is None else find(Chem.MolFromSmiles(one.row["smiles"]))
            if atoms:
                found[row] = list(atoms)
            row += 1
    return found


def _name(compared: Compared) -> str:
    return f"{compared.reference.name} (reference)"
