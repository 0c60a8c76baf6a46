"""Calls of functions that others wrote: what they return is checked, and they may not hang."""

from __future__ import annotations

import math
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from molgen.errors import MolgenError
from molgen.scoring.totals import number_or_nan
from molgen.system.timer import checked_seconds, interrupting


def checked_timeout(seconds: float) -> float:
    """Seconds that a call may take.

    Raises:
        UsageError: see `molgen.system.timer.checked_seconds`.
    """
    return checked_seconds(seconds, "the timeout")


Timeout = Annotated[float, AfterValidator(checked_timeout)]
"""Of a call, in a ``score.toml``."""


def call_score(
    function: Callable[[list[str]], Any], smiles: Sequence[str], name: str = "the score", timeout: float | None = None
) -> list[float]:
    """One number for each SMILES; NaN where the function returns NaN or None, or an infinite value.

    Args:
        function: of a list of SMILES.
        smiles: of molecules.
        name: for messages.
        timeout: seconds that the call may take, see `molgen.system.timer.interrupting`.

    Raises:
        UsageError: a timeout that is not above 0.
        MolgenError: it raises, takes too long, or returns anything but one number per molecule.

    Example:
        >>> call_score(lambda texts: [len(text) for text in texts], ["C", "CC"])
        [1.0, 2.0]
    """
    if timeout is not None:
        checked_timeout(timeout)
    late = _TookTooLongError()
    try:
        with interrupting(timeout, late):
            returned = function(list(smiles))
            found = list(returned) if isinstance(returned, Iterable) else None
    except MolgenError:
        raise
    except _TookTooLongError as error:
        if error is not late:  # that of a call around this one
            raise
        raise MolgenError(f"{name} took longer than {timeout:g} s for {len(smiles)} molecules") from None
    except (Exception, SystemExit) as error:  # whatever the function of a user may raise
        raise MolgenError(f"{name} failed: {described(error)}") from error
    if found is None:
        raise MolgenError(
            f"{name} returned {returned!r:.60} for {len(smiles)} molecules: it is called with a list of SMILES and "
            "returns a list of numbers, one each"
        )
    if len(found) != len(smiles):
        raise MolgenError(f"{name} returned {len(found)} values for {len(smiles)} molecules: return one number each")
    return [_number(value, name) for value in found]


def described(error: BaseException) -> str:
    """An error of code that others wrote, in one line: its type, the first line of its message, and where it arose.

    The place is the last line of their own code that was being executed, not one of Molgen, Python or a package.

    Example:
        >>> described(SystemExit(3)), described(KeyError("x"))
        ('SystemExit(3)', "KeyError: 'x'")
    """
    text = (str(error).splitlines() or [""])[0]
    kind = type(error).__name__
    said = f"{kind}({error.code!r})" if isinstance(error, SystemExit) else f"{kind}: {text}" if text else kind
    places = [f"{one.filename}, line {one.lineno}" for one in traceback.extract_tb(error.__traceback__) if _own(one)]
    return f"{said} ({places[-1]})" if places else said


_ELSEWHERE = (Path(__file__).parents[1], *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")))
"""Where code lies that users did not write."""


def _own(frame: traceback.FrameSummary) -> bool:
    file = Path(frame.filename)
    return not frame.filename.startswith("<frozen ") and not any(file.is_relative_to(one) for one in _ELSEWHERE)


def _number(value: object, name: str) -> float:
    if value is None:
        return math.nan
    try:
        return number_or_nan(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise MolgenError(f"{name} returned {value!r:.60}, which is no number") from None


class _TookTooLongError(BaseException):
    """The time is over; no `Exception`, which the function may catch."""
