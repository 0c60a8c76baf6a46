"""Pipelines of scikit-learn for QSAR."""

from __future__ import annotations

import warnings
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from molgen.scoring.qsar.features import counts

EstimatorName = Literal["random-forest", "gradient-boosting", "gaussian-process"]
TaskName = Literal["regression", "classification"]
ESTIMATOR_NAMES: tuple[EstimatorName, ...] = get_args(EstimatorName)

_TREES = 200
_FOR_HYPERPARAMETERS = 500
"""Most molecules that the hyperparameters of a Gaussian process are fitted to."""


def pipeline(estimator: EstimatorName, task: TaskName, seed: int) -> Any:
    """An unfitted pipeline that takes `molgen.scoring.qsar.features.features`.

    Args:
        estimator: its name.
        task: to predict numbers, or the probability of class 1.
        seed: of the randomness.

    Example:
        >>> [type(step).__name__ for _, step in pipeline("random-forest", "regression", 0).steps]
        ['VarianceThreshold', 'RandomForestRegressor']
    """
    from sklearn.feature_selection import VarianceThreshold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    if estimator == "gaussian-process":
        return make_pipeline(FunctionTransformer(counts), _gaussian_process(task, seed))
    return make_pipeline(VarianceThreshold(), _trees(estimator, task, seed))


def _trees(estimator: EstimatorName, task: TaskName, seed: int) -> Any:
    from sklearn import ensemble

    regression = task == "regression"
    if estimator == "random-forest":
        forest = ensemble.RandomForestRegressor if regression else ensemble.RandomForestClassifier
        return forest(_TREES, max_features="sqrt" if not regression else 0.3, min_samples_leaf=1, random_state=seed)
    boosting = ensemble.HistGradientBoostingRegressor if regression else ensemble.HistGradientBoostingClassifier
    return boosting(max_iter=300, learning_rate=0.05, max_features=0.3, random_state=seed)


def _gaussian_process(task: TaskName, seed: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel

    from molgen.scoring.qsar.kernel import TanimotoKernel

    if task == "classification":
        return GaussianProcessClassifier(ConstantKernel(4.0, "fixed") * TanimotoKernel(), random_state=seed)
    kernel = ConstantKernel(1.0) * TanimotoKernel() + WhiteKernel(0.3, (1e-4, 10.0))
    return GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)


def fitted(pipe: Any, x: NDArray[np.float32], y: NDArray[np.float64], seed: int) -> Any:
    """The pipeline, fitted. A large Gaussian process has its hyperparameters fitted to a part of the molecules."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor

    process = pipe.steps[-1][1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a hyperparameter at its bound is no error
        if isinstance(process, GaussianProcessRegressor) and len(x) > _FOR_HYPERPARAMETERS:
            part = np.random.default_rng(seed).choice(len(x), _FOR_HYPERPARAMETERS, replace=False)
            pipe.fit(x[part], y[part])
            process.set_params(kernel=process.kernel_, optimizer=None)
        return pipe.fit(x, y)


def predicted(pipe: Any, x: NDArray[np.float32], task: TaskName) -> NDArray[np.float64]:
    """Values, or probabilities of class 1, ``(B,)``."""
    if task == "regression":
        return np.asarray(pipe.predict(x), dtype=float)
    return np.asarray(pipe.predict_proba(x)[:, list(pipe.classes_).index(1)], dtype=float)


def spread(pipe: Any, x: NDArray[np.float32], task: TaskName) -> NDArray[np.float64]:
    """Standard deviations of the predictions ``(B,)``; NaN where the estimator has none.

    Of a random forest of values that over its trees, of a Gaussian process of values that of its posterior; of a
    probability p of any classifier sqrt(p (1 - p)).
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.gaussian_process import GaussianProcessRegressor

    last, before = pipe.steps[-1][1], pipe[:-1]
    if isinstance(last, GaussianProcessRegressor):
        return np.asarray(pipe.predict(x, return_std=True)[1], dtype=float)
    if isinstance(last, RandomForestRegressor):
        inside = before.transform(x)
        return np.asarray(np.std([tree.predict(inside) for tree in last.estimators_], axis=0), dtype=float)
    if task == "classification":
        p = predicted(pipe, x, task)
        return np.sqrt(p * (1 - p))
    return np.full(len(x), np.nan)
