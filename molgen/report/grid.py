"""A grid of molecules as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from molgen.errors import MolgenError, UsageError
from molgen.system.files import whole_file

_CELL_WIDTH, _CELL_HEIGHT = 220, 180


def draw_grid(path: Path, smiles: Sequence[str], columns: int = 8, overwrite: bool = False) -> int:
    """Draw molecules row by row into a ``.png`` or ``.svg``.

    Args:
        path: the suffix decides the format.
        smiles: molecules; those that RDKit cannot read are left out.
        columns: per row.
        overwrite: an existing file.

    Returns:
        How many were drawn.

    Raises:
        UsageError: another suffix, no columns, or a file that may not be overwritten.
        MolgenError: none can be drawn.
    """
    if columns < 1:
        raise UsageError(f"a grid needs at least 1 column, got {columns}")
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise UsageError(f"cannot draw {path.name}: known formats are .png and .svg")
    mols = [mol for text in smiles if text and (mol := Chem.MolFromSmiles(text)) is not None and mol.GetNumAtoms()]
    if not mols:
        raise MolgenError("none of the molecules can be drawn")
    for mol in mols:
        rdDepictor.Compute2DCoords(mol)
    columns = min(columns, len(mols))
    rows = -(-len(mols) // columns)
    drawer = rdMolDraw2D.MolDraw2DSVG if suffix == ".svg" else rdMolDraw2D.MolDraw2DCairo
    canvas = drawer(columns * _CELL_WIDTH, rows * _CELL_HEIGHT, _CELL_WIDTH, _CELL_HEIGHT)
    options: Any = canvas.drawOptions()
    options.padding = 0.12
    options.fixedBondLength = 36
    canvas.DrawMolecules(mols)
    canvas.FinishDrawing()
    picture = canvas.GetDrawingText()
    with whole_file(path, overwrite) as temporary:
        temporary.write_bytes(picture.encode() if isinstance(picture, str) else picture)
    return len(mols)
