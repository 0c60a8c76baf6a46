"""Ring systems of training molecules, by which molecules with ring systems that were never made are recognised."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from molgen.errors import MolgenError
from molgen.features.fragments import ring_systems
from molgen.features.record import MoleculeRecord
from molgen.system.files import check_regular, whole_file

RINGS_FILE = "ring_systems.smi.gz"
"""In a model directory: SMILES of ring systems, as `molgen.features.fragments.ring_systems` writes them, one a line."""

_MOST_BYTES = 50_000_000
"""Of the list, unpacked."""


def rings_of(smiles: str) -> tuple[str, ...]:
    """Ring systems of a molecule, the same that the metric ``ring_system_never_seen`` counts.

    Example:
        >>> sorted(rings_of("O=C1CCCN1Cc1ccccc1"))
        ['O=C1CCCN1', 'c1ccccc1']
    """
    record = MoleculeRecord(smiles)
    return () if record.mol is None else ring_systems(record)


def read_rings(folder: Path) -> frozenset[str]:
    """Ring systems that a model directory lists; empty where it lists none.

    Raises:
        MolgenError: the list is damaged.
    """
    file = folder / RINGS_FILE
    if not file.exists():
        return frozenset()
    check_regular(file)
    try:
        with gzip.open(file) as stream:
            text = stream.read(_MOST_BYTES + 1)
        if len(text) > _MOST_BYTES:
            raise ValueError("it is too large to be a list of ring systems")
        return frozenset(text.decode().split())
    except (OSError, EOFError, ValueError) as error:
        raise MolgenError(f"cannot read {file}: {error}") from None


def write_rings(folder: Path, rings: Iterable[str]) -> None:
    """Write the list of a model directory.

    Raises:
        MolgenError: it cannot be written.
    """
    text = "".join(f"{ring}\n" for ring in sorted(set(rings)))
    with whole_file(folder / RINGS_FILE) as temporary:
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))
