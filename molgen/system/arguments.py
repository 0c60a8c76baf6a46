"""Arguments of functions, checked."""

from __future__ import annotations

import operator

from molgen.errors import UsageError


def whole(value: object, name: str, least: int | None = None) -> int:
    """A whole number, of Python or of numpy.

    Args:
        value: to check.
        name: of the argument, for messages.
        least: smallest value that it may have.

    Raises:
        UsageError: it is none, or smaller.

    Example:
        >>> import numpy as np
        >>> whole(np.int64(5), "the number of molecules", least=1)
        5
    """
    try:
        found = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise UsageError(f"{name} must be a whole number, got {value!r}") from None
    if least is not None and found < least:
        raise UsageError(f"{name} must be at least {least}, got {found}")
    return found
