"""The weights at which signals neither fade nor blow up in depth: the edge of chaos."""

import numpy as np
from scipy.optimize import brentq

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation

SMALLEST, LARGEST, POINTS = 1e-10, 1e8, 181
# Slopes that differ by no more than this are the same at every variance.
SAME = 1e-10


class NoCriticalWeightsError(ArithmeticError):
    """No sigma_w gives the correlation map slope 1 at a variance that the layer keeps."""


def critical_sigma_w(activation: Activation, bias: float) -> float:
    """The sigma_w for which the correlation map has slope 1 at correlation 1.

    chi_1 = sigma_w^2 E[phi'(u)^2] = 1, where u ~ N(0, q) and q = sigma_w^2 E[phi(u)^2] + bias is the variance
    that layer after layer keeps. So q E[phi'^2] = E[phi^2] + bias E[phi'^2]: of several, the smallest. Where
    E[phi'^2] is the same at every variance (relu), q does not matter.

    Args:
        activation: phi.
        bias: variance of the biases.

    Raises:
        NoCriticalWeightsError: there is no solution.

    Poole et al. 2016; Schoenholz et al. 2017.
    """
    q = np.geomspace(SMALLEST, min(LARGEST, activation.largest_variance / 2), POINTS)
    with np.errstate(over="ignore", invalid="ignore"):
        slopes, excess = activation.slope(q), _excess(activation, bias, q)
    finite = np.isfinite(slopes) & np.isfinite(excess)
    q, slopes, excess = q[finite], slopes[finite], excess[finite]
    if not slopes.any():
        raise NoCriticalWeightsError
    is_constant = slopes.max() - slopes.min() <= SAME * slopes.max()
    at_zero = np.zeros(1)
    keeps_zero = bias == 0 and activation.variance(at_zero)[0] == 0
    if is_constant or keeps_zero:
        return float(1 / np.sqrt(slopes[0]))
    changes = np.flatnonzero((excess[:-1] < 0) & (excess[1:] >= 0))
    if not changes.size:
        raise NoCriticalWeightsError
    first = changes[0]
    kept = brentq(lambda q: _excess(activation, bias, np.array([q]))[0], q[first], q[first + 1], xtol=1e-14)
    return float(1 / np.sqrt(activation.slope(np.array([kept]))[0]))


def _excess(activation: Activation, bias: float, q: FloatArray) -> FloatArray:
    """What q is above the variance that follows it, times E[phi'^2]."""
    return (q - bias) * activation.slope(q) - activation.variance(q)
