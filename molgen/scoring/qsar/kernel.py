"""The Tanimoto kernel for Gaussian processes of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import Kernel, NormalizedKernelMixin

from molgen.scoring.qsar.features import tanimoto


class TanimotoKernel(NormalizedKernelMixin, Kernel):  # type: ignore[misc]
    """Tanimoto similarity of counts (Ralaivola et al., 2005); it has no hyperparameters.

    Example:
        >>> TanimotoKernel()(np.array([[1.0, 1.0], [2.0, 0.0]])).round(2).tolist()
        [[1.0, 0.33], [0.33, 1.0]]
    """

    def __init__(self) -> None:
        """Without parameters, which scikit-learn reads off this signature."""

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
        """Kernel ``(A, B)``, and with `eval_gradient` its gradient, which is empty ``(A, A, 0)``."""
        found: NDArray[np.float64] = tanimoto(np.asarray(X), np.asarray(X if Y is None else Y))
        return (found, np.empty((*found.shape, 0))) if eval_gradient else found

    def is_stationary(self) -> bool:
        """No: it depends on more than the difference."""
        return False

    def __repr__(self) -> str:
        return "TanimotoKernel()"
