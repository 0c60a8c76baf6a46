"""An external program, such as one that docks."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import signal
import subprocess
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Literal

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator
from rdkit import Chem

from molgen.errors import ConditionWarning, UsageError
from molgen.scoring.calling import Timeout
from molgen.scoring.terms.base import Term, beside
from molgen.scoring.totals import number_or_nan
from molgen.system.signals import TIED, uninterrupted

_TAIL = 8192
"""Bytes at the end of stderr in which its last line is looked for."""
_SHOWN = 200
"""Characters of it that are shown."""


class CommandTerm(Term):
    """What a program writes for the SMILES that it reads: a number a line, in their order.

    A line that is no number is a molecule that failed. Where the program ends with an error, writes another number of
    lines or takes too long, all molecules of the call failed: a `ConditionWarning` says why, for the first such call.
    Failures are counted and are not fatal.

    Attributes:
        command: the program and its arguments; no shell is involved. It starts in the working directory, but a
            relative path of the program itself begins at the folder of the file that names it.
        timeout: seconds that one call may take.
        batch: molecules of one call.

    Example:
        >>> CommandTerm(command="awk '{print length($0)}'").values([Chem.MolFromSmiles("CCO")])
        [3.0]
    """

    type: Literal["command"] = "command"
    command: str = Field(min_length=1)
    timeout: Timeout = 600.0
    batch: int = Field(64, ge=1)

    _failed_call: str = PrivateAttr("")
    _failed_line: str = PrivateAttr("")

    @field_validator("command")
    @classmethod
    def _there(cls, command: str, info: ValidationInfo) -> str:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"the command {command!r} cannot be read: {error}") from None
        if words and os.sep in words[0]:
            words[0] = str(beside(Path(words[0]), info).resolve())
        if not words or shutil.which(words[0]) is None:
            raise UsageError(
                f"there is no command {words[0] if words else command!r}; is it installed, and executable?"
            )
        return shlex.join(words)

    @property
    def label(self) -> str:
        return Path(shlex.split(self.command)[0]).name

    def values(self, molecules: Sequence[Chem.Mol]) -> list[float]:
        smiles = [Chem.MolToSmiles(mol) for mol in molecules]
        found: list[float] = []
        for start in range(0, len(smiles), self.batch):
            found += self._run(smiles[start : start + self.batch])
        return found

    @property
    def failure(self) -> str:
        return self._failed_call or self._failed_line

    def _run(self, smiles: list[str]) -> list[float]:
        try:
            lines = _answered(self.command, smiles, self.timeout)
        except _FailedError as error:
            if not self._failed_call:
                self._failed_call = str(error)
                warnings.warn(
                    f"term {self.name or self.label}: {error}; molecules of this call without a value: {len(smiles)}; "
                    "further failures are counted only",
                    ConditionWarning,
                    stacklevel=2,
                )
            return [math.nan] * len(smiles)
        numbers = [_number(line) for line in lines]
        unread = [line for line, number in zip(lines, numbers, strict=True) if math.isnan(number)]
        self._failed_line = self._failed_line or (f"its program wrote {unread[0]!r:.60}" if unread else "")
        return numbers


class _FailedError(Exception):
    """A call of a program had no answer; the message says why."""


def _answered(command: str, smiles: list[str], timeout: float) -> list[str]:
    """Lines that a program writes, one for each of the SMILES that it reads.

    Raises:
        _FailedError: it cannot be started, ends with an error, takes too long, or writes another number of lines.
    """
    started: list[subprocess.Popen[str]] = []
    with TemporaryFile() as errors:  # no pipe, whose end would come only with that of all that the program starts
        try:
            uninterrupted(lambda: started.append(_begun(command, errors)))
            process = started[0]
            out, _ = process.communicate("".join(f"{text}\n" for text in smiles), timeout=timeout)
        except BaseException as stopped:  # the time is over, or a signal or another limit ends this program
            for process in started:
                _end(process)
            if isinstance(stopped, subprocess.TimeoutExpired):
                raise _FailedError(f"its program took longer than {timeout:g} s") from None
            if isinstance(stopped, OSError):
                raise _FailedError(f"its program could not be run: {stopped.strerror or stopped}") from None
            raise
        if process.returncode != 0:
            raise _FailedError(f"its program {_ended(process.returncode)}: {_last_line(errors)}")
    lines = out.splitlines()
    if len(lines) != len(smiles):
        raise _FailedError(f"its program wrote {len(lines)} values for {len(smiles)} molecules: a line each is needed")
    return lines


def _ended(code: int) -> str:
    return f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"


def _last_line(errors: IO[bytes]) -> str:
    """The last line that a program wrote to stderr, cut where it is long."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - _TAIL))
    lines = [line for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1].strip():.{_SHOWN}}" if lines else "it wrote nothing to stderr"


def _begun(command: str, errors: IO[bytes]) -> subprocess.Popen[str]:
    """The program, in a process group of its own."""
    return subprocess.Popen(
        shlex.split(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        errors="replace",
        start_new_session=True,
        **TIED,
    )


def _end(process: subprocess.Popen[str]) -> None:
    """End a program and all that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):  # all of them have ended
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError, ValueError):  # what was not written yet has no reader
                pipe.close()
    process.wait()


def _number(line: str) -> float:
    try:
        return number_or_nan(line)
    except ValueError:
        return math.nan
