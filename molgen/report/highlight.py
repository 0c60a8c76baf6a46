"""Which atoms of a molecule to highlight."""

from __future__ import annotations

from collections.abc import Callable

from rdkit import Chem

from molgen.constraints.fragment import Fragment, parse_fragment
from molgen.errors import UsageError

COLOUR = (1.0, 0.87, 0.55)
"""Of highlighted atoms and bonds: red, green, blue."""

Highlight = Callable[[Chem.Mol], tuple[int, ...]]


def highlight(text: str | Fragment) -> Highlight:
    """Atoms of a fragment, where a molecule contains it, or of all matches of a SMARTS.

    Args:
        text: SMILES of a fragment, attachment points marked by ``*`` or not, or SMARTS.

    Raises:
        UsageError: neither can be read.

    Example:
        >>> highlight("*O")(Chem.MolFromSmiles("CCO"))
        (2,)
    """
    try:
        fragment = parse_fragment(text) if isinstance(text, str) else text
    except UsageError:
        pattern = Chem.MolFromSmarts(text) if isinstance(text, str) else None
        if pattern is None:
            raise UsageError(f"{text!r} is neither SMILES of a fragment nor SMARTS") from None
        return lambda mol: tuple(sorted({atom for match in mol.GetSubstructMatches(pattern) for atom in match}))
    return lambda mol: fragment.find(mol) or ()


def bonds_between(mol: Chem.Mol, atoms: tuple[int, ...]) -> list[int]:
    """Numbers of the bonds among some atoms."""
    chosen = set(atoms)
    return [bond.GetIdx() for bond in mol.GetBonds() if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= chosen]
