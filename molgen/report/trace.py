"""The states of one molecule during sampling, as an animation."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from molgen.constraints.fragment import Fragment
from molgen.errors import UsageError
from molgen.report.highlight import COLOUR, bonds_between, highlight
from molgen.system.files import whole_file

if TYPE_CHECKING:
    from PIL import Image

_WIDTH, _HEIGHT, _LETTER = 360, 300, 24
_MILLISECONDS_PER_FRAME, _MILLISECONDS_AT_END = 120, 2000


def draw_trace(
    path: Path,
    states: Sequence[Chem.Mol] | Sequence[str],
    overwrite: bool = False,
    fragment: Fragment | None = None,
) -> None:
    """Draw the states of one molecule, noise first, into a ``.gif``.

    Atoms keep the coordinates of the finished molecule, so that only types of atoms and bonds change.

    Args:
        path: ends in ``.gif``.
        states: SMILES; or molecules with the same number of atoms, valid or not, of which the last gives the layout.
        overwrite: replace an existing file.
        fragment: to highlight in drawings, where the last one contains it.

    Raises:
        UsageError: another suffix, nothing to draw, or a file that may not be overwritten.
    """

    if path.suffix.lower() != ".gif":
        raise UsageError(f"cannot draw {path.name}: a trace is a .gif")
    if not states:
        raise UsageError("a trace needs at least one state")
    frames = [image.convert("P") for image in _frames(states, fragment)]
    durations = [_MILLISECONDS_PER_FRAME] * (len(frames) - 1) + [_MILLISECONDS_AT_END]
    with whole_file(path, overwrite) as temporary:
        frames[0].save(temporary, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)


def _frames(states: Sequence[Chem.Mol] | Sequence[str], fragment: Fragment | None) -> Iterator[Image.Image]:
    from PIL import Image

    given = () if fragment is None or isinstance(states[-1], str) else _atoms_of(fragment, states[-1])
    layout = None if isinstance(states[-1], str) else _layout(states[-1])
    widest = max(len(state) for state in states if isinstance(state, str)) if layout is None else 0
    for state in states:
        if isinstance(state, str):
            yield _written(state, widest)
        elif layout is not None:
            yield Image.open(io.BytesIO(_frame(state, layout, given)))


def _written(text: str, widest: int) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_LETTER)
    image = Image.new("RGB", (int(0.7 * _LETTER * widest) + 2 * _LETTER, 3 * _LETTER), "white")
    ImageDraw.Draw(image).text((_LETTER, _LETTER), text, fill="black", font=font)
    return image


def _layout(mol: Chem.Mol) -> Chem.Conformer:
    mol = Chem.Mol(mol)
    mol.UpdatePropertyCache(strict=False)
    rdDepictor.Compute2DCoords(mol)
    return Chem.Conformer(mol.GetConformer())


def _atoms_of(fragment: Fragment, drawing: Chem.Mol) -> tuple[int, ...]:
    mol = Chem.Mol(drawing)
    return highlight(fragment)(mol) if Chem.SanitizeMol(mol, catchErrors=True) == Chem.SANITIZE_NONE else ()


def _frame(mol: Chem.Mol, layout: Chem.Conformer, given: tuple[int, ...]) -> bytes:
    mol = Chem.Mol(mol)
    mol.UpdatePropertyCache(strict=False)
    mol.RemoveAllConformers()
    mol.AddConformer(Chem.Conformer(layout))
    canvas = rdMolDraw2D.MolDraw2DCairo(_WIDTH, _HEIGHT)
    options: Any = canvas.drawOptions()
    options.prepareMolsBeforeDrawing = False
    options.padding = 0.15
    options.fixedScale = 0.13
    bonds = bonds_between(mol, given)
    canvas.DrawMolecule(
        mol,
        highlightAtoms=list(given),
        highlightBonds=bonds,
        highlightAtomColors=dict.fromkeys(given, COLOUR),
        highlightBondColors=dict.fromkeys(bonds, COLOUR),
    )
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())
