"""A QSAR model: stored as data and settings, fitted again when it is loaded, so that nothing is ever unpickled."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rdkit import Chem

from molgen.chem.standardize import parse
from molgen.errors import MolgenError, UsageError
from molgen.io import read_rows, write_molecules
from molgen.scoring.qsar.activity import Activity
from molgen.scoring.qsar.features import counts, environment_counts, features, tanimoto
from molgen.scoring.qsar.pipelines import EstimatorName, TaskName, fitted, pipeline, predicted, spread
from molgen.system.files import whole_file, whole_folder

SETTINGS_FILE, DATA_FILE = "settings.json", "data.csv"
_VALUE = "value"


class QsarSettings(BaseModel):
    """How a model is fitted.

    Attributes:
        estimator: see `molgen.scoring.qsar.pipelines`.
        threshold: values from it on are class 1, the others class 0; None for regression.
        seed: of the randomness.
        column: what the values are, as in the table that they come from.
        concentration: unit of concentrations that the values are the negative logarithm of, in mol/l; None for values
            as they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    estimator: EstimatorName = "random-forest"
    threshold: float | None = None
    seed: int = Field(0, ge=0)
    column: str = _VALUE
    concentration: str | None = None

    @property
    def label(self) -> str:
        """What is predicted, as it stands beside axes and tables."""
        return self.column if self.concentration is None else f"-log10 {self.column} (mol/l)"

    @property
    def task(self) -> TaskName:
        """To predict numbers or classes."""
        return "regression" if self.threshold is None else "classification"

    @property
    def knows_uncertainty(self) -> bool:
        """Whether predictions have a standard deviation, see `molgen.scoring.qsar.pipelines.spread`."""
        return self.task == "classification" or self.estimator != "gradient-boosting"

    def targets(self, values: Sequence[float]) -> NDArray[np.float64]:
        """What is predicted ``(B,)``: the values, or their classes.

        Raises:
            UsageError: one class would be empty.
        """
        y = np.array(values, dtype=float)
        if self.threshold is None:
            return y
        classes = (y >= self.threshold).astype(float)
        if classes.min() == classes.max():
            raise UsageError(
                f"all values lie on one side of {self.threshold:g}; they go from {y.min():g} to {y.max():g}"
            )
        return classes


