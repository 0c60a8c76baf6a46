"""Engines by name."""

from __future__ import annotations

from molgen.errors import UsageError
from molgen.library.engines.base import Engine
from molgen.library.engines.local import Local

ENGINES = ("local", "ray")


def engine_named(name: str, jobs: int | None = None, address: str | None = None) -> Engine:
    """An engine that is ready to work.

    Args:
        name: ``local`` for processes on this machine, ``ray`` for Ray.
        jobs: processes; by default one per core, on a cluster all of it.
        address: of a Ray cluster, ``auto`` for the one that this machine belongs to; by default Ray is started here.

    Raises:
        UsageError: there is no such engine, or it takes no address.
        MolgenError: Ray is not installed or not reached.
    """
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}; there are {' and '.join(ENGINES)}")
    if jobs is not None and jobs < 1:
        raise UsageError(f"the number of processes must be at least 1, got {jobs}")
    if name == "ray":
        from molgen.library.engines.ray import Ray

        return Ray(jobs, address)
    if address is not None:
        raise UsageError("an address goes with the engine ray")
    return Local(jobs)
