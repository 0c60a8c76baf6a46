"""A Python function of the user's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator
from rdkit import Chem

from molgen.errors import UsageError
from molgen.scoring.calling import call_score
from molgen.scoring.terms.base import Term


class FunctionTerm(Term):
    """What a function returns for a list of SMILES: one number each, NaN or None where there is none.

    The function is imported, so that a ``score.toml`` with one runs code: take such files from people you trust.

    Attributes:
        function: ``module:function``; the module is looked for beside the file that names it, too.
        timeout: seconds that one call may take.

    Example:
        >>> FunctionTerm(function="builtins:len").label
        'len'
    """

    type: Literal["function"] = "function"
    function: str
    timeout: float = Field(600.0, gt=0)

    @model_validator(mode="after")
    def _importable(self, info: ValidationInfo) -> Self:
        folder = (info.context or {}).get("folder")
        if folder is not None and str(Path(folder).resolve()) not in sys.path:
            sys.path.append(str(Path(folder).resolve()))
        _ = self._function
        return self

    @cached_property
    def _function(self) -> Callable[[list[str]], Any]:
        module, colon, name = self.function.partition(":")
        if not (module and colon and name):
            raise UsageError(f"a function is named as module:function, not {self.function!r}")
        try:
            found = getattr(import_module(module), name)
        except Exception as error:  # whatever the module does when it is imported
            raise UsageError(f"cannot import {self.function}: {error}") from None
        if not callable(found):
            raise UsageError(f"{self.function} cannot be called")
        return found

    @property
    def label(self) -> str:
        return self.function.rpartition(":")[2]

    def values(self, molecules: Sequence[Chem.Mol]) -> list[float]:
        return call_score(self._function, [Chem.MolToSmiles(mol) for mol in molecules], self.function, self.timeout)
