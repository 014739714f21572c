"""What is predicted without any kernel, to compare with."""

from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray


@dataclass(frozen=True)
class Baseline:
    """Predictions x @ weights + intercept, each with the same variance at every row.

    name: "mean" or "linear".
    weights: (d, k).
    intercept: (k,).
    variance: of the residuals, (k,).
    """

    name: str
    weights: FloatArray
    intercept: FloatArray
    variance: FloatArray

    def predict(self, x: FloatArray) -> FloatArray:
        """Means (m, k) for x (m, d)."""
        return np.asarray(x @ self.weights + self.intercept)


def mean_baseline(y: FloatArray, features: int) -> Baseline:
    """The mean of the targets, whatever the features.

    Args:
        y: (n, k).
        features: d.
    """
    mean, centred = _centre(y)
    return Baseline("mean", np.zeros((features, y.shape[1])), mean, _variance(centred, 1))


def linear_baseline(x: FloatArray, y: FloatArray) -> Baseline:
    """Least squares with an intercept; of all solutions, the one with the shortest weights.

    The variance is the sum of squared residuals over n less the rank, the intercept's included, or over 1
    where nothing is left.

    Args:
        x: (n, d).
        y: (n, k).
    """
    (x_mean, x_centred), (y_mean, y_centred) = _centre(x), _centre(y)
    weights, _, rank, _ = np.linalg.lstsq(x_centred, y_centred, rcond=None)
    residual = y_centred - x_centred @ weights
    return Baseline("linear", weights, y_mean - x_mean @ weights, _variance(residual, 1 + int(rank)))


def _centre(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means of the columns, and what is left; of a constant column, zeros to the last digit."""
    rest = a.astype(np.float64) - a[0]
    mean = rest.mean(axis=0)
    return a[0] + mean, rest - mean


def _variance(residual: FloatArray, rank: int) -> FloatArray:
    return np.asarray(np.sum(residual**2, axis=0) / max(len(residual) - rank, 1))
