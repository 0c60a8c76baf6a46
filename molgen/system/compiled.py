"""Functions compiled by numba, kept on disk where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """A function compiled when it is first called, which runs without Python's lock.

    The machine code is kept beside the source or in the user's cache. On a disk that is full or cannot be written it is
    compiled in every process anew.

    Args:
        function: of what numba supports.

    Example:
        >>> @compiled
        ... def double(x):
        ...     return 2 * x
        >>> double(3)
        6
    """
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # there is no folder that can be written
        return numba.njit(nogil=True)(function)
    cache = made._cache  # numba has no setting for this
    save = cache.save_overload

    def save_if_possible(*content: Any) -> None:
        with suppress(OSError):
            save(*content)

    cache.save_overload = save_if_possible
    return made
