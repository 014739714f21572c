"""Moments E[f(u)] and E[f(u)^2] of a function that is smooth on each side of 0, for u ~ N(0, q)."""

from functools import cache

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.functions import Function

NODES = 128
ROWS_AT_ONCE = 1024
# Beyond this, a normal density is below the rounding of 1.
END = 9.5


def mean(f: Function, q: FloatArray) -> FloatArray:
    """E[f(u)] for each of the variances q (n,)."""
    return _expectation(f, q)


def second_moment(f: Function, q: FloatArray) -> FloatArray:
    """E[f(u)^2] for each of the variances q (n,)."""
    return _expectation(lambda x: f(x) ** 2, q)


def beside_zero(f: Function) -> FloatArray:
    """f on both sides of 0, (2,)."""
    return f(np.nextafter(0.0, [-1.0, 1.0]))


def _expectation(f: Function, q: FloatArray) -> FloatArray:
    z, weights = graded_half_line(NODES)
    weights = weights * normal_density(z)
    total = np.empty_like(q)
    for start in range(0, len(q), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        u = np.sqrt(q[rows])[:, None] * z
        total[rows] = (f(u) + f(-u)) @ weights
    return total


@cache
def graded_half_line(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Nodes z on (0, END) and plain weights, dense near 0: Gauss-Legendre in the cube root of z."""
    x, weights = np.polynomial.legendre.leggauss(nodes)
    s = (x + 1) / 2
    return END * s**3, END * 3 * s**2 * weights / 2


def normal_density(z: FloatArray) -> FloatArray:
    """exp(-z^2 / 2) / sqrt(2 pi)."""
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))
