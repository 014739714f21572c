"""How good predictions are, in the target's own units."""

import math
from statistics import NormalDist

import numpy as np

from ntkcli.arrays import FloatArray


def normal_quantile(interval: float) -> float:
    """Half width, in standard deviations, of the central interval that holds the share `interval`."""
    return -NormalDist().inv_cdf(0.5 - interval / 2)


def point_metrics(y: FloatArray, mean: FloatArray) -> dict[str, float | None]:
    """rmse, mae and r2 of predictions (m,) for observations y (m,); r2 is None when y is constant."""
    error = y - mean
    total = float(np.sum((y - y.mean()) ** 2))
    return {
        "rmse": math.sqrt(float(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "r2": 1.0 - float(np.sum(error**2)) / total if total > 0 else None,
    }


def spread_metrics(
    y: FloatArray, mean: FloatArray, variance: FloatArray, interval: float
) -> dict[str, float | None]:
    """Mean negative log likelihood of y (m,) and the share of y inside the central interval.

    nll is None when a variance is 0: the density is then not one.
    """
    nll = None
    if np.all(variance > 0):
        nll = float(np.mean(0.5 * (np.log(2 * np.pi * variance) + (y - mean) ** 2 / variance)))
    half = normal_quantile(interval) * np.sqrt(variance)
    return {"nll": nll, "coverage": float(np.mean(np.abs(y - mean) <= half))}
