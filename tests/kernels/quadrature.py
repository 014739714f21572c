"""Dual activations by numerical integration, without the closed forms."""

from functools import cache

import numpy as np
from scipy.special import erf, ndtr

from ntkcli.arrays import FloatArray


def relu_duals(q_a: float, q_b: float, c: float) -> tuple[float, float]:
    """E[phi(u) phi(v)] and E[phi'(u) phi'(v)] for relu, by integrating over u what v gives on average.

    Given u, v is N(c u / q_a, q_b - c^2 / q_a), whose mean above 0 and probability above 0 are known.
    """
    z, weights = _half_line()
    u = np.sqrt(q_a) * z
    mean, std = c / q_a * u, np.sqrt(q_b - c**2 / q_a)
    above = ndtr(mean / std)
    mean_above = mean * above + std * _density(mean / std)
    return float(np.sum(weights * u * mean_above)), float(np.sum(weights * above))


def erf_duals(q_a: float, q_b: float, c: float) -> tuple[float, float]:
    """E[phi(u) phi(v)] and E[phi'(u) phi'(v)] for erf, by the trapezoid rule over the plane."""
    z = np.arange(-9, 9, 0.04)
    weights = 0.04 * _density(z)
    u = (np.sqrt(q_a) * z)[:, None]
    v = c / np.sqrt(q_a) * z[:, None] + np.sqrt(q_b - c**2 / q_a) * z
    value = weights @ (erf(u) * erf(v)) @ weights
    slope = weights @ (4 / np.pi * np.exp(-(u**2) - v**2)) @ weights
    return float(value), float(slope)


@cache
def _half_line() -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes on [0, 12], with weights that hold the normal density."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    z = 6 * (nodes + 1)
    return z, 6 * weights * _density(z)


def _density(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))
