"""Cross-validation by scaffold: how good predictions are for chemistry that was not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.errors import UsageError
from molgen.features.fragments import scaffold_of
from molgen.scoring.qsar.activity import Activity
from molgen.scoring.qsar.features import counts, features, tanimoto
from molgen.scoring.qsar.model import QsarSettings
from molgen.scoring.qsar.pipelines import fitted, pipeline, predicted

Row = dict[str, float]


@dataclass(frozen=True)
class Validation:
    """Predictions for molecules while they were left out.

    Attributes:
        smiles: of all molecules.
        measured: values, or classes ``(N,)``.
        predicted: values, or probabilities of class 1 ``(N,)``.
        similarity: to the nearest molecule of the others ``(N,)``.
        fold: that each was left out in ``(N,)``.
        settings: of the model.
    """

    smiles: list[str]
    measured: NDArray[np.float64]
    predicted: NDArray[np.float64]
    similarity: NDArray[np.float64]
    fold: NDArray[np.int64]
    settings: QsarSettings

    def table(self) -> list[tuple[str, Row]]:
        """Name and metrics of each fold, and of all molecules together."""
        folds = [(f"fold {number + 1}", self.fold == number) for number in range(int(self.fold.max()) + 1)]
        parts = [*folds, ("all", np.ones(len(self.fold), bool))]
        return [(name, _metrics(self.measured[rows], self.predicted[rows], self.settings)) for name, rows in parts]

    @property
    def error(self) -> float:
        """Root mean square error over all molecules; for classes that of the probabilities."""
        return float(np.sqrt(np.mean((self.measured - self.predicted) ** 2)))


def cross_validate(activity: Activity, settings: QsarSettings, folds: int = 5) -> Validation:
    """Predict each molecule from those with other Murcko scaffolds; molecules without rings are each their own.

    Args:
        activity: molecules and values.
        settings: of the model.
        folds: parts that scaffolds are shared out to.

    Raises:
        UsageError: fewer scaffolds than folds.
    """
    from sklearn.model_selection import GroupKFold

    scaffolds = [scaffold_of(text) for text in activity.smiles]
    if len(set(scaffolds)) < folds:
        raise UsageError(
            f"the molecules have {len(set(scaffolds))} scaffolds, which cannot be split into {folds} folds"
        )
    x, y = features([Chem.MolFromSmiles(text) for text in activity.smiles]), settings.targets(activity.values)
    found, near = np.zeros(len(y)), np.zeros(len(y))
    fold = np.zeros(len(y), np.int64)
    for number, (train, test) in enumerate(GroupKFold(folds).split(x, y, scaffolds)):
        fold[test] = number
        near[test] = tanimoto(counts(x[test]), counts(x[train])).max(1)
        if len(set(y[train])) == 1:  # one class alone
            found[test] = y[train][0]
            continue
        pipe = fitted(pipeline(settings.estimator, settings.task, settings.seed), x[train], y[train], settings.seed)
        found[test] = predicted(pipe, x[test], settings.task)
    return Validation(activity.smiles, y, found, near, fold, settings)


def _metrics(measured: NDArray[np.float64], predicted: NDArray[np.float64], settings: QsarSettings) -> Row:
    """Metrics of some molecules; NaN where they mean nothing."""
    if settings.task == "classification":
        return _class_metrics(measured, predicted)
    error = measured - predicted
    varies = len(measured) > 1 and measured.std() > 0
    return {
        "molecules": len(measured),
        "R2": 1 - float((error**2).sum() / ((measured - measured.mean()) ** 2).sum()) if varies else np.nan,
        "RMSE": float(np.sqrt((error**2).mean())),
        "MAE": float(np.abs(error).mean()),
        "Spearman": _spearman(measured, predicted) if varies else np.nan,
        "deviation": float(measured.std()),
    }


def _class_metrics(measured: NDArray[np.float64], predicted: NDArray[np.float64]) -> Row:
    from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

    both = len(set(measured)) == 2
    return {
        "molecules": len(measured),
        "ROC AUC": float(roc_auc_score(measured, predicted)) if both else np.nan,
        "average precision": float(average_precision_score(measured, predicted)) if both else np.nan,
        "balanced accuracy": float(balanced_accuracy_score(measured, predicted >= 0.5)) if both else np.nan,
        "actives": float(measured.mean()),
    }


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic) if second.std() > 0 else np.nan
