"""Pieces of a molecule as SMILES: BRICS fragments, scaffolds, ring systems."""

from __future__ import annotations

from rdkit import Chem
from rdkit.Chem.rdmolops import FragmentOnBRICSBonds
from rdkit.Chem.Scaffolds import MurckoScaffold

from molgen.features.record import Subject


def brics_fragments(subject: Subject) -> tuple[str, ...]:
    """Fragments between BRICS bonds (Degen et al., 2008), each as often as it occurs."""
    return tuple(Chem.MolToSmiles(FragmentOnBRICSBonds(subject.mol)).split("."))


def murcko_scaffold(subject: Subject, rings: int = 0) -> tuple[str, ...]:
    """Bemis and Murcko's scaffold, if there is any and it has at least so many rings (MOSES asks for two)."""
    try:
        scaffold = MurckoScaffold.GetScaffoldForMol(subject.mol)
    except (ValueError, RuntimeError):
        return ()
    smiles = str(Chem.MolToSmiles(scaffold))
    return (smiles,) if smiles and scaffold.GetRingInfo().NumRings() >= rings else ()


def ring_systems(subject: Subject) -> tuple[str, ...]:
    """Ring systems: rings that share an atom taken together, with the atoms doubly bonded to them."""
    mol = subject.mol
    assert mol is not None
    systems: list[set[int]] = []
    for ring in mol.GetRingInfo().AtomRings():
        joined = set(ring)
        apart = []
        for system in systems:
            if system & joined:
                joined |= system
            else:
                apart.append(system)
        systems = [*apart, joined]
    return tuple(_fragment(mol, system) for system in systems)


def _fragment(mol: Chem.Mol, system: set[int]) -> str:
    outside = {
        bond.GetOtherAtomIdx(atom)
        for atom in system
        for bond in mol.GetAtomWithIdx(atom).GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE and bond.GetOtherAtomIdx(atom) not in system
    }
    return str(Chem.MolFragmentToSmiles(mol, sorted(system | outside), isomericSmiles=False))
