"""Molecules that are handed over in Python, whatever they are kept in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from numbers import Real
from pathlib import Path
from typing import Any

from rdkit import Chem

from molgen.errors import UsageError
from molgen.io.files import named_file, read_smiles


def smiles_of(molecules: str | Path | Iterable[Any], what: str = "molecules") -> Iterator[str]:
    """SMILES of molecules, one by one and in order; empty where there is none, so that nothing goes uncounted.

    Args:
        molecules: a list, tuple, generator, numpy array, pandas Series or any other iterable of SMILES, RDKit
            molecules, None and NaN; or a file that `molgen.io.read_rows` reads.
        what: name of the argument, for messages.

    Raises:
        UsageError: one SMILES, one molecule, a table, a dictionary, or a file that is not there, at once; something in
            it that is no molecule, when it is reached.

    Example:
        >>> list(smiles_of(["CCO", None, float("nan")]))
        ['CCO', '', '']
    """
    file = named_file(molecules)
    if file is not None:
        return (smiles for _, smiles in read_smiles(file))
    if isinstance(molecules, str | bytes | Chem.Mol):
        raise UsageError(f"{what} must be several molecules: put a single one in a list, such as ['CCO']")
    if hasattr(molecules, "columns") or isinstance(molecules, dict):
        raise UsageError(f"{what} must be one column of a table, such as table['smiles'], not the table")
    if not isinstance(molecules, Iterable):
        raise UsageError(f"{what} must be a list or another iterable of SMILES, not {type(molecules).__name__}")
    assert not isinstance(molecules, Path)
    return (_smiles(molecule, what) for molecule in molecules)


def _smiles(molecule: Any, what: str) -> str:
    if isinstance(molecule, str):
        return molecule
    if isinstance(molecule, Chem.Mol):
        return str(Chem.MolToSmiles(molecule))
    nan = isinstance(molecule, Real) and math.isnan(molecule)
    if molecule is None or nan or type(molecule).__name__ == "NAType":
        return ""
    raise UsageError(f"{what} holds something that is neither SMILES nor a molecule: {type(molecule).__name__}")
