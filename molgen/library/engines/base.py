"""What an engine does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from molgen.library.duplicates import Dropped

R = TypeVar("R")

TRIES = 3
"""How often work whose process is lost is begun."""


class Engine(ABC):
    """Does the work on a library in several processes.

    Attributes:
        workers: processes.
    """

    workers: int

    @abstractmethod
    def map(self, function: Callable[..., R], calls: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Results of a function, in the order in which they are ready.

        A call is taken from the iterator when a process is free for it, so that the iterator can end when there is
        enough. A call whose process is lost is made again.

        Args:
            function: of a module, that can be called anywhere.
            calls: arguments of each call.

        Raises:
            MolgenError: what the function raises, or a call has lost its process `TRIES` times.
        """

    @abstractmethod
    def duplicates(self, shards: Sequence[Path], excluded: Sequence[Path], scratch: Path) -> Dropped:
        """Attempts to drop, see `molgen.library.duplicates.find_duplicates`."""

    @abstractmethod
    def close(self) -> None:
        """End the processes, whatever they are doing."""

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
