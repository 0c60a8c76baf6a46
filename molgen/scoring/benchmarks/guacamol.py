"""The 20 goal-directed tasks of GuacaMol (Brown et al., 2019), as in version 2 of its suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdkit import Chem

from molgen.features.named_properties import property_values
from molgen.features.properties import descriptor
from molgen.features.record import MoleculeRecord
from molgen.scoring.benchmarks.task import Task

Term = dict[str, Any]

_OSIMERTINIB = "COc1cc(N(C)CCN(C)C)c(NC(=O)C=C)cc1Nc2nccc(n2)c3cn(C)c4ccccc34"
_FEXOFENADINE = "CC(C)(C(=O)O)c1ccc(cc1)C(O)CCCN2CCC(CC2)C(O)(c3ccccc3)c4ccccc4"
_RANOLAZINE = "COc1ccccc1OCC(O)CN2CCN(CC(=O)Nc3c(C)cccc3C)CC2"
_SITAGLIPTIN = "Fc1cc(c(F)cc1F)CC(N)CC(=O)N3Cc2nnc(n2CC3)C(F)(F)F"
_HOP = "CCCOc1cc2ncnc(Nc3ccc4ncsc4c3)c2cc1S(=O)(=O)C(C)(C)C"
_HOP_SCAFFOLD = "[#7]-c1n[c;h1]nc2[c;h1]c(-[#8])[c;h0][c;h1]c12"


def _like(smiles: str, fingerprint: str = "ecfp4", shape: Term | None = None) -> Term:
    return {"type": "similarity", "molecules": (smiles,), "fingerprint": fingerprint, "shape": shape}


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
    mol = Chem.MolFromSmiles(_SITAGLIPTIN)
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
    logp, tpsa = property_values(Chem.MolFromSmiles(_SITAGLIPTIN), ["logP", "TPSA"])
    return Task(
        "geometric",
        (
            _like(_SITAGLIPTIN, shape=_gaussian(0, 0.1)),
            _property("logP", _gaussian(logp, 0.2)),
            _property("TPSA", _gaussian(tpsa, 5)),
            {"type": "formula", "formula": "C16H15F6N5O"},
        ),
    )


GUACAMOL: Mapping[str, Task] = {
    "celecoxib_rediscovery": Task(
        "product", (_like("CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F"),), tops=(1,)
    ),
    "troglitazone_rediscovery": Task(
        "product", (_like("Cc1c(C)c2OC(C)(COc3ccc(CC4SC(=O)NC4=O)cc3)CCc2c(C)c1O"),), tops=(1,)
    ),
    "thiothixene_rediscovery": Task(
        "product", (_like("CN(C)S(=O)(=O)c1ccc2Sc3ccccc3C(=CCCN4CCN(C)CC4)c2c1"),), tops=(1,)
    ),
    "aripiprazole_similarity": Task(
        "product", (_like("Clc4cccc(N3CCN(CCCCOc2ccc1c(NC(=O)CC1)c2)CC3)c4Cl", shape=_up_to(0.75)),)
    ),
    "albuterol_similarity": Task("product", (_like("CC(C)(C)NCC(O)c1ccc(O)c(CO)c1", "fcfp4", _up_to(0.75)),)),
    "mestranol_similarity": Task(
        "product",
        (_like("COc1ccc2[C@H]3CC[C@@]4(C)[C@@H](CC[C@@]4(O)C#C)[C@@H]3CCc2c1", "atom_pairs", _up_to(0.75)),),
    ),
    "isomers_c11h24": Task("product", ({"type": "formula", "formula": "C11H24"},), tops=(159,)),
    "isomers_c9h10n2o2pf2cl": Task("product", ({"type": "formula", "formula": "C9H10N2O2PF2Cl"},), tops=(250,)),
    "median1": Task("geometric", (_like("CC(C)C1CCC(C)CC1O"), _like("CC1(C)C2CCC1(C)C(=O)C2"))),
    "median2": Task(
        "geometric",
        (
            _like("O=C1N(CC(N2C1CC3=C(C2C4=CC5=C(OCO5)C=C4)NC6=C3C=CC=C6)=O)C", "ecfp6"),
            _like("CCCC1=NN(C2=C1N=C(NC2=O)C3=C(C=CC(=C3)S(=O)(=O)N4CCN(CC4)C)OCC)C", "ecfp6"),
        ),
    ),
    "osimertinib_mpo": Task(
        "geometric",
        (
            _like(_OSIMERTINIB, "fcfp4", _up_to(0.8)),
            _like(_OSIMERTINIB, "ecfp6", _gaussian(0.85, 0.1, "below")),
            _property("TPSA", _gaussian(100, 10, "above")),
            _property("logP", _gaussian(1, 1, "below")),
        ),
    ),
    "fexofenadine_mpo": Task(
        "geometric",
        (
            _like(_FEXOFENADINE, "atom_pairs", _up_to(0.8)),
            _property("TPSA", _gaussian(90, 10, "above")),
            _property("logP", _gaussian(4, 1, "below")),
        ),
    ),
    "ranolazine_mpo": Task(
        "geometric",
        (
            _like(_RANOLAZINE, "atom_pairs", _up_to(0.7)),
            _property("logP", _gaussian(7, 1, "above")),
            {"type": "element", "element": "F", "shape": _gaussian(1, 1)},
            _property("TPSA", _gaussian(95, 20, "above")),
        ),
    ),
    "perindopril_mpo": Task(
        "geometric",
        (_like("O=C(OCC)C(NC(C(=O)N1C(C(=O)O)CC2CCCCC12)C)CCC"), _property("aromatic_rings", _gaussian(2, 0.5))),
    ),
    "amlodipine_mpo": Task(
        "geometric",
        (_like(r"Clc1ccccc1C2C(=C(/N/C(=C2/C(=O)OCC)COCCN)C)\C(=O)OC"), _property("rings", _gaussian(3, 0.5))),
    ),
    "sitagliptin_mpo": _sitagliptin(),
    "zaleplon_mpo": Task(
        "geometric",
        (
            _like("O=C(C)N(CC)C1=CC=CC(C2=CC=NC3=C(C=NN23)C#N)=C1"),
            {"type": "formula", "formula": "C19H17N3O2"},
        ),
    ),
    "valsartan_smarts": _valsartan(),
    "deco_hop": Task(
        "mean",
        (
            _like(_HOP, "pharmacophores", _up_to(0.85)),
            _pattern("CS([#6])(=O)=O", present=False),
            _pattern("[#7]-c1ccc2ncsc2c1", present=False),
            _pattern(_HOP_SCAFFOLD),
        ),
    ),
    "scaffold_hop": Task(
        "mean",
        (
            _like(_HOP, "pharmacophores", _up_to(0.75)),
            _pattern("[#6]-[#6]-[#6]-[#8]-[#6]~[#6]~[#6]~[#6]~[#6]-[#7]-c1ccc2ncsc2c1"),
            _pattern(_HOP_SCAFFOLD, present=False),
        ),
    ),
}
"""By name, in the order of the suite."""