class QsarModel:
    """A model of an activity, fitted when it is first needed.

    Args:
        activity: molecules and values.
        settings: how it is fitted.

    Example:
        >>> data = Activity([f"C{'C' * n}O" for n in range(30)], [float(n) for n in range(30)])
        >>> model = QsarModel(data, QsarSettings())
        >>> low, high = model.predict([Chem.MolFromSmiles(text) for text in ("CCCO", "CCCCCCCCCCCCCCCCCCCCCCO")])
        >>> bool(low < 10 < high)
        True
    """

    def __init__(self, activity: Activity, settings: QsarSettings) -> None:
        self.activity, self.settings = activity, settings
        self._y = settings.targets(activity.values)

    @cached_property
    def _x(self) -> NDArray[np.float32]:
        return self._inputs([Chem.MolFromSmiles(text) for text in self.activity.smiles])

    def _inputs(self, molecules: Sequence[Chem.Mol]) -> NDArray[np.float32]:
        """What the pipeline takes: a Gaussian process needs no properties, which take most of the time."""
        only_counts = self.settings.estimator == "gaussian-process"
        return environment_counts(molecules) if only_counts else features(molecules)

    @cached_property
    def _pipeline(self) -> Any:
        own = self.settings
        return fitted(pipeline(own.estimator, own.task, own.seed), self._x, self._y, own.seed)

    def predict(self, molecules: Sequence[Chem.Mol]) -> NDArray[np.float64]:
        """Values, or probabilities of class 1, ``(B,)``."""
        return predicted(self._pipeline, self._inputs(molecules), self.settings.task)

    def uncertainty(self, molecules: Sequence[Chem.Mol]) -> NDArray[np.float64]:
        """Standard deviations of the predictions ``(B,)``, see `molgen.scoring.qsar.pipelines.spread`."""
        return spread(self._pipeline, self._inputs(molecules), self.settings.task)

    def similarity(self, molecules: Sequence[Chem.Mol]) -> NDArray[np.float64]:
        """Tanimoto similarity to the nearest training molecule ``(B,)``: the applicability domain."""
        return np.asarray(tanimoto(environment_counts(molecules), counts(self._x)).max(1))

    def save(self, folder: str | Path, overwrite: bool = False) -> None:
        """Write data and settings.

        Raises:
            UsageError: the folder exists and `overwrite` is false, or it holds something else than a model.
            MolgenError: it cannot be written.
        """
        with whole_folder(Path(folder), overwrite, SETTINGS_FILE) as temporary:
            write_molecules(temporary / DATA_FILE, self.activity.smiles, columns={_VALUE: self.activity.values})
            with whole_file(temporary / SETTINGS_FILE) as file:
                file.write_text(json.dumps(self.settings.model_dump(), indent=1) + "\n")

    def as_term(self, folder: str | Path) -> str:
        """Terms of a ``score.toml`` for high values, and for molecules like those that the model has been fitted to.

        The first goes from 0 at the least tenth of the values to 1 at the highest.

        Args:
            folder: that `save` wrote.

        Example:
            >>> data = Activity([f"C{'C' * n}O" for n in range(31)], [4 + n / 10 for n in range(31)])
            >>> print(QsarModel(data, QsarSettings()).as_term("qsar"))
            [[terms]]
            type = "qsar"
            folder = "qsar"
            shape = { type = "above", value = 6.7, width = 2.4 }
            <BLANKLINE>
            [[terms]]
            type = "qsar"
            folder = "qsar"
            output = "similarity"
            shape = { type = "above", value = 0.4, width = 0.2 }
        """
        first = ["[[terms]]", 'type = "qsar"', f"folder = {json.dumps(str(folder), ensure_ascii=False)}"]
        lines = [*first]
        if self.settings.task == "regression":  # probabilities of classes need no shape
            low, high = np.quantile(self.activity.values, (0.1, 0.9))
            lines.append(f'shape = {{ type = "above", value = {high:.3g}, width = {high - low:.3g} }}')
        domain = [*first, 'output = "similarity"', 'shape = { type = "above", value = 0.4, width = 0.2 }']
        return "\n".join([*lines, "", *domain])

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            UsageError: it is not the folder of a QSAR model.
            MolgenError: it is damaged.
        """
        folder = Path(folder)
        if not (folder / SETTINGS_FILE).is_file() or not (folder / DATA_FILE).is_file():
            raise UsageError(f"{folder} is not the folder of a QSAR model; make one with molgen fit")
        try:
            settings = QsarSettings.model_validate_json((folder / SETTINGS_FILE).read_text())
            rows = list(read_rows(folder / DATA_FILE, "smiles", values=True))
            values = [_finite(row.values[_VALUE]) for row in rows]
            for row in rows:
                parse(row.smiles)
        except (ValidationError, ValueError, KeyError, OSError, MolgenError) as error:
            raise MolgenError(f"{folder} holds no sound QSAR model: {str(error).splitlines()[0]}") from None
        return cls(Activity([row.smiles for row in rows], values), settings)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the value {text} in {DATA_FILE} is no finite number")
    return number


def loaded(folder: Path) -> QsarModel:
    """The model of a folder, read and fitted once per process, and again when another one was saved there.

    Args:
        folder: absolute.

    Raises:
        UsageError: it is not the folder of a QSAR model.
        MolgenError: it is damaged.
    """
    return _loaded(folder, tuple(_state(folder / name) for name in (SETTINGS_FILE, DATA_FILE)))


@lru_cache(maxsize=8)
def _loaded(folder: Path, states: tuple[object, ...]) -> QsarModel:
    return QsarModel.load(folder)


def _state(file: Path) -> tuple[int, ...] | None:
    """What differs when a file was written again; None where it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
