"""A grid of molecules as one picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from molgen.constraints.fragment import Fragment
from molgen.errors import MolgenError, UsageError
from molgen.io import smiles_of
from molgen.report.highlight import COLOUR, bonds_between, highlight
from molgen.system.files import whole_file

_CELL_WIDTH, _CELL_HEIGHT = 220, 180


@dataclass(frozen=True, repr=False)
class Grid:
    """A picture of molecules, which a notebook shows.

    Attributes:
        data: contents of a PNG or SVG file.
        suffix: ``.png`` or ``.svg``.
        drawn: molecules in it.
    """

    data: bytes
    suffix: str
    drawn: int

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write it to a file with its own suffix.

        Raises:
            UsageError: another suffix, or a file that may not be overwritten.
        """
        if Path(path).suffix.lower() != self.suffix:
            raise UsageError(f"this picture is a {self.suffix}; give the file that suffix, or draw it again")
        with whole_file(Path(path), overwrite) as temporary:
            temporary.write_bytes(self.data)

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.suffix == ".svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.suffix == ".png" else None

    def __repr__(self) -> str:
        return f"Grid({self.drawn:,} molecules, {self.suffix})"


def draw_grid(
    molecules: Iterable[Any],
    path: str | Path | None = None,
    *,
    columns: int = 8,
    overwrite: bool = False,
    highlighted: str | Fragment | None = None,
) -> Grid:
    """Draw molecules row by row.

    Args:
        molecules: SMILES or RDKit molecules in any iterable; those that cannot be read are left out.
        path: also write the picture to this ``.png`` or ``.svg``.
        columns: per row.
        overwrite: an existing file.
        highlighted: a fragment or SMARTS whose atoms are coloured; see `molgen.report.highlight`.

    Returns:
        The picture, SVG without a path.

    Raises:
        UsageError: another suffix, no columns, or a file that may not be overwritten.
        MolgenError: none can be drawn.

    Example:
        >>> draw_grid(["CCO", "c1ccccc1"])
        Grid(2 molecules, .svg)
    """
    if columns < 1:
        raise UsageError(f"a grid needs at least 1 column, got {columns}")
    suffix = ".svg" if path is None else Path(path).suffix.lower()
    if path is not None and suffix not in (".png", ".svg"):
        raise UsageError(f"cannot draw {Path(path).name}: known formats are .png and .svg")
    read = [Chem.MolFromSmiles(text) for text in smiles_of(molecules) if text]
    mols = [mol for mol in read if mol is not None and mol.GetNumAtoms()]
    if not mols:
        raise MolgenError("none of the molecules can be drawn")
    atoms = [()] * len(mols) if highlighted is None else list(map(highlight(highlighted), mols))
    grid = Grid(_drawing(mols, atoms, min(columns, len(mols)), suffix), suffix, len(mols))
    if path is not None:
        grid.save(path, overwrite)
    return grid


def _drawing(mols: list[Chem.Mol], atoms: Sequence[tuple[int, ...]], columns: int, suffix: str) -> bytes:
    for mol in mols:
        rdDepictor.Compute2DCoords(mol)
    rows = -(-len(mols) // columns)
    drawer = rdMolDraw2D.MolDraw2DSVG if suffix == ".svg" else rdMolDraw2D.MolDraw2DCairo
    canvas = drawer(columns * _CELL_WIDTH, rows * _CELL_HEIGHT, _CELL_WIDTH, _CELL_HEIGHT)
    options: Any = canvas.drawOptions()
    options.padding = 0.12
    options.fixedBondLength = 36
    options.setHighlightColour(COLOUR)
    bonds = [bonds_between(mol, chosen) for mol, chosen in zip(mols, atoms, strict=True)]
    canvas.DrawMolecules(mols, highlightAtoms=[list(chosen) for chosen in atoms], highlightBonds=bonds)
    canvas.FinishDrawing()
    picture = canvas.GetDrawingText()
    return picture.encode() if isinstance(picture, str) else bytes(picture)
