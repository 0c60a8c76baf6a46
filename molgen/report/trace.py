"""The states of one molecule during sampling, as an animation."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D
from rdkit.Geometry import Point2D

from molgen.constraints.fragment import Fragment
from molgen.errors import UsageError
from molgen.report.highlight import COLOUR, bonds_between, highlight
from molgen.system.files import whole_file

if TYPE_CHECKING:
    from PIL import Image

_SCALE, _WIDEST, _MARGIN = 36.0, 640, 1.1
"""Most pixels for a unit of RDKit's coordinates, in which a bond is 1.5 long; most pixels of a side; units around."""

_LETTER = 24
_MASK, _MASK_RADIUS = (0.82, 0.82, 0.82), 0.3
_MILLISECONDS_PER_FRAME, _MILLISECONDS_AT_END = 120, 2000


def draw_trace(
    path: str | Path,
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

    path = Path(path)
    if path.suffix.lower() != ".gif":
        raise UsageError(f"cannot draw {path.name}: a trace is a .gif")
    if not states:
        raise UsageError("a trace needs at least one state")
    frames = [image.quantize(64) for image in _frames(states, fragment)]
    durations = [_MILLISECONDS_PER_FRAME] * (len(frames) - 1) + [_MILLISECONDS_AT_END]
    with whole_file(path, overwrite) as temporary:
        frames[0].save(temporary, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)


def _frames(states: Sequence[Chem.Mol] | Sequence[str], fragment: Fragment | None) -> Iterator[Image.Image]:

    if isinstance(states[-1], str):
        widest = max(len(state) for state in states if isinstance(state, str))
        yield from (_written(state, widest) for state in states if isinstance(state, str))
        return
    drawing = _Drawing.of(states[-1], () if fragment is None else _atoms_of(fragment, states[-1]))
    for state in states[:-1]:
        if not isinstance(state, str):
            yield drawing.frame(_unfinished(state))
    yield drawing.frame(_finished(states[-1]))


def _written(text: str, widest: int) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_LETTER)
    image = Image.new("RGB", (int(0.7 * _LETTER * widest) + 2 * _LETTER, 3 * _LETTER), "white")
    ImageDraw.Draw(image).text((_LETTER, _LETTER), text, fill="black", font=font)
    return image


def _atoms_of(fragment: Fragment, drawing: Chem.Mol) -> tuple[int, ...]:
    mol = Chem.Mol(drawing)
    return highlight(fragment)(mol) if Chem.SanitizeMol(mol, catchErrors=True) == Chem.SANITIZE_NONE else ()


def _unfinished(drawing: Chem.Mol) -> Chem.Mol:
    """A state without hydrogens, of which the model has none; masked atoms have no letter."""
    mol = Chem.Mol(drawing)
    for atom in mol.GetAtoms():
        atom.SetNoImplicit(True)
        if atom.GetAtomicNum() == 0:
            atom.SetProp("_displayLabel", " ")
    return mol


def _finished(drawing: Chem.Mol) -> Chem.Mol:
    """The last state with its hydrogens and double bonds, where it is a molecule."""
    mol = Chem.Mol(drawing)
    if Chem.SanitizeMol(mol, catchErrors=True) != Chem.SANITIZE_NONE:
        return drawing
    Chem.Kekulize(mol, clearAromaticFlags=True)
    return mol


@dataclass(frozen=True)
class _Drawing:
    """How all states are drawn: atoms where they end, at one scale, on a canvas as large as the finished molecule.

    Attributes:
        layout: coordinates of the atoms.
        low, high: corners of the canvas in these coordinates.
        given: atoms to highlight.
    """

    layout: Chem.Conformer
    low: Point2D
    high: Point2D
    given: tuple[int, ...]

    @classmethod
    def of(cls, mol: Chem.Mol, given: tuple[int, ...]) -> _Drawing:
        """From the last state."""
        mol = Chem.Mol(mol)
        mol.UpdatePropertyCache(strict=False)
        rdDepictor.Compute2DCoords(mol)
        rdDepictor.StraightenDepiction(mol)
        places = mol.GetConformer().GetPositions()[:, :2]
        (left, bottom), (right, top) = places.min(axis=0) - _MARGIN, places.max(axis=0) + _MARGIN
        return cls(Chem.Conformer(mol.GetConformer()), Point2D(left, bottom), Point2D(right, top), given)

    def frame(self, state: Chem.Mol) -> Image.Image:
        """One state; masked atoms are grey discs."""
        from PIL import Image

        mol = Chem.Mol(state)
        masked = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
        mol.UpdatePropertyCache(strict=False)
        mol.RemoveAllConformers()
        mol.AddConformer(Chem.Conformer(self.layout))
        across, up = self.high.x - self.low.x, self.high.y - self.low.y
        scale = min(_SCALE, _WIDEST / max(across, up))
        canvas = rdMolDraw2D.MolDraw2DCairo(round(across * scale), round(up * scale))
        options: Any = canvas.drawOptions()
        options.prepareMolsBeforeDrawing = False
        options.padding = 0.0
        options.flagCloseContactsDist = -1
        canvas.SetScale(canvas.Width(), canvas.Height(), self.low, self.high)
        bonds = bonds_between(mol, self.given)
        canvas.DrawMolecule(
            mol,
            highlightAtoms=[*self.given, *masked],
            highlightBonds=bonds,
            highlightAtomColors=dict.fromkeys(self.given, COLOUR) | dict.fromkeys(masked, _MASK),
            highlightBondColors=dict.fromkeys(bonds, COLOUR),
            highlightAtomRadii=dict.fromkeys(masked, _MASK_RADIUS),
        )
        canvas.FinishDrawing()
        return Image.open(io.BytesIO(bytes(canvas.GetDrawingText()))).convert("RGB")
