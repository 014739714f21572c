"""How good predictions are, in the target's own units."""

from statistics import NormalDist
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray


def normal_quantile(interval: float) -> float:
    """Half width, in standard deviations, of the central interval that holds the share `interval`."""
    return -NormalDist().inv_cdf(0.5 - interval / 2)


def half_interval(half_width: float, std: FloatArray) -> FloatArray:
    """How far an interval reaches to either side; infinitely many deviations reach all numbers, even of 0."""
    return np.full_like(std, np.inf) if np.isinf(half_width) else half_width * std


def point_metrics(y: FloatArray, mean: FloatArray) -> dict[str, float | None]:
    """rmse, mae and r2 of predictions (m,) for observations y (m,).

    None where there is no such number: r2 of a constant y, and what leaves the range of float64.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        error = y - mean
        return {
            "rmse": _finite(np.sqrt(np.mean(error**2))),
            "mae": _finite(np.mean(np.abs(error))),
            "r2": _finite(1.0 - np.sum(error**2) / np.sum((y - y.mean()) ** 2)),
        }


def spread_metrics(
    y: FloatArray, mean: FloatArray, variance: FloatArray, half_width: float
) -> dict[str, float | None]:
    """Mean negative log likelihood of y (m,), the share of y inside the interval, its mean width.

    The interval reaches `half_width` standard deviations to either side of the mean.
    nll is None when a variance is 0: the density is then not one. Of two intervals that cover as promised,
    the narrower one is better.
    """
    half = half_interval(half_width, np.sqrt(variance))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        nll = 0.5 * np.mean(np.log(2 * np.pi * variance) + (y - mean) ** 2 / variance)
    return {
        "nll": _finite(nll) if np.all(variance > 0) else None,
        "coverage": float(np.mean(np.abs(y - mean) <= half)),
        "width": _finite(np.mean(2 * half)),
    }


def joined_rmse(residual: FloatArray, scale: FloatArray) -> float:
    """The root mean square of residuals (n, k) of standardised targets, as one number.

    Of one target it is in the target's unit, `scale` (1,); of several, the mean of the standardised ones'.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return float(joined_roots(np.sqrt(np.mean(residual**2, axis=0)), scale))


def joined_roots(roots: FloatArray, scale: FloatArray) -> FloatArray:
    """Root mean squares (..., k) of standardised targets as one number each, (...): see `joined_rmse`."""
    return np.asarray(roots[..., 0] * scale[0] if len(scale) == 1 else roots.mean(axis=-1))


def _finite(value: np.floating[Any]) -> float | None:
    return float(value) if np.isfinite(value) else None
