"""A Python function of the user's."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Self

from pydantic import PrivateAttr, ValidationInfo, model_validator
from rdkit import Chem

from molgen.errors import UsageError
from molgen.scoring.calling import Timeout, call_score, described
from molgen.scoring.terms.base import Term
from molgen.system.faults import choices


class FunctionTerm(Term):
    """What a function returns for a list of SMILES: one number each, NaN or None where there is none.

    The function is imported, so that a ``score.toml`` with one runs code: take such files from people you trust.

    Attributes:
        function: ``module:function``; a module or package beside the file that names it comes before any other
            of that name.
        timeout: seconds that one call may take.

    Example:
        >>> FunctionTerm(function="builtins:len").label
        'len'
    """

    type: Literal["function"] = "function"
    function: str
    timeout: Timeout = 600.0

    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _importable(self, info: ValidationInfo) -> Self:
        folder = (info.context or {}).get("folder")
        if folder is not None:
            self._folder = Path(folder).resolve()
        _ = self._function
        return self

    @cached_property
    def _function(self) -> Callable[[list[str]], Any]:
        module, colon, name = self.function.partition(":")
        if not (module and colon and name):
            raise UsageError(f"a function is named as module:function, not {self.function!r}")
        try:
            imported = _imported(module, self._folder)
        except (Exception, SystemExit) as error:  # whatever the module does when it is imported
            raise UsageError(f"cannot import {self.function}: {described(error)}") from error
        try:
            found = getattr(imported, name)
        except AttributeError:
            raise UsageError(
                f"{imported.__file__ or module} has no {name!r}{choices(name, _functions(imported))}"
            ) from None
        if not callable(found):
            raise UsageError(f"{self.function} cannot be called")
        return found

    @property
    def label(self) -> str:
        return self.function.rpartition(":")[2]

    def values(self, molecules: Sequence[Chem.Mol]) -> list[float]:
        return call_score(self._function, [Chem.MolToSmiles(mol) for mol in molecules], self.function, self.timeout)


def _functions(module: ModuleType) -> list[str]:
    """Names of what a module itself defines and that can be called."""
    found = vars(module).items()
    return [name for name, one in found if callable(one) and getattr(one, "__module__", None) == module.__name__]


def _imported(module: str, folder: Path | None) -> ModuleType:
    """A module, from a folder where it is there; two of one name in two folders are two modules."""
    if folder is None:
        return import_module(module)
    parts = module.split(".")
    packages = [folder.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    outer = next((one for one in packages if (one / "__init__.py").is_file()), None)
    file = packages[-1].with_suffix(".py")
    if outer is None and not file.is_file():
        return import_module(module)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # for what the module itself imports from its folder
    if outer is None:
        return _executed(module, file, file.stat().st_mtime_ns)
    newest = max(one.stat().st_mtime_ns for one in outer.rglob("*.py"))
    found = _executed(outer.name, outer / "__init__.py", newest)
    return import_module(".".join([found.__name__, *parts[packages.index(outer) + 1 :]]))


def _executed(module: str, file: Path, changed: int) -> ModuleType:
    """The module, or package, of a file; executed once, and again where something in it has changed."""
    digest = hashlib.sha256(f"{file}:{changed}".encode()).hexdigest()[:16]
    name = f"{module.replace('.', '_')}_{digest}"  # a dot would stand for a package
    if name not in sys.modules:
        spec = spec_from_file_location(name, file)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
