"""Readers and writers of files of molecules, one module per format."""

from molgen.io.columns import beside, other_columns
from molgen.io.files import check_output, holds_columns, molecule_writer, read_rows, read_smiles, write_molecules
from molgen.io.given import smiles_of
from molgen.io.row import Row

__all__ = [
    "Row",
    "beside",
    "check_output",
    "holds_columns",
    "molecule_writer",
    "other_columns",
    "read_rows",
    "read_smiles",
    "smiles_of",
    "write_molecules",
]
