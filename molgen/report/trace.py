"""One molecule emerging from noise, as an animation."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from molgen.errors import UsageError
from molgen.files import whole_file

_WIDTH, _HEIGHT = 360, 300
_MILLISECONDS_PER_FRAME, _MILLISECONDS_AT_END = 120, 2000


def draw_trace(path: Path, mols: Sequence[Chem.Mol], overwrite: bool = False) -> None:
    """Draw the states of one molecule, noise first, into a ``.gif``.

    Atoms stand where they stand in the finished molecule, so that only atoms and bonds change.

    Args:
        path: ends in ``.gif``.
        mols: drawings with the same number of atoms, sane or not; the last one gives the layout.
        overwrite: an existing file.

    Raises:
        UsageError: another suffix, nothing to draw, or a file that may not be overwritten.
    """
    from PIL import Image

    if path.suffix.lower() != ".gif":
        raise UsageError(f"cannot draw {path.name}: a trace is a .gif")
    if not mols:
        raise UsageError("a trace needs at least one state")
    layout = _layout(mols[-1])
    frames = [Image.open(io.BytesIO(_frame(mol, layout))).convert("P") for mol in mols]
    durations = [_MILLISECONDS_PER_FRAME] * (len(frames) - 1) + [_MILLISECONDS_AT_END]
    with whole_file(path, overwrite) as temporary:
        frames[0].save(temporary, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)


def _layout(mol: Chem.Mol) -> Chem.Conformer:
    mol = Chem.Mol(mol)
    mol.UpdatePropertyCache(strict=False)
    rdDepictor.Compute2DCoords(mol)
    return Chem.Conformer(mol.GetConformer())


def _frame(mol: Chem.Mol, layout: Chem.Conformer) -> bytes:
    mol = Chem.Mol(mol)
    mol.UpdatePropertyCache(strict=False)
    mol.RemoveAllConformers()
    mol.AddConformer(Chem.Conformer(layout))
    canvas = rdMolDraw2D.MolDraw2DCairo(_WIDTH, _HEIGHT)
    options: Any = canvas.drawOptions()
    options.prepareMolsBeforeDrawing = False
    options.padding = 0.15
    options.fixedScale = 0.13
    canvas.DrawMolecule(mol)
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())
