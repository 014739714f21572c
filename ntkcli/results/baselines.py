"""Baselines: the mean of the targets and ordinary least squares, to compare kernels with."""

from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray


@dataclass(frozen=True)
class Baseline:
    """A baseline predicts x @ weights + intercept, with the same variance at every row.

    name: "mean" or "linear".
    weights: of d features for k outputs, (d, k).
    intercept: (k,).
    variance: residual variance of each output, (k,).
    """

    name: str
    weights: FloatArray
    intercept: FloatArray
    variance: FloatArray

    def predict(self, x: FloatArray) -> FloatArray:
        """Return the predicted means (m, k) for features x (m, d)."""
        return np.asarray(x @ self.weights + self.intercept)


def mean_baseline(y: FloatArray, features: int) -> Baseline:
    """Fit the mean of the targets, with their sample variance (n - 1 degrees of freedom).

    Args:
        y: training targets (n, k).
        features: number d of the features, which all get weight 0.
    """
    mean, centred = _centre(y)
    return Baseline("mean", np.zeros((features, y.shape[1])), mean, _variance(centred, 1))


def linear_baseline(x: FloatArray, y: FloatArray) -> Baseline:
    """Fit least squares with an intercept; of all solutions, the one with the least norm of the weights.

        variance = sum_i residual_i^2 / max(n - rank, 1)

    with the rank of the design matrix, intercept included.

    Args:
        x: training features (n, d).
        y: training targets (n, k).
    """
    (x_mean, x_centred), (y_mean, y_centred) = _centre(x), _centre(y)
    weights, _, rank, _ = np.linalg.lstsq(x_centred, y_centred, rcond=None)
    residual = y_centred - x_centred @ weights
    return Baseline("linear", weights, y_mean - x_mean @ weights, _variance(residual, 1 + int(rank)))


def _centre(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The means of the columns, and the centred columns: exact zeros where a column is constant."""
    rest = a.astype(np.float64) - a[0]
    mean = rest.mean(axis=0)
    return a[0] + mean, rest - mean


def _variance(residual: FloatArray, rank: int) -> FloatArray:
    return np.asarray(np.sum(residual**2, axis=0) / max(len(residual) - rank, 1))
