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
