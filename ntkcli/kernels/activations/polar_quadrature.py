"""The dual of any function that is smooth on each side of 0, by quadrature in polar coordinates.

u = sqrt(q) r cos(a) and v = sqrt(q') r cos(a - t), where cos(t) = c / sqrt(q q'), r has the density
r exp(-r^2 / 2) and a is uniform on the circle. The circle falls into four arcs by the signs of u and v: on
each of them the integrand is smooth, whatever kink f has at 0.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar, Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.functions import Function
from ntkcli.kernels.activations.moments import graded_half_line, second_moment

# Nodes on an arc and on a radius; more are taken until equal arguments have correlation 1 to AIM.
NODES = [(48, 80), (96, 160)]
AIM = 1e-13


@dataclass(frozen=True)
class PolarQuadrature:
    """E[f(u) f(v)] for an f that is smooth on each side of 0.

    arc_nodes, radial_nodes: of the quadrature.
    residual: how far from 1 the correlation of equal arguments is.
    parity: 1 for an even f, -1 for an odd one, 0 for others.
    """

    f: Function
    arc_nodes: int
    radial_nodes: int
    residual: float
    parity: int
    method: ClassVar[str] = "polar"
    degree: ClassVar[None] = None

    @classmethod
    def of(cls, f: Function, low: float, high: float) -> Self:
        """With enough nodes for variances from low to high."""
        for arc_nodes, radial_nodes in NODES:
            found = cls(f, arc_nodes, radial_nodes, 0.0, _parity(f))
            equal = found.correlations(np.array([low, high]), np.array([0.0, np.pi]))[0].diagonal()
            residual = float(np.abs(equal - 1).max())
            if residual <= AIM:
                break
        return replace(found, residual=residual)

    def correlations(self, q: FloatArray, angles: FloatArray) -> FloatArray:
        """E[f(u) f(v)] / sqrt(E[f(u)^2] E[f(v)^2]) at angles (t,) for pairs of variances (n,): (t, n, n).

        The angles are symmetric: pi - t is one for every t, from the other end.
        """
        root = np.sqrt(second_moment(self.f, q))
        # u and v have the same sign on two arcs of length pi - t, and others on two of length t.
        same, opposite = np.array([self._on_arcs(angle, q) for angle in angles]).swapaxes(0, 1)
        both = same[::-1] + opposite + opposite.swapaxes(1, 2)
        return np.asarray(both / np.multiply.outer(root, root))

    def _on_arcs(self, length: float, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The integrals over two arcs of this length on which u and v have one sign, and one where not."""
        nodes, arc_weights = _graded_interval(self.arc_nodes)
        r, radial_weights = graded_half_line(self.radial_nodes)
        x = np.sqrt(q)[:, None, None] * np.sin(length * nodes)[:, None] * r
        above = self.f(x)
        radial = radial_weights * r * np.exp(-(r**2) / 2)
        weights = np.multiply.outer(length / (2 * np.pi) * arc_weights, radial)
        if self.parity:
            one = _contract(above, above, weights)
            return 2 * one, self.parity * one
        below = self.f(-x)
        same = _contract(above, above, weights) + _contract(below, below, weights)
        return same, _contract(above, below, weights)


def _parity(f: Function) -> int:
    """Whether f is even or odd, as seen at some points."""
    x = np.geomspace(1e-3, 1e3, 25)
    above, below = f(x), f(-x)
    return 1 if np.array_equal(above, below) else -1 if np.array_equal(above, -below) else 0


def _contract(u: FloatArray, v: FloatArray, weights: FloatArray) -> FloatArray:
    """The integral over an arc for all pairs, (n, n): v's nodes are u's in the other direction."""
    return np.asarray((u * weights).reshape(len(u), -1) @ v[:, ::-1].reshape(len(v), -1).T)


@cache
def _graded_interval(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Nodes on (0, 1) and weights, symmetric and dense near both ends."""
    x, weights = np.polynomial.legendre.leggauss(nodes)
    s = (x + 1) / 2
    return s**3 * (10 - 15 * s + 6 * s**2), 30 * s**2 * (1 - s) ** 2 * weights / 2
