"""Fragments of a molecule as SMILES: BRICS fragments, scaffolds, ring systems."""

from __future__ import annotations

from rdkit import Chem
from rdkit.Chem.rdmolops import FragmentOnBRICSBonds
from rdkit.Chem.Scaffolds import MurckoScaffold

from molgen.features.record import MoleculeRecord


def brics_fragments(record: MoleculeRecord) -> tuple[str, ...]:
    """Fragments after cutting all BRICS bonds (Degen et al., 2008), with repetitions."""
    return tuple(Chem.MolToSmiles(FragmentOnBRICSBonds(record.mol)).split("."))


def murcko_scaffold(record: MoleculeRecord, rings: int = 0) -> tuple[str, ...]:
    """Bemis-Murcko scaffold, or () where it is empty or has fewer than `rings` rings (2 in MOSES)."""
    try:
        scaffold = MurckoScaffold.GetScaffoldForMol(record.mol)
    except (ValueError, RuntimeError):
        return ()
    smiles = str(Chem.MolToSmiles(scaffold))
    return (smiles,) if smiles and scaffold.GetRingInfo().NumRings() >= rings else ()


def scaffold_of(smiles: str) -> str:
    """Bemis-Murcko scaffold as SMILES, or the molecule itself where it has no ring, so that molecules can be grouped.

    Args:
        smiles: that RDKit can read.

    Example:
        >>> scaffold_of("Cc1ccccc1"), scaffold_of("CCO")
        ('c1ccccc1', 'CCO')
    """
    return next(iter(murcko_scaffold(MoleculeRecord(smiles))), smiles)


def ring_systems(record: MoleculeRecord) -> tuple[str, ...]:
    """Ring systems (rings that share an atom are one system), each with the atoms that are doubly bonded to it."""
    mol = record.mol
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
