"""Properties of a molecule, all by RDKit."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from rdkit import Chem, RDConfig
from rdkit.Chem import QED, Crippen, Descriptors, MolSurf, rdMolDescriptors

from molgen.features.record import MoleculeRecord
from molgen.features.screen import Screen

GUACAMOL_DESCRIPTORS: Mapping[str, Literal["continuous", "count"]] = {
    "BertzCT": "continuous",
    "MolLogP": "continuous",
    "MolWt": "continuous",
    "TPSA": "continuous",
    "NumHAcceptors": "count",
    "NumHDonors": "count",
    "NumRotatableBonds": "count",
    "NumAliphaticRings": "count",
    "NumAromaticRings": "count",
}
"""The nine descriptors of GuacaMol's KL divergence, in its order, and whether it compares densities or histograms."""


@cache
def _contrib(folder: str, module: str) -> ModuleType:
    """A module of RDKit's Contrib folder, which is not a package."""
    path = Path(RDConfig.RDContribDir) / folder / f"{module}.py"
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@cache
def _natural_product_model() -> Any:
    with contextlib.redirect_stderr(io.StringIO()):  # it prints that it reads a file
        return _contrib("NP_Score", "npscorer").readNPModel()


@cache
def _qed_alerts() -> Screen:
    return Screen(QED.StructuralAlerts)


def logp(record: MoleculeRecord) -> float:
    """Crippen's octanol-water partition coefficient."""
    return float(Crippen.MolLogP(record.mol))


def weight(record: MoleculeRecord) -> float:
    """Molecular weight, g/mol."""
    return float(Descriptors.MolWt(record.mol))


def synthetic_accessibility(record: MoleculeRecord) -> float:
    """SA score, 1 (easy) to 10 (Ertl and Schuffenhauer, 2009), by RDKit's Contrib."""
    return float(_contrib("SA_Score", "sascorer").calculateScore(record.mol))


def natural_product_likeness(record: MoleculeRecord) -> float:
    """NP-likeness, -5 to 5 (Ertl, Roggo and Schuffenhauer, 2008), by RDKit's Contrib."""
    return float(_contrib("NP_Score", "npscorer").scoreMol(record.mol, _natural_product_model()))


def drug_likeness(record: MoleculeRecord) -> float:
    """QED (Bickerton et al., 2012): RDKit's definition; most alert searches are avoided by a `Screen`.

    RDKit's own function raises where a molecule that it has read does not pass its check of valences again, such as
    ``Cc1c~cccc1``, whose bond ``~`` it has made aromatic. Here the molecule is not checked again.
    """
    mol = Chem.RemoveHs(record.mol, sanitize=False)
    mol.UpdatePropertyCache(strict=False)
    Chem.GetSymmSSSR(mol)  # rings are forgotten where hydrogens were removed
    alerts = _qed_alerts().survivors(record.pattern, record.mol)
    properties = QED.QEDproperties(
        MW=rdMolDescriptors._CalcMolWt(mol),
        ALOGP=logp(record),
        HBA=sum(len(mol.GetSubstructMatches(pattern)) for pattern in QED.Acceptors),
        HBD=rdMolDescriptors.CalcNumHBD(mol),
        PSA=MolSurf.TPSA(mol),
        ROTB=rdMolDescriptors.CalcNumRotatableBonds(mol, rdMolDescriptors.NumRotatableBondsOptions.Strict),
        AROM=len(Chem.GetSSSR(Chem.DeleteSubstructs(Chem.Mol(mol), QED.AliphaticRings))),
        ALERTS=sum(mol.HasSubstructMatch(QED.StructuralAlerts[n]) for n in alerts),
    )
    return float(QED.qed(mol, qedProperties=properties))


def descriptor(record: MoleculeRecord, name: str) -> float:
    """One of RDKit's descriptors, computed without stereo as GuacaMol does; 0 where it is not finite or undefined."""
    try:
        value = float(getattr(Descriptors, name)(record.flat_mol))
    except (ArithmeticError, LookupError, RuntimeError, ValueError):  # BertzCT of a bond ~, whose order is 0
        return 0.0
    return value if abs(value) < float("inf") else 0.0
