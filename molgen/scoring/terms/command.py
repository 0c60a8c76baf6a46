"""An external program, such as one that docks."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from rdkit import Chem

from molgen.errors import UsageError
from molgen.scoring.calling import Timeout
from molgen.scoring.terms.base import Term, beside
from molgen.scoring.totals import number_or_nan
from molgen.system.signals import TIED, uninterrupted


class CommandTerm(Term):
    """What a program writes for the SMILES that it reads: a number a line, in their order.

    A line that is no number is a molecule that failed. Where the program ends with an error, writes another number of
    lines or takes too long, all molecules of the call failed. Failures are counted and are not fatal.

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

    def _run(self, smiles: list[str]) -> list[float]:
        failed = [math.nan] * len(smiles)
        started: list[subprocess.Popen[str]] = []
        try:
            uninterrupted(lambda: started.append(_begun(self.command)))
            process = started[0]
            out, _ = process.communicate("".join(f"{text}\n" for text in smiles), timeout=self.timeout)
        except BaseException as stopped:  # the time is over, or a signal or another limit ends this program
            for process in started:
                _end(process)
            if isinstance(stopped, OSError | subprocess.TimeoutExpired):
                return failed
            raise
        lines = out.splitlines()
        if process.returncode != 0 or len(lines) != len(smiles):
            return failed
        return [_number(line) for line in lines]


def _begun(command: str) -> subprocess.Popen[str]:
    """The program, in a process group of its own."""
    return subprocess.Popen(
        shlex.split(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
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
