"""Structural alerts: MOSES's filters, and RDKit's catalogues by name."""

from __future__ import annotations

import json
import re
from functools import cache

from rdkit import Chem
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogEntry, FilterCatalogParams

from molgen.evaluation.features.screen import Screen
from molgen.evaluation.features.subject import Subject
from molgen.shipped import shipped_path

CATALOGUES = (
    "PAINS",
    "BRENK",
    "NIH",
    "CHEMBL_BMS",
    "CHEMBL_Dundee",
    "CHEMBL_Glaxo",
    "CHEMBL_Inpharmatica",
    "CHEMBL_LINT",
    "CHEMBL_MLSMR",
    "CHEMBL_SureChEMBL",
)
"""Names of RDKit's catalogues of alerts."""

_MOSES_ELEMENTS = frozenset({"C", "N", "S", "O", "F", "Cl", "Br", "H"})
_PICKLED_MOL = b"\xef\xbe\xad\xde"


class _Catalogue:
    """One of RDKit's catalogues behind a screen."""

    def __init__(self, name: str) -> None:
        parameters = FilterCatalogParams()
        parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
        catalogue = FilterCatalog(parameters)
        self.entries = [catalogue.GetEntryWithIdx(n) for n in range(catalogue.GetNumEntries())]
        self.screen = Screen([_pattern(entry) for entry in self.entries])

    def alerts(self, subject: Subject) -> list[str]:
        survivors = (self.entries[n] for n in self.screen.survivors(subject.pattern))
        return [entry.GetDescription() for entry in survivors if entry.HasFilterMatch(subject.mol)]


def _pattern(entry: FilterCatalogEntry) -> Chem.Mol | None:
    """The query of an entry, out of its serialised form, since RDKit shows it only after a match; None if it hides."""
    raw = bytes(entry.Serialize())
    found = re.search(rb" (\d+) (?=" + re.escape(_PICKLED_MOL) + rb")", raw)
    if found is None:
        return None
    end = found.end() + int(found[1])
    if _PICKLED_MOL in raw[end:]:  # made of several patterns
        return None
    try:
        return Chem.Mol(raw[found.end() : end])
    except RuntimeError:
        return None


@cache
def _catalogue(name: str) -> _Catalogue:
    return _Catalogue(name)


def catalogue_alerts(subject: Subject) -> tuple[str, ...]:
    """Every alert of every catalogue, as ``catalogue: alert``."""
    return tuple(f"{name}: {alert}" for name in CATALOGUES for alert in _catalogue(name).alerts(subject))


@cache
def _moses_queries() -> tuple[list[Chem.Mol], Screen]:
    smarts = json.loads(shipped_path("alerts", "moses.json").read_text())
    queries = [Chem.MolFromSmarts(text) for text in smarts["mcf"] + smarts["pains"]]
    return queries, Screen(queries)


def passes_moses_filters(subject: Subject) -> float:
    """1 if it passes MOSES's filters: MCF and PAINS alerts, allowed elements, no charge, no ring of 8 or more."""
    mol = subject.mol
    assert mol is not None
    if any(len(ring) >= 8 for ring in mol.GetRingInfo().AtomRings()):
        return 0.0
    if any(atom.GetFormalCharge() != 0 or atom.GetSymbol() not in _MOSES_ELEMENTS for atom in mol.GetAtoms()):
        return 0.0
    queries, screen = _moses_queries()
    hydrogens = subject.hydrogens
    if any(hydrogens.HasSubstructMatch(queries[n]) for n in screen.survivors(subject.hydrogen_pattern)):
        return 0.0
    return float(bool(subject.canonical))
