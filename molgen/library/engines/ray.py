"""Ray: processes on this machine or on a cluster, whose nodes all see the folder of the library."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.util import hash_array

from molgen.errors import MolgenError
from molgen.library.duplicates import EXCLUDED, PARTITION_ROWS, REPEATED, Dropped, damaged, partitions_of
from molgen.library.engines.base import TRIES, Engine
from molgen.system.extras import missing_extra
from molgen.system.hardware import use_one_core

R = TypeVar("R")

_KEYS = pa.schema([("smiles", pa.string()), ("attempt", pa.int64())])
"""What is compared."""

_PATIENCE = 10
"""Seconds to wait for a cluster."""

FILES_AT_A_TIME = 32
"""Shards that one task divides into parts."""


class Ray(Engine):
    """Actors of Ray, each on one core. A lost actor, or node, costs the shard that it was making.

    Args:
        jobs: actors; by default one per core of the cluster.
        address: of a cluster, ``auto`` for that of this machine; by default Ray is started here and ended with it.

    Attributes:
        partition_rows: molecules that one task compares.

    Raises:
        MolgenError: Ray is not installed, or cannot be reached.
    """

    partition_rows = PARTITION_ROWS

    def __init__(self, jobs: int | None = None, address: str | None = None) -> None:
        self._ray = _started(jobs, address)
        self.workers = jobs or int(self._ray.cluster_resources().get("CPU", 1))
        self._actor_class = self._ray.remote(num_cpus=1)(_Actor)
        self._actors: list[Any] = []

    def map(self, function: Callable[..., R], calls: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        iterator, idle = iter(calls), list(self._actors)
        running: dict[Any, tuple[Any, tuple[Any, ...], int]] = {}
        while True:
            while len(running) < self.workers and (call := next(iterator, None)) is not None:
                actor = idle.pop() if idle else self._actor()
                running[actor.call.remote(function, call)] = (actor, call, 1)
            if not running:
                return
            for reference in self._ray.wait(list(running), num_returns=1)[0]:
                actor, call, tries = running.pop(reference)
                try:
                    result = self._ray.get(reference)
                except self._ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                except self._ray.exceptions.RayActorError:
                    self._actors.remove(actor)
                    if tries == TRIES:
                        raise MolgenError(f"Ray lost {TRIES} processes on the same work; look at its logs") from None
                    actor = self._actor()
                    running[actor.call.remote(function, call)] = (actor, call, tries + 1)
                else:
                    idle.append(actor)
                    yield result

    def _actor(self) -> Any:
        self._actors.append(self._actor_class.remote())
        return self._actors[-1]

    def duplicates(self, shards: Sequence[Path], excluded: Sequence[Path], scratch: Path) -> Dropped:
        """Parts by hash of the SMILES go through Ray's object store, and each is compared by one task."""
        self._end_actors()  # whose cores the tasks need
        parts = partitions_of(shards, excluded, self.partition_rows)
        groups = [(list(files), reason) for files, reason in _groups(shards, excluded)]
        divide = self._ray.remote(num_returns=parts)(_divided)
        divided = [divide.remote(files, excluded_ones, parts) for files, excluded_ones in groups]
        columns = [[one] for one in divided] if parts == 1 else divided
        compare = self._ray.remote(num_returns=1)(_later)
        pending = [compare.remote(*(row[part] for row in columns)) for part in range(parts)] if groups else []
        found: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
        try:
            found = self._ray.get(pending)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
        repeated, left_out = ([np.empty(0, np.int64), *(pair[i] for pair in found)] for i in (0, 1))
        return {REPEATED: np.sort(np.concatenate(repeated)), EXCLUDED: np.sort(np.concatenate(left_out))}

    def _end_actors(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors = []

    def close(self) -> None:
        self._end_actors()
        self._ray.shutdown()


class _Actor:
    """A process that keeps what it has loaded."""

    def __init__(self) -> None:
        use_one_core()

    def call(self, function: Callable[..., R], arguments: tuple[Any, ...]) -> R:
        return function(*arguments)


def _started(jobs: int | None, address: str | None) -> Any:
    """Ray, once it runs."""
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise missing_extra("the engine ray", "ray") from None
    if address is not None:
        _check_reached(address)
    here: dict[str, Any] = {"num_cpus": jobs, "include_dashboard": False} if address is None else {}
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **here)
    except Exception as error:  # of many classes, among them those of grpc
        where = "here" if address is None else f"at {address}"
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MolgenError(f"Ray cannot be reached {where}: {reason}") from None
    return ray


def _check_reached(address: str) -> None:
    """Refuse an address where nothing listens, for which Ray waits many minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise MolgenError(f"Ray cannot be reached at {address}: {error}") from None


def _groups(shards: Sequence[Path], excluded: Sequence[Path]) -> Iterator[tuple[Sequence[Path], bool]]:
    for files, reason in ((shards, False), (excluded, True)):
        for start in range(0, len(files), FILES_AT_A_TIME):
            yield [path.resolve() for path in files[start : start + FILES_AT_A_TIME]], reason


def _divided(files: Sequence[Path], excluded: bool, parts: int) -> pa.Table | list[pa.Table]:
    """Molecules of some files in parts by the hash of their SMILES; one table where there is one part."""
    names = ["smiles"] if excluded else _KEYS.names
    table = pa.concat_tables(_read(path, names, excluded) for path in files)
    if excluded:
        table = table.append_column("attempt", pa.array(np.full(len(table), -1)))
    table = table.select(_KEYS.names).cast(_KEYS).replace_schema_metadata()
    if parts == 1:
        return table
    part = hash_array(table["smiles"].to_numpy().astype(object), categorize=False) % parts
    return [table.filter(pa.array(part == number)) for number in range(parts)]


def _read(path: Path, names: list[str], excluded: bool) -> pa.Table:
    try:
        return pq.read_table(path, columns=names, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error, excluded) from None


def _later(*tables: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Attempts of one part whose molecule has come before, and those whose molecule is excluded."""
    table = pa.concat_tables(tables)
    first = table.group_by("smiles").aggregate([("attempt", "min"), ("attempt", "count")])
    several = first.filter(pc.greater(first["attempt_count"], 1))
    joined = table.join(several, "smiles", join_type="inner")
    attempts, least = joined["attempt"].to_numpy(), joined["attempt_min"].to_numpy()
    return attempts[(attempts > least) & (least >= 0)], attempts[(attempts > least) & (least < 0)]
