"""The weights at which signals neither fade nor blow up in depth: the edge of chaos."""

from collections.abc import Iterator
from functools import cache

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation

SMALLEST, LARGEST, POINTS = 1e-10, 1e8, 181
NEXT_TO_ZERO = 1e-300
# Slopes that differ by no more than this are the same; the second, at variances next to 0.
SAME, SMOOTH = 1e-10, 1e-3


class NoCriticalWeightsError(ArithmeticError):
    """No sigma_w gives the correlation map slope 1 at a variance that the layer keeps."""


# The layers of a network often have one activation and one bias.
@cache
def critical_sigma_w(activation: Activation, bias: float) -> float:
    """The sigma_w for which the correlation map has slope 1 at correlation 1.

    chi_1 = sigma_w^2 E[phi'(u)^2] = 1, where u ~ N(0, q) and q = sigma_w^2 E[phi(u)^2] + bias is the variance
    that layer after layer keeps. So q E[phi'^2] = E[phi^2] + bias E[phi'^2]: of several, the smallest that
    variances nearby do not move away from. Where E[phi'^2] is the same at every variance (relu), q does not
    matter.

    Args:
        activation: phi.
        bias: variance of the biases.

    Raises:
        NoCriticalWeightsError: there is no solution.

    Poole et al. 2016; Schoenholz et al. 2017.
    """
    with np.errstate(all="ignore"):
        q = np.geomspace(SMALLEST, min(LARGEST, activation.largest_variance / 2), POINTS)
        slopes = activation.slope(q)
        q, slopes = q[np.isfinite(slopes)], slopes[np.isfinite(slopes)]
        if slopes.any() and np.ptp(slopes) <= SAME * slopes.max():
            return float(1 / np.sqrt(slopes[0]))
        for kept in _kept_variances(activation, bias, q):
            weight = 1 / float(activation.slope(np.array([kept]))[0])
            if _is_stable(activation, weight, kept):
                return float(np.sqrt(weight))
    raise NoCriticalWeightsError


def _kept_variances(activation: Activation, bias: float, q: FloatArray) -> Iterator[float]:
    """The variances that solve the equation, smallest first; a variance next to 0 stands for 0."""
    at_zero = np.array([NEXT_TO_ZERO])
    if bias == 0 and activation.variance(np.zeros(1))[0] == 0:
        # phi has a derivative at 0 if E[phi'^2] tends to something.
        slope, limit = activation.slope(q[:1])[0], activation.slope(at_zero)[0]
        if limit > 0 and abs(slope - limit) < SMOOTH * limit:
            yield NEXT_TO_ZERO
    # Only networks with critical weights pay for the import.
    from scipy.optimize import brentq

    excess = _excess(activation, bias, q)
    for i in np.flatnonzero(np.sign(excess[:-1]) * np.sign(excess[1:]) < 0):
        yield brentq(lambda v: _excess(activation, bias, np.array([v]))[0], q[i], q[i + 1], xtol=1e-14)


def _is_stable(activation: Activation, weight: float, kept: float) -> bool:
    """Whether the next layer brings variances near the kept one nearer to it; if it is 0, lets none grow."""
    if kept == NEXT_TO_ZERO:
        above = np.geomspace(SMALLEST, 1.0, 11)
        return bool(np.all(weight * activation.variance(above) <= above * (1 + SAME)))
    step = 1e-4 * kept
    around = activation.variance(np.array([kept - step, kept + step]))
    return bool(weight * np.diff(around)[0] < 2 * step * (1 - SMOOTH))


def _excess(activation: Activation, bias: float, q: FloatArray) -> FloatArray:
    """How far q is above the variance of the layer behind it, times E[phi'^2]; 0 where the layer keeps q."""
    return (q - bias) * activation.slope(q) - activation.variance(q)
