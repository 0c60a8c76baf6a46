"""Salts and solvents: the component of a record that is the molecule."""

from __future__ import annotations

from functools import cache
from typing import Any

from rdkit import Chem

from molgen.chem.standardize import parsed_or_none


@cache
def _chooser() -> Any:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    parameters: Any = rdMolStandardize.CleanupParameters()
    parameters.preferOrganic = True
    return rdMolStandardize.LargestFragmentChooser(parameters)


def desalt(smiles: str) -> str:
    """SMILES of the largest organic component; the text itself where there is one component, or none that RDKit reads.

    Charges are left as they are.

    >>> desalt("CCO.Cl")
    'CCO'
    """
    if "." not in smiles:
        return smiles
    mol = parsed_or_none(smiles)
    if mol is None or len(Chem.GetMolFrags(mol)) == 1:
        return smiles
    return str(Chem.MolToSmiles(_chooser().choose(mol)))
