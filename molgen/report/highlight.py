"""Which atoms of a molecule to highlight."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from rdkit import Chem

from molgen.constraints.fragment import Fragment, parse_fragment
from molgen.errors import UsageError

COLOUR = (1.0, 0.87, 0.55)
"""Of highlighted atoms and bonds: red, green, blue."""

Highlight = Callable[[Chem.Mol], tuple[int, ...]]


def highlight(text: str | Fragment) -> Highlight:
    """Atoms of all matches of a SMARTS, or of a fragment with attachment points where a molecule contains it.

    Args:
        text: SMARTS, which a SMILES without ``*`` is too; or SMILES of a fragment with attachment points ``*``.

    Raises:
        UsageError: neither can be read.

    Example:
        >>> highlight("*O")(Chem.MolFromSmiles("CCO"))
        (2,)
    """
    if not isinstance(text, str):
        return _first(text)
    if "*" in text:
        with suppress(UsageError):  # a SMARTS may have * too
            return _first(parse_fragment(text))
    pattern = Chem.MolFromSmarts(text)
    if pattern is None or not pattern.GetNumAtoms():
        raise UsageError(f"{text!r} is neither SMILES of a fragment nor SMARTS")
    return lambda mol: tuple(sorted({atom for match in mol.GetSubstructMatches(pattern) for atom in match}))


def _first(fragment: Fragment) -> Highlight:
    return lambda mol: fragment.find(mol) or ()


def bonds_between(mol: Chem.Mol, atoms: tuple[int, ...]) -> list[int]:
    """Numbers of the bonds among some atoms."""
    chosen = set(atoms)
    return [bond.GetIdx() for bond in mol.GetBonds() if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= chosen]
