"""How well the rows that calibrate determine what is fitted to them: relative standard errors.

They are those that new draws of as many rows would show, the rows taken as independent.
"""

import math
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.results.number_metrics import json_number, mean_standard_error
from ntkcli.results.observation_noise import quotient


@dataclass(frozen=True)
class RelativeErrors:
    """The relative standard errors of a calibration.

    A number is None where nothing was fitted, or where the rows do not tell.

    variance_scale, noise, half_width: of each output, k of them.
    temperature: of classes.
    """

    variance_scale: list[float | None]
    noise: list[float | None]
    half_width: list[float | None]
    temperature: float | None = None


def mean_error(values: FloatArray) -> float | None:
    """Return the relative standard error of a mean: std(values) / sqrt(s) / mean(values).

    Args:
        values: not negative, (s,).
    """
    if not np.isfinite(values).all() or not values.any():
        return None
    error = mean_standard_error(values)
    return None if error is None else json_number(error / float(values.mean()))


def noise_errors(
    residual: FloatArray, variance: FloatArray, scale: float, noise: float, *, scale_is_free: bool
) -> tuple[float | None, float | None]:
    """Return the relative standard errors of a factor a of the variances and of a noise s (see `fit_noise`).

        cov(log a, log s) = s / (s - 1) H^-1 (sum_i g_i g_i^T) H^-1

    with g_i the gradient of a row's log density by (log a, log s), and H the sum of the second derivatives.
    It holds where residuals are not normal too, and is that of `mean_error` where there is no noise.

    Args:
        residual: of rows that were not trained with, (s,).
        variance: of their predictions, (s,).
        scale, noise: as they were fitted.
        scale_is_free: whether the factor was fitted.

    Huber 1967.
    """
    if noise == 0:
        return (mean_error(quotient(residual**2, variance)) if scale_is_free else None), None
    total, rows = scale * variance + noise, len(residual)
    squared, shares = residual**2 / total, np.array([scale * variance / total, noise / total])
    # A factor of variances that are all 0 is anything.
    free = [scale_is_free and bool(shares[0].any()), True]
    shares = shares[free]
    curvature = (shares * (squared - 0.5)) @ shares.T
    try:
        influence = np.linalg.solve(curvature, shares * (squared - 1) / 2)
    except np.linalg.LinAlgError:
        return None, None
    errors = np.sqrt(np.sum(influence**2, axis=1) * rows / max(rows - 1, 0.5))
    known = iter([json_number(error) for error in errors])
    of_scale, of_noise = (next(known) if is_free else None for is_free in free)
    return of_scale, of_noise


def quantile_error(values: FloatArray, rank: int) -> float | None:
    """Return the relative standard error of the rank-th smallest value: the bootstrap's, of all its samples.

        sum_i w_i (x_i - sum_j w_j x_j)^2,    w_i = I(i / s) - I((i - 1) / s)

    with I the distribution function of Beta(rank, s - rank + 1), and x ascending.

    Args:
        values: (s,), not negative.
        rank: from 1 to s.

    Maritz & Jarrett 1978.
    """
    # Not at the top, as not everyone fits intervals.
    from scipy.special import betainc

    ordered, count = np.sort(values), len(values)
    weights = np.diff(betainc(rank, count - rank + 1, np.arange(count + 1) / count))
    weights, possible = weights[weights > 0], ordered[weights > 0]
    if count < 2 or ordered[rank - 1] == 0 or not np.isfinite(possible).all():
        return None
    spread = weights @ (possible - weights @ possible) ** 2
    return json_number(math.sqrt(spread) / float(ordered[rank - 1]))
