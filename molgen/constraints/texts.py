"""Fragments as templates of SMILES, where a template can say them."""

from __future__ import annotations

from functools import lru_cache

from rdkit import Chem

from molgen.constraints.fragment import Fragment, may_grow
from molgen.constraints.templates import HOLE
from molgen.errors import UsageError

_WRITINGS = 1000
"""SMILES of a piece among which one is looked for that begins or ends at its attachment points."""


@lru_cache
def fragment_template(fragment: Fragment, continuing: bool) -> str:
    """A template of `molgen.constraints.templates` whose texts contain a fragment.

    A piece with one attachment point comes first and is continued from there; one with two has text on both sides; two
    pieces with one each have text between them; one without any has text where its first and its last atom may grow.

    Args:
        fragment: what is given.
        continuing: whether texts can only be continued at their end.

    Raises:
        UsageError: no template says it.

    Example:
        >>> from molgen.constraints.fragment import parse_fragment
        >>> fragment_template(parse_fragment("*C1CC1"), continuing=True)
        'C1CC1*'
    """
    pieces = Chem.GetMolFrags(fragment.mol, asMols=True)
    points = [sum(atom.GetAtomicNum() == 0 for atom in piece.GetAtoms()) for piece in pieces]
    if points == [0]:
        return _growing(pieces[0], continuing)
    if points == [1]:
        return f"{_written(pieces[0], ends=True)}{HOLE}"
    if points == [2] and not continuing:
        return f"{HOLE}{_written(pieces[0], begins=True, ends=True)}{HOLE}"
    if points == [1, 1] and not continuing:
        return f"{_written(pieces[0], ends=True)}{HOLE}{_written(pieces[1], begins=True)}"
    most = (
        "one piece with one attachment point" if continuing else "one piece with two attachment points or two with one"
    )
    raise UsageError(f"a text model takes {most}, not {fragment.text!r}: use a graph model")


def _growing(piece: Chem.Mol, continuing: bool) -> str:
    """A piece without attachment points, continued at its end, and where that can be at its beginning too."""
    found = ""
    for text in Chem.MolToRandomSmilesVect(piece, _WRITINGS, randomSeed=1):
        written = Chem.MolFromSmiles(text)
        if not may_grow(written.GetAtomWithIdx(written.GetNumAtoms() - 1)):
            continue
        found = f"{text}{HOLE}"
        if continuing:
            break
        if may_grow(written.GetAtomWithIdx(0)):
            return f"{HOLE}{found}"
    return found


def _written(piece: Chem.Mol, begins: bool = False, ends: bool = False) -> str:
    """SMILES of a piece that begins or ends at an attachment point, without the ``*``."""
    for text in Chem.MolToRandomSmilesVect(piece, _WRITINGS, randomSeed=1):
        if (text.startswith(HOLE) or not begins) and (text.endswith(HOLE) or not ends):
            inner = text[1 if begins else None : -1 if ends else None]
            if HOLE not in inner:
                return str(inner)
    raise UsageError(f"found no SMILES of {Chem.MolToSmiles(piece)} that begins or ends at its attachment points")
