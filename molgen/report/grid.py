"""A grid of molecules as one picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdkit.Chem import rdDepictor

from molgen.constraints.fragment import Fragment
from molgen.errors import MoleculeError, MolgenError, UsageError
from molgen.io.files import named_file
from molgen.report.entries import Entry, Value, as_number, chosen, entries_of, entries_of_file, is_missing
from molgen.report.highlight import Highlight, highlight
from molgen.report.page import Cell, png, svg
from molgen.system.files import whole_file

MAX_CELLS = 1000
"""Molecules of one picture; more take too much memory to draw, and to look at."""

MAX_LEGENDS = 8
"""Lines below a molecule."""

MAX_ATOMS = 250
"""Of a molecule that is drawn; what is larger cannot be recognised in a cell."""


@dataclass(frozen=True, repr=False)
class Grid:
    """A picture of molecules, which a notebook shows.

    Attributes:
        data: contents of a PNG or SVG file.
        suffix: ``.png`` or ``.svg``.
        drawn: molecules in it.
        not_drawn: molecules of which there is a cell with the reason why not.
        more: whether there are molecules beyond those that were to be drawn.
    """

    data: bytes
    suffix: str
    drawn: int
    not_drawn: int = 0
    more: bool = False

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
        left = f", {self.not_drawn:,} not drawn" if self.not_drawn else ""
        return f"Grid({self.drawn:,} molecules{left}, {self.suffix})"


def draw_grid(
    molecules: str | Path | Iterable[Any],
    path: str | Path | None = None,
    *,
    n: int | None = None,
    columns: int = 8,
    column: str | None = None,
    values: Mapping[str, Sequence[object]] | None = None,
    legend: str | Sequence[str] = (),
    sort: str | None = None,
    descending: bool = False,
    highlighted: str | Fragment | None = None,
    overwrite: bool = False,
) -> Grid:
    """Draw molecules row by row, each as large as its cell allows.

    What cannot be read has a cell with the reason.

    Args:
        molecules: SMILES or RDKit molecules in any iterable, or the path of a file (`molgen.io.read_rows`).
        path: also write the picture to this ``.png`` or ``.svg``.
        n: draw the first n, after sorting; by default all.
        columns: molecules per row of the picture.
        column: of SMILES, in a file.
        values: without a file, what is known of the molecules: one value each under each name, in a dictionary or a
            table of pandas. The other columns of a file are its values.
        legend: names of values or of properties (`molgen.features.named_properties`), a line below each molecule for
            each; a value goes before a property of the same name.
        sort: name of a value or property; what has none comes last.
        descending: sort the largest first.
        highlighted: a fragment or SMARTS whose atoms are coloured; see `molgen.report.highlight`.
        overwrite: an existing file.

    Returns:
        The picture, SVG without a path.

    Raises:
        UsageError: another suffix, no columns, an unknown name, more than `MAX_CELLS` molecules, or a file that may
            not be overwritten.
        MolgenError: none can be drawn, or a file of molecules cannot be read.

    Example:
        >>> draw_grid(["CCO", "c1ccccc1", "C1CC"], legend="logP", sort="logP")
        Grid(2 molecules, 1 not drawn, .svg)
    """
    suffix = ".svg" if path is None else Path(path).suffix.lower()
    if suffix not in (".png", ".svg"):
        raise UsageError(f"cannot draw {Path(str(path)).name}: known formats are .png and .svg")
    names = [legend] if isinstance(legend, str) else list(legend)
    _check(n, columns, names, descending and sort is None)
    file = named_file(molecules)
    if file is not None and values is not None:
        raise UsageError("values go with molecules in Python; those of a file are its columns")
    mark = None if highlighted is None else highlight(highlighted)
    entries = entries_of(molecules, values) if file is None else entries_of_file(file, column)
    picked, shown = chosen(entries, (MAX_CELLS if n is None else n) + 1, names, sort, descending)
    if n is None and len(picked) > MAX_CELLS:
        raise UsageError(f"more than {MAX_CELLS:,} molecules are too many for one picture; draw the first n of them")
    lines = list(zip(names, shown, strict=True))
    cells = [_cell(entry, lines, mark) for entry in picked[:n]]
    drawn = sum(cell.mol is not None for cell in cells)
    if not drawn:
        raise MolgenError(_nothing(cells))
    page = svg if suffix == ".svg" else png
    grid = Grid(page(cells, min(columns, len(cells))), suffix, drawn, len(cells) - drawn, len(picked) > len(cells))
    if path is not None:
        grid.save(path, overwrite)
    return grid


def _check(n: int | None, columns: int, names: Sequence[str], unsorted: bool) -> None:
    if columns < 1:
        raise UsageError(f"a grid needs at least 1 column, got {columns}")
    if n is not None and not 1 <= n <= MAX_CELLS:
        raise UsageError(f"one picture has 1 to {MAX_CELLS:,} molecules, not {n:,}; --sort chooses which come first")
    if len(names) > MAX_LEGENDS:
        raise UsageError(f"a molecule has at most {MAX_LEGENDS} legends, not {len(names)}")
    if unsorted:
        raise UsageError("descending goes with a name to sort by")


def _nothing(cells: Sequence[Cell]) -> str:
    return "none of the molecules can be drawn" + (f"; {cells[0].message}" if cells else "")


def _cell(entry: Entry, names: Sequence[tuple[str, Value]], mark: Highlight | None) -> Cell:
    legend = tuple(_legend(name, value(entry)) for name, value in names)
    try:
        mol = entry.read()
        if mol.GetNumAtoms() > MAX_ATOMS:
            raise MoleculeError("too_large", f"{mol.GetNumAtoms():,} atoms are too many to draw")
        rdDepictor.Compute2DCoords(mol)
        rdDepictor.StraightenDepiction(mol)
    except (MoleculeError, ValueError, RuntimeError) as error:
        return Cell(None, message=f"row {entry.number:,}: {error}", legend=legend)
    return Cell(mol, mark(mol) if mark else (), legend=legend)


def _legend(name: str, value: object) -> str:
    """A name and its value; an ``id`` by itself."""
    if name == "id" and not is_missing(value):
        return str(value)
    if is_missing(value):
        return f"{name} -"
    number = as_number(value)
    if number is None or number.is_integer() or (isinstance(value, str) and len(value) <= 5):
        return f"{name} {str(value).removesuffix('.0')}"
    return f"{name} {number:.2f}" if 0.01 <= abs(number) < 1e5 else f"{name} {number:.3g}"
