"""Cells with a molecule or a message each, side by side on one picture."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from molgen.report.highlight import COLOUR, bonds_between
from molgen.report.lettering import font, shortened, wrapped

if TYPE_CHECKING:
    from PIL import Image

WIDTH, HEIGHT = 220, 180
"""Of the part of a cell with the molecule, in pixels."""

_LINE, _TEXT = 16, 12
_SCALE = 28.0
"""Pixels for a unit of RDKit's coordinates, in which a bond is 1.5 long: that of small molecules, and the largest."""

_GREY, _BLACK = "#767676", "#000000"


@dataclass(frozen=True)
class Cell:
    """What one cell shows.

    Attributes:
        mol: a molecule with coordinates, None for a message.
        atoms: to highlight.
        message: instead of a molecule.
        legend: lines below.
    """

    mol: Chem.Mol | None
    atoms: tuple[int, ...] = ()
    message: str = ""
    legend: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Text:
    x: float
    y: float
    text: str
    colour: str


def svg(cells: Sequence[Cell], columns: int) -> bytes:
    """The picture as SVG."""
    width, height, places = _places(cells, columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for cell, (x, y) in zip(cells, places, strict=True):
        if cell.mol is not None:
            drawing = _drawing(rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT), cell.mol, cell.atoms)
            inside = re.sub(r"^.*?<!-- END OF HEADER -->|</svg>\s*$", "", drawing, flags=re.DOTALL)
            parts.append(f'<g transform="translate({x},{y})">{inside}</g>')
        for line in _texts(cell, x, y):
            parts.append(
                f'<text x="{line.x:g}" y="{line.y:g}" fill="{line.colour}" font-size="{_TEXT}" text-anchor="middle"'
                f' font-family="DejaVu Sans, Verdana, sans-serif">{escape(line.text)}</text>'
            )
    return "\n".join([*parts, "</svg>\n"]).encode()


def png(cells: Sequence[Cell], columns: int) -> bytes:
    """The picture as PNG."""
    from PIL import Image, ImageDraw

    width, height, places = _places(cells, columns)
    page = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(page)
    for cell, (x, y) in zip(cells, places, strict=True):
        if cell.mol is not None:
            drawing = _drawing(rdMolDraw2D.MolDraw2DCairo(WIDTH, HEIGHT), cell.mol, cell.atoms)
            page.paste(_image(drawing), (x, y))
        for line in _texts(cell, x, y):
            pen.text((line.x, line.y), line.text, fill=line.colour, font=font(_TEXT), anchor="ms")
    written = io.BytesIO()
    page.save(written, "PNG", optimize=True)
    return written.getvalue()


def _places(cells: Sequence[Cell], columns: int) -> tuple[int, int, list[tuple[int, int]]]:
    """Width and height of the picture, and where the cells begin."""
    row = HEIGHT + _LINE * max(len(cell.legend) for cell in cells)
    row += 8 if row > HEIGHT else 0
    places = [(number % columns * WIDTH, number // columns * row) for number in range(len(cells))]
    return columns * WIDTH, (places[-1][1] + row), places


def _texts(cell: Cell, x: float, y: float) -> list[_Text]:
    middle, room = x + WIDTH / 2, WIDTH - 12
    legend = [
        _Text(middle, y + HEIGHT + _LINE * number + _TEXT, shortened(line, room, _TEXT), _BLACK)
        for number, line in enumerate(cell.legend)
    ]
    if cell.mol is not None:
        return legend
    lines = wrapped(cell.message, room - 12, _TEXT, most=6)
    top = y + (HEIGHT - _LINE * len(lines)) / 2 + _TEXT
    return [*(_Text(middle, top + _LINE * i, line, _GREY) for i, line in enumerate(lines)), *legend]


def _drawing(canvas: Any, mol: Chem.Mol, atoms: tuple[int, ...]) -> Any:
    options = canvas.drawOptions()
    options.padding = 0.06
    options.minFontSize = 9
    options.bondLineWidth = 1.5
    options.flagCloseContactsDist = -1  # else small drawings have red boxes
    options.fixedBondLength = _SCALE
    options.setHighlightColour(COLOUR)
    canvas.DrawMolecule(mol, highlightAtoms=list(atoms), highlightBonds=bonds_between(mol, atoms))
    canvas.FinishDrawing()
    return canvas.GetDrawingText()


def _image(data: bytes) -> Image.Image:
    from PIL import Image

    return Image.open(io.BytesIO(data)).convert("RGB")
