"""Picking some molecules of a library."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rdkit import Chem

from molgen.datasets.known import known_molecules
from molgen.errors import MolgenError, UsageError
from molgen.evaluation.similarity import nearest_similarity
from molgen.features.fingerprints import MOSES_BITS, morgan
from molgen.features.record import MoleculeRecord
from molgen.library.choosing import TOLERANCE, Bits, apart, centres, diverse
from molgen.library.manifest import Folder
from molgen.library.query import answer
from molgen.library.row_filter import RowFilter
from molgen.system.arguments import whole
from molgen.system.workers import Lost, isolated_pairs

Method = Literal["diverse", "cluster", "score"]

NEAR = "near"
"""Column of picks: similarity to the nearest of the molecules that they are to be near."""

_CHUNK = 65_536


def pick(
    folder: Folder,
    n: int,
    method: Method = "diverse",
    *,
    score: str | None = None,
    ascending: bool = False,
    apart_by: float | None = None,
    near: str | Path | None = None,
    within: float | None = None,
    where: str | None = None,
    seed: int = 0,
    jobs: int | None = None,
) -> pa.Table:
    """Some molecules of a library with all their columns, in the order in which they were picked.

    Fingerprints (Morgan 2, 1,024 bits) take 128 bytes of memory for each molecule, and as much again while diverse
    ones are picked.

    Args:
        folder: of the library.
        n: molecules at most.
        method: ``diverse``: far from each other; ``cluster``: one of each of n clusters; ``score``: the best.
        score: column to sort by, with `method` score.
        ascending: the least values are the best.
        apart_by: Tanimoto distance that picks have at least; those with the best score, or the first, go before.
        near: a file of molecules, and
        within: the largest Tanimoto distance to the nearest of them.
        where: condition in SQL on the columns.
        seed: of random choices.
        jobs: processes for the fingerprints.

    Raises:
        UsageError: arguments that do not go together, an unknown column, or no molecule meets the conditions.
        MolgenError: the library is damaged, nothing in the file can be used, or a fingerprint cannot be computed.

    Warns:
        LeftOutWarning: of molecules of the file that cannot be used.
    """
    n = whole(n, "the number of molecules", least=1)
    _check(method, score, ascending, apart_by, near, within)
    attempts, smiles = _candidates(folder, score, ascending, where)
    similar: NDArray[np.float64] | None = None
    if near is not None and within is not None and smiles:
        similar = _similarities(smiles, _prints(list(known_molecules(Path(near), jobs)), jobs), jobs)
        close = similar >= 1 - within - TOLERANCE
        attempts, similar = attempts[close], similar[close]
        smiles = [text for text, there in zip(smiles, close, strict=True) if there]
    if not smiles:
        raise UsageError("no molecule of the library meets these conditions")
    rows = _chosen(smiles, n, method, apart_by, seed, jobs)
    table = _rows(folder, attempts[rows])
    return table if similar is None else table.append_column(NEAR, pa.array(np.round(similar[rows], 4)))


def _check(
    method: str,
    score: str | None,
    ascending: bool,
    distance: float | None,
    near: object,
    within: float | None,
) -> None:
    if method not in get_args(Method):
        raise UsageError(f"there is no method {method!r}; there are {', '.join(get_args(Method))}")
    if (method == "score") != (score is not None):
        raise UsageError("picking by score goes with the name of a column")
    if ascending and score is None:
        raise UsageError("ascending goes with a score: the least values of that column")
    if distance is not None and method == "cluster":
        raise UsageError("a least distance goes with diverse picks or a score, not with clusters")
    if (near is None) != (within is None):
        raise UsageError("near takes a file of molecules, and within the largest distance to them, such as 0.4")
    for name, value in (("within", within), ("the least distance", distance)):
        if value is not None and not 0 <= value <= 1:
            raise UsageError(f"{name} is a Tanimoto distance from 0 to 1, not {value:g}")


def _candidates(
    folder: Folder, score: str | None, ascending: bool, where: str | None
) -> tuple[NDArray[np.int64], list[str]]:
    """Numbers and SMILES of the molecules to pick from, the best first where there is a score."""
    with answer(folder, "SELECT * FROM molecules LIMIT 0") as rows:
        schema = rows.schema
    order = "attempt"
    if score is not None:
        name = next((name for name in schema.names if name.lower() == score.lower()), None)
        if name is None:
            raise UsageError(f"there is no column {score!r} to sort by; there are {', '.join(schema.names)}")
        order = f'"{name}" {"ASC" if ascending else "DESC"} NULLS LAST, attempt'
    condition = "" if where is None else f" WHERE {RowFilter.of(where, schema).canonical}"
    with answer(folder, f"SELECT attempt, smiles FROM molecules{condition} ORDER BY {order}") as rows:
        table = rows.table()
    return table["attempt"].to_numpy(), table["smiles"].to_pylist()


def _chosen(
    smiles: list[str], n: int, method: Method, distance: float | None, seed: int, jobs: int | None
) -> list[int]:
    if method == "score" and distance is None:
        return list(range(min(n, len(smiles))))
    bits = _prints(smiles, jobs)
    if distance is not None:
        return apart(bits, n, distance)
    return diverse(bits, n, seed) if method == "diverse" else centres(bits, n, seed)


def _prints(smiles: list[str], jobs: int | None) -> Bits:
    """Fingerprints of molecules, ``(n, bytes)``."""
    parts = (_found(text, one) for text, one in isolated_pairs(_print, smiles, jobs=jobs))
    return np.fromiter(chain.from_iterable(parts), np.uint8, len(smiles) * MOSES_BITS // 8).reshape(len(smiles), -1)


def _found(smiles: str, outcome: bytes | Lost) -> bytes:
    if isinstance(outcome, Lost):
        raise MolgenError(f"there is no fingerprint of {smiles}, which {outcome.reason}: leave this molecule out")
    return outcome


def _print(smiles: str) -> bytes:
    return morgan(MoleculeRecord.of(Chem.MolFromSmiles(smiles)), MOSES_BITS)


def _similarities(smiles: list[str], known: Bits, jobs: int | None) -> NDArray[np.float64]:
    """Similarity of each molecule to the nearest of the known ones."""
    reference = np.ascontiguousarray(known).view(np.uint64)
    parts = (smiles[start : start + _CHUNK] for start in range(0, len(smiles), _CHUNK))
    return np.concatenate([nearest_similarity(_prints(part, jobs).view(np.uint64), reference) for part in parts])


def _rows(folder: Folder, attempts: NDArray[np.int64]) -> pa.Table:
    """Molecules by their numbers, in this order."""
    numbers = ", ".join(map(str, attempts.tolist()))
    with answer(folder, f"SELECT * FROM molecules WHERE attempt IN ({numbers})") as rows:
        table = rows.table()
    place = {number: row for row, number in enumerate(table["attempt"].to_pylist())}
    return table.take(pa.array([place[number] for number in attempts.tolist()]))
