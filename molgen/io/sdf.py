"""Structure-data files: records of a structure and named values, each ended by ``$$$$``."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor

from molgen.io.row import Problem, Row
from molgen.io.streams import lines, open_text

_LONGEST_RECORD = 200_000
"""Lines of a record; the rest of a longer one is passed over."""

_NAME = re.compile(r"<(.*)>")

_TIME = re.compile(r"^\[\d\d:\d\d:\d\d\] ")


def read(path: Path, column: str | None = None, values: bool = False) -> Iterator[Row]:
    """SMILES of each record's structure, or one of its values instead.

    Records are cut here and not by RDKit, whose reader drops records without a blank line before ``$$$$``.

    Args:
        path: of the file.
        column: name of a value that holds a SMILES.
        values: also all values of a record, and its title as ``id``.
    """
    with open_text(path) as text:
        for number, record in enumerate(_records(text), start=1):
            row = _row(number, record, column)
            yield row._replace(values=_values(record)) if values else row


def _row(number: int, record: list[str], column: str | None) -> Row:
    if not any(line.strip() for line in record):
        return Row(number, "", ("unparsable", "an empty record"))
    return _structure(number, record) if column is None else Row(number, _value(record, column))


def _records(text: io.TextIOWrapper) -> Iterator[list[str]]:
    """Lines of each record, without their ends; blank lines at the end of the file are no record."""
    record: list[str] = []
    for line in lines(text):
        if line.startswith("$$$$"):
            yield record
            record = []
        elif len(record) < _LONGEST_RECORD:
            record.append(line.rstrip("\n"))
    if any(line.strip() for line in record):
        yield record


def _structure(number: int, record: list[str]) -> Row:
    end = next((i + 1 for i, line in enumerate(record) if line.startswith("M  END")), None)
    if end is None:
        end = next((i for i, line in enumerate(record) if line.startswith(">")), len(record))
    block = "\n".join(record[:end]) + "\n"
    try:
        mol = Chem.MolFromMolBlock(block, sanitize=True)
    except (ValueError, RuntimeError) as error:
        return Row(number, "", ("unparsable", str(error).strip().splitlines()[0]))
    if mol is None:
        return Row(number, "", ("unparsable", _reason(block)))
    problem = _problem(mol)
    return Row(number, "", problem) if problem else Row(number, str(Chem.MolToSmiles(mol)))


def _problem(mol: Chem.Mol) -> Problem | None:
    if mol.GetNumAtoms() == 0:
        return "unparsable", "RDKit finds no atoms in the record"
    if any(atom.HasQuery() or atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        return "query", "a query atom, an R-group or a dummy, which stands for several atoms"
    if any(bond.HasQuery() for bond in mol.GetBonds()):
        return "query", "a query bond, which stands for several kinds of bonds"
    return None


def _reason(block: str) -> str:
    """What RDKit says about a structure that it refuses; read a second time, with its log open."""
    logger, heard = logging.getLogger("rdkit"), io.StringIO()
    handlers, propagate = logger.handlers, logger.propagate
    rdBase.LogToPythonLogger()
    rdBase.EnableLog("rdApp.*")
    logger.handlers, logger.propagate = [logging.StreamHandler(heard)], False
    try:
        Chem.MolFromMolBlock(block)
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        rdBase.LogToCppStreams()
        rdBase.DisableLog("rdApp.*")
    said = [_TIME.sub("", line.strip()) for line in heard.getvalue().splitlines() if line.strip()]
    return said[-1] if said else "RDKit cannot read the structure"


def _value(record: list[str], name: str) -> str:
    """First line of a named value; empty where the record does not have it."""
    for number, line in enumerate(record):
        if line.startswith(">") and f"<{name}>" in line:
            following = record[number + 1] if number + 1 < len(record) else ""
            return following.strip()
    return ""


def _values(record: list[str]) -> dict[str, str]:
    """First lines of all named values, and the title."""
    found = {"id": record[0].strip()} if record and record[0].strip() else {}
    for line in record:
        if line.startswith(">") and (name := _NAME.search(line)):
            found[name[1]] = _value(record, name[1])
    return found


class Writer:
    """Writes structures with flat coordinates, and the values ``smiles`` and the columns but None; ``id`` is the title.

    What RDKit cannot read becomes an empty record, so that records keep their numbers.

    Args:
        stream: to write to.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, smiles: Sequence[str], columns: Mapping[str, Sequence[object]]) -> None:
        """Write some records."""
        for number, value in enumerate(smiles):
            text = io.StringIO()
            with Chem.SDWriter(text) as writer:
                mol = Chem.MolFromSmiles(value) or Chem.Mol()
                rdDepictor.Compute2DCoords(mol)
                mol.SetProp("smiles", value)
                for name, values in columns.items():
                    if values[number] is not None:
                        mol.SetProp("_Name" if name == "id" else name, str(values[number]))
                writer.write(mol)
            self._stream.write(text.getvalue().encode())

    def close(self) -> None:
        """Nothing comes last."""
