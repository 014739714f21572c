"""The dual of any smooth function by its Hermite expansion.

With f(sqrt(q) z) = sum_k a_k(q) he_k(z) in normalised Hermite polynomials, E[f(u) f(v)] is
sum_k a_k(q) a_k(q') rho^k, where rho = c / sqrt(q q'): Mehler's formula. By Parseval, sum_k a_k^2 is
E[f(u)^2], which says how much the truncated terms amount to.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import PrecisionError
from ntkcli.kernels.activations.functions import Function
from ntkcli.kernels.activations.moments import normal_density, second_moment

# The part of E[f^2] that may be truncated, and the one that is aimed at.
TOLERANCE, AIM = 1e-9, 1e-12
DEGREES = [32, 64, 128, 256, 512, 1024, 2048, 4096]
# Beyond this, he_k(z) times the density is below rounding for every f of interest.
END = 13.0
# Of the quadrature, at most: functions that need more are beyond DEGREES anyway.
MOST_NODES = 2_000


@dataclass(frozen=True)
class HermiteSeries:
    """E[f(u) f(v)] for a smooth f, to a degree that is enough up to some variance.

    strip: f is analytic within this distance of the real axis.
    residual: the part of E[f(u)^2] that the series leaves out, at most.
    """

    f: Function
    strip: float
    degree: int
    residual: float
    method: ClassVar[str] = "hermite"

    @classmethod
    def of(cls, f: Function, strip: float, low: float, high: float) -> Self:
        """Choose the smallest degree that reaches the aim for variances from low to high, or the last one.

        Raises:
            PrecisionError: the largest degree leaves out more than TOLERANCE.
        """
        if 2 * END / _step(strip, high, 0) > MOST_NODES:
            raise PrecisionError(high, 1.0)
        probes = np.geomspace(low, high, 5)
        for most in DEGREES:
            left = np.max(1 - np.cumsum(_expand(f, strip, probes, most) ** 2, axis=1), axis=0)
            reached = np.flatnonzero(left <= AIM)
            if reached.size:
                degree = max(int(reached[0]), 1)
                return cls(f, strip, degree, max(float(left[degree]), 0.0))
        if left[-1] > TOLERANCE:
            raise PrecisionError(high, float(left[-1]))
        return cls(f, strip, most, float(left[-1]))

    def correlations(self, q: FloatArray, angles: FloatArray) -> FloatArray:
        """E[f(u) f(v)] / sqrt(E[f(u)^2] E[f(v)^2]) at angles (t,) for pairs of variances (n,): (t, n, n)."""
        a = _expand(self.f, self.strip, q, self.degree)
        # What is truncated would be missing from equal arguments' correlation of 1.
        a /= np.linalg.norm(a, axis=1)[:, None]
        powers = np.cos(angles)[:, None] ** np.arange(self.degree + 1)
        return np.array([(a * power) @ a.T for power in powers])


def _expand(f: Function, strip: float, q: FloatArray, degree: int) -> FloatArray:
    """a_k(q) / sqrt(E[f^2]) for k = 0 .. degree, (n, degree + 1), by the trapezoid rule."""
    step = _step(strip, float(q.max()), degree)
    z = step * np.arange(-int(END / step), int(END / step) + 1)
    basis = np.empty((degree + 1, len(z)))
    basis[0] = step * normal_density(z)
    basis[1] = z * basis[0]
    for k in range(1, degree):
        basis[k + 1] = (z * basis[k] - np.sqrt(k) * basis[k - 1]) / np.sqrt(k + 1)
    values = f(np.sqrt(q)[:, None] * z)
    return np.asarray(values @ basis.T / np.sqrt(second_moment(f, q))[:, None])


def _step(strip: float, q: float, degree: int) -> float:
    """The trapezoid rule converges geometrically; its steps resolve f's poles and he_k's oscillations."""
    return float(min(2 * np.pi * strip / np.sqrt(q) / 40, 2 * np.pi / (2 * np.sqrt(degree) + END)))
