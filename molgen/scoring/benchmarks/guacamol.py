"""The 20 goal-directed tasks of GuacaMol (Brown et al., 2019), as in version 2 of its suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdkit import Chem

from molgen.datasets.targets import TARGETS
from molgen.features.named_properties import property_values
from molgen.features.properties import descriptor
from molgen.features.record import MoleculeRecord
from molgen.scoring.benchmarks.task import Task

Term = dict[str, Any]

_HOP_SCAFFOLD = "[#7]-c1n[c;h1]nc2[c;h1]c(-[#8])[c;h0][c;h1]c12"


def _like(target: str, fingerprint: str = "ecfp4", shape: Term | None = None) -> Term:
    return {"type": "similarity", "molecules": (TARGETS[target],), "fingerprint": fingerprint, "shape": shape}


def _up_to(value: float) -> Term:
    """Proportional to the value, 1 from `value` on."""
    return {"type": "above", "value": value, "width": value}


def _gaussian(mean: float, deviation: float, flat: str | None = None) -> Term:
    return {"type": "gaussian", "mean": mean, "deviation": deviation, "flat": flat}


def _property(name: str, shape: Term) -> Term:
    return {"type": "property", "property": name, "shape": shape}


def _pattern(smarts: str, present: bool = True) -> Term:
    return {"type": "substructure", "smarts": smarts, "present": present}


def _valsartan() -> Task:
    """Sitagliptin's properties with a part of valsartan."""
    mol = Chem.MolFromSmiles(TARGETS["sitagliptin"])
    logp, tpsa = property_values(mol, ["logP", "TPSA"])
    bertz = descriptor(MoleculeRecord.of(mol), "BertzCT")
    return Task(
        "geometric",
        (
            _pattern("CN(C=O)Cc1ccc(c2ccccc2)cc1"),
            _property("logP", _gaussian(logp, 0.2)),
            _property("TPSA", _gaussian(tpsa, 5)),
            {"type": "descriptor", "descriptor": "BertzCT", "shape": _gaussian(bertz, 30)},
        ),
    )


def _sitagliptin() -> Task:
    """Sitagliptin's properties in a molecule that is not like it."""
    logp, tpsa = property_values(Chem.MolFromSmiles(TARGETS["sitagliptin"]), ["logP", "TPSA"])
    return Task(
        "geometric",
        (
            _like("sitagliptin", shape=_gaussian(0, 0.1)),
            _property("logP", _gaussian(logp, 0.2)),
            _property("TPSA", _gaussian(tpsa, 5)),
            {"type": "formula", "formula": "C16H15F6N5O"},
        ),
    )


GUACAMOL: Mapping[str, Task] = {
    "celecoxib_rediscovery": Task("product", (_like("celecoxib"),), tops=(1,)),
    "troglitazone_rediscovery": Task("product", (_like("troglitazone"),), tops=(1,)),
    "thiothixene_rediscovery": Task("product", (_like("thiothixene"),), tops=(1,)),
    "aripiprazole_similarity": Task("product", (_like("aripiprazole", shape=_up_to(0.75)),)),
    "albuterol_similarity": Task("product", (_like("albuterol", "fcfp4", _up_to(0.75)),)),
    "mestranol_similarity": Task("product", (_like("mestranol", "atom_pairs", _up_to(0.75)),)),
    "isomers_c11h24": Task("product", ({"type": "formula", "formula": "C11H24"},), tops=(159,)),
    "isomers_c9h10n2o2pf2cl": Task("product", ({"type": "formula", "formula": "C9H10N2O2PF2Cl"},), tops=(250,)),
    "median1": Task("geometric", (_like("menthol"), _like("camphor"))),
    "median2": Task("geometric", (_like("tadalafil", "ecfp6"), _like("sildenafil", "ecfp6"))),
    "osimertinib_mpo": Task(
        "geometric",
        (
            _like("osimertinib", "fcfp4", _up_to(0.8)),
            _like("osimertinib", "ecfp6", _gaussian(0.85, 0.1, "below")),
            _property("TPSA", _gaussian(100, 10, "above")),
            _property("logP", _gaussian(1, 1, "below")),
        ),
    ),
    "fexofenadine_mpo": Task(
        "geometric",
        (
            _like("fexofenadine", "atom_pairs", _up_to(0.8)),
            _property("TPSA", _gaussian(90, 10, "above")),
            _property("logP", _gaussian(4, 1, "below")),
        ),
    ),
    "ranolazine_mpo": Task(
        "geometric",
        (
            _like("ranolazine", "atom_pairs", _up_to(0.7)),
            _property("logP", _gaussian(7, 1, "above")),
            {"type": "element", "element": "F", "shape": _gaussian(1, 1)},
            _property("TPSA", _gaussian(95, 20, "above")),
        ),
    ),
    "perindopril_mpo": Task("geometric", (_like("perindopril"), _property("aromatic_rings", _gaussian(2, 0.5)))),
    "amlodipine_mpo": Task("geometric", (_like("amlodipine"), _property("rings", _gaussian(3, 0.5)))),
    "sitagliptin_mpo": _sitagliptin(),
    "zaleplon_mpo": Task("geometric", (_like("zaleplon"), {"type": "formula", "formula": "C19H17N3O2"})),
    "valsartan_smarts": _valsartan(),
    "deco_hop": Task(
        "mean",
        (
            _like("quinazoline", "pharmacophores", _up_to(0.85)),
            _pattern("CS([#6])(=O)=O", present=False),
            _pattern("[#7]-c1ccc2ncsc2c1", present=False),
            _pattern(_HOP_SCAFFOLD),
        ),
    ),
    "scaffold_hop": Task(
        "mean",
        (
            _like("quinazoline", "pharmacophores", _up_to(0.75)),
            _pattern("[#6]-[#6]-[#6]-[#8]-[#6]~[#6]~[#6]~[#6]~[#6]-[#7]-c1ccc2ncsc2c1"),
            _pattern(_HOP_SCAFFOLD, present=False),
        ),
    ),
}
"""By name, in the order of the suite."""
