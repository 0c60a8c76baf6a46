"""Structural alerts: the filters of MOSES and the catalogues of RDKit."""

from __future__ import annotations

import json
import re
from functools import cache

from rdkit import Chem
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogEntry, FilterCatalogParams

from molgen.errors import UsageError
from molgen.features.record import MoleculeRecord
from molgen.features.screen import Screen
from molgen.system.faults import choices
from molgen.system.shipped import shipped_path

CATALOGUES = (
    "PAINS",
    "BRENK",
    "NIH",
    "CHEMBL_Glaxo",
    "CHEMBL_Inpharmatica",
    "CHEMBL_LINT",
    "CHEMBL_MLSMR",
    "CHEMBL_SureChEMBL",
)
"""Names of RDKit's catalogues of alerts, each once."""

ALIASES = {"CHEMBL_BMS": "NIH", "CHEMBL_Dundee": "BRENK"}
"""Other names under which RDKit has two of them again, with the same alerts, of which three are written otherwise."""

_MOSES_ELEMENTS = frozenset({"C", "N", "S", "O", "F", "Cl", "Br", "H"})
_PICKLED_MOL = b"\xef\xbe\xad\xde"


class _Catalogues:
    """All catalogues behind one screen; a query that several of them share is searched once."""

    def __init__(self) -> None:
        labels: dict[bytes, list[str]] = {}
        self.entries: list[FilterCatalogEntry] = []
        patterns = []
        for name in CATALOGUES:
            for entry in _entries(name):
                key, pattern = _query(entry)
                if key not in labels:
                    labels[key] = []
                    self.entries.append(entry)
                    patterns.append(pattern)
                labels[key].append(f"{name}: {entry.GetDescription()}")
        self.names = list(labels.values())
        self.screen = Screen(patterns)

    def alerts(self, record: MoleculeRecord) -> list[str]:
        found: list[str] = []
        for number in self.screen.survivors(record.pattern, record.mol):
            if self.entries[number].HasFilterMatch(record.mol):
                found += self.names[number]
        return found


def _entries(name: str) -> list[FilterCatalogEntry]:
    parameters = FilterCatalogParams()
    parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
    catalogue = FilterCatalog(parameters)
    return [catalogue.GetEntryWithIdx(n) for n in range(catalogue.GetNumEntries())]


def _query(entry: FilterCatalogEntry) -> tuple[bytes, Chem.Mol | None]:
    """The query of an entry, as bytes without its names and as a molecule.

    Both are taken from the serialised entry, since RDKit gives access to a query only after a match. The molecule is
    None for an entry of several queries.
    """
    raw = bytes(entry.Serialize())
    found = re.search(rb" (\d+) (?=" + re.escape(_PICKLED_MOL) + rb")", raw)
    if found is None:
        return raw, None
    end = found.end() + int(found[1])
    if _PICKLED_MOL in raw[end:]:
        return raw, None
    counts = raw[end:].split(b" description ")[0]
    try:
        return raw[found.end() : end] + counts, Chem.Mol(raw[found.end() : end])
    except RuntimeError:
        return raw, None


@cache
def _catalogues() -> _Catalogues:
    return _Catalogues()


def catalogue_alerts(record: MoleculeRecord) -> tuple[str, ...]:
    """All alerts of all catalogues that match, as ``catalogue: alert``."""
    return tuple(_catalogues().alerts(record))


def matching_catalogues(record: MoleculeRecord) -> tuple[str, ...]:
    """Names of the catalogues of which at least one alert matches.

    Example:
        >>> matching_catalogues(MoleculeRecord("CC(=O)Cl"))[:2]
        ('BRENK', 'NIH')
    """
    found = {alert.split(": ")[0] for alert in catalogue_alerts(record)}
    return tuple(name for name in CATALOGUES if name in found)


def find_catalogue(name: str) -> str:
    """The name of a catalogue from one of its names, whatever their case.

    Raises:
        UsageError: there is none.

    Example:
        >>> find_catalogue("pains"), find_catalogue("CHEMBL_Dundee")
        ('PAINS', 'BRENK')
    """
    known = {**{one: one for one in CATALOGUES}, **ALIASES}
    found = next((known[one] for one in known if one.lower() == name.strip().lower()), None)
    if found is None:
        raise UsageError(f"there is no catalogue of alerts {name!r}{choices(name, CATALOGUES)}")
    return found


@cache
def _moses_queries() -> tuple[list[Chem.Mol], Screen]:
    smarts = json.loads(shipped_path("alerts", "moses.json").read_text())
    queries = [Chem.MolFromSmarts(text) for text in smarts["mcf"] + smarts["pains"]]
    return queries, Screen(queries)


def passes_moses_filters(record: MoleculeRecord) -> float:
    """1 if it passes MOSES's filters: MCF and PAINS alerts, allowed elements, no charge, no ring of 8 or more."""
    mol = record.mol
    assert mol is not None
    if any(len(ring) >= 8 for ring in mol.GetRingInfo().AtomRings()):
        return 0.0
    if any(atom.GetFormalCharge() != 0 or atom.GetSymbol() not in _MOSES_ELEMENTS for atom in mol.GetAtoms()):
        return 0.0
    queries, screen = _moses_queries()
    hydrogens = record.hydrogens
    if any(hydrogens.HasSubstructMatch(queries[n]) for n in screen.survivors(record.hydrogen_pattern, hydrogens)):
        return 0.0
    return float(bool(record.canonical))
