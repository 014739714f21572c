"""The noise of observations, beside what a kernel's variance says, fitted to rows left out."""

import numpy as np

from ntkcli.arrays import FloatArray

# Noise is searched in so many even ratios, and again between the neighbours of the best.
POINTS, SEARCHES = 61, 3
# Of the mean squared residual over the variances: a noise beyond has no part in either.
LEAST, LARGEST = 1e-8, 1e4


def fit_noise(residual: FloatArray, variance: FloatArray, scale: float | None) -> tuple[float, float]:
    """Return a factor a of the variances and a noise s, with which the residuals are most likely.

        maximise  sum_i log N(residual_i; 0, a variance_i + s),    s >= 0

    s stays 0 unless it makes them more likely by more than a factor of e, the price of a parameter (Akaike
    1974). It matters where rows resemble others that were not seen when the ridge was chosen, and for an
    ensemble, whose variance is that of networks and not of observations.

    Args:
        residual: of rows that were not trained with, (s,).
        variance: of their predictions, (s,), finite.
        scale: a, if it is given; None to fit it too.
    """
    squared = residual**2
    alone = float(np.mean(quotient(squared, variance))) if scale is None else scale
    if not squared.any() or not np.isfinite(squared.sum() + variance.sum()):
        return alone, 0.0
    # In the units of the variances where their factor is free, and of the residuals where it is given.
    unit = float(variance.mean() if scale is None and variance.any() else squared.mean())
    low, high = LEAST * unit, LARGEST * unit
    for _ in range(SEARCHES):
        noises = np.geomspace(low, high, POINTS)
        losses = [_loss(squared, variance, noise, scale) for noise in noises]
        best = int(np.argmin(losses))
        low, high = noises[max(0, best - 1)], noises[min(POINTS - 1, best + 1)]
    noise, gain = float(noises[best]), _loss(squared, variance, 0.0, scale) - losses[best]
    if not gain > 1.0:
        return alone, 0.0
    if scale is None:
        factor = float(np.mean(squared / (variance + noise)))
        return factor, factor * noise
    return scale, noise


def _loss(squared: FloatArray, variance: FloatArray, noise: float, scale: float | None) -> float:
    """Less the log likelihood, but for a constant; with the best factor of both where none is given."""
    total = variance + noise if scale is None else scale * variance + noise
    if np.any((total == 0) & (squared > 0)):
        return np.inf
    ratios = quotient(squared, total)
    logs = float(np.sum(np.log(total[total > 0])))
    if scale is None:
        return 0.5 * (len(squared) * float(np.log(ratios.mean())) + logs)
    return 0.5 * (float(ratios.sum()) + logs)


def quotient(residual: FloatArray, uncertainty: FloatArray) -> FloatArray:
    """Residuals in units of their uncertainty; 0 where both are 0, as they are where a target is constant."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where((residual == 0) & (uncertainty == 0), 0.0, residual / uncertainty)
