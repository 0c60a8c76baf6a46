"""Numbers of a molecule, all by RDKit's own functions."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from rdkit import Chem, RDConfig
from rdkit.Chem import QED, Crippen, Descriptors, MolSurf, rdMolDescriptors

from molgen.features.record import Subject
from molgen.features.screen import Screen

GUACAMOL_DESCRIPTORS = (
    "BertzCT",
    "MolLogP",
    "MolWt",
    "TPSA",
    "NumHAcceptors",
    "NumHDonors",
    "NumRotatableBonds",
    "NumAliphaticRings",
    "NumAromaticRings",
)
"""The nine descriptors of GuacaMol's KL divergence; the first four are continuous."""


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
    with contextlib.redirect_stderr(io.StringIO()):  # it reports that it is reading
        return _contrib("NP_Score", "npscorer").readNPModel()


@cache
def _qed_alerts() -> Screen:
    return Screen(QED.StructuralAlerts)


def logp(subject: Subject) -> float:
    """Crippen's octanol-water partition coefficient."""
    return float(Crippen.MolLogP(subject.mol))


def weight(subject: Subject) -> float:
    """Molecular weight, g/mol."""
    return float(Descriptors.MolWt(subject.mol))


def synthetic_accessibility(subject: Subject) -> float:
    """SA score, 1 (easy) to 10 (Ertl and Schuffenhauer, 2009), by RDKit's Contrib."""
    return float(_contrib("SA_Score", "sascorer").calculateScore(subject.mol))


def natural_product_likeness(subject: Subject) -> float:
    """NP-likeness, -5 to 5 (Ertl, Roggo and Schuffenhauer, 2008), by RDKit's Contrib."""
    return float(_contrib("NP_Score", "npscorer").scoreMol(subject.mol, _natural_product_model()))


def drug_likeness(subject: Subject) -> float:
    """QED (Bickerton et al., 2012): RDKit's, with its alerts behind a screen and its logP shared."""
    mol = Chem.RemoveHs(subject.mol)
    alerts = _qed_alerts().survivors(subject.pattern, subject.mol)
    properties = QED.QEDproperties(
        MW=rdMolDescriptors._CalcMolWt(mol),
        ALOGP=logp(subject),
        HBA=sum(len(mol.GetSubstructMatches(pattern)) for pattern in QED.Acceptors),
        HBD=rdMolDescriptors.CalcNumHBD(mol),
        PSA=MolSurf.TPSA(mol),
        ROTB=rdMolDescriptors.CalcNumRotatableBonds(mol, rdMolDescriptors.NumRotatableBondsOptions.Strict),
        AROM=len(Chem.GetSSSR(Chem.DeleteSubstructs(Chem.Mol(mol), QED.AliphaticRings))),
        ALERTS=sum(mol.HasSubstructMatch(QED.StructuralAlerts[n]) for n in alerts),
    )
    return float(QED.qed(mol, qedProperties=properties))


def descriptor(subject: Subject, name: str) -> float:
    """One of RDKit's descriptors, computed without stereo as GuacaMol does; 0 where it is not finite."""
    value = float(getattr(Descriptors, name)(subject.flat_mol))
    return value if abs(value) < float("inf") else 0.0
