"""Dual activations by adaptive quadrature over the plane, from phi and phi' alone."""

from collections.abc import Callable

import numpy as np
from numpy.polynomial.legendre import leggauss, legvander

from ntkcli.arrays import FloatArray, IntArray

from .functions import Function

IntArray = IntArray
# f(rows (p,), x (p, ORDER)) -> (2, p, ORDER): the integrands of phi's and of phi's derivative's dual.
Integrand = Callable[[IntArray, FloatArray], FloatArray]

ORDER = 24
NODES, WEIGHTS = leggauss(ORDER)
# The two highest Legendre coefficients of what was sampled at NODES: what the panel leaves unresolved.
TAIL = ((np.arange(ORDER) + 0.5) * legvander(NODES, ORDER - 1) * WEIGHTS[:, None])[:, -2:]
HALVINGS = 45
# Of sqrt(E[phi^2(u)] E[phi^2(v)]). The integral of a panel is far closer than its Legendre series.
LINE_TOLERANCE, INNER_TOLERANCE, OUTER_TOLERANCE = 1e-13, 1e-14, 1e-12


def duals(phi: Function, q_a: FloatArray, q_b: FloatArray, cosine: FloatArray) -> FloatArray:
    """E[phi(u) phi(v)] and E[phi'(u) phi'(v)], (2, n), for n pairs of variances and their cosine."""
    line = (np.abs(cosine) == 1.0) | (q_a == 0.0) | (q_b == 0.0)
    out = np.empty((2, len(cosine)))
    if np.any(line):
        out[:, line] = _on_a_line(phi, q_a[line], q_b[line], np.where(cosine[line] < 0.0, -1.0, 1.0))
    if not np.all(line):
        out[:, ~line] = _on_the_plane(phi, q_a[~line], q_b[~line], cosine[~line])
    return out


def sizes(phi: Function, q: FloatArray) -> FloatArray:
    """sqrt(E[phi(u)^2]) and sqrt(E[phi'(u)^2]), (2, n), to a few digits: what errors are measured by."""
    z = np.linspace(-phi.reach, phi.reach, 6001)
    squares = _both(phi, np.sqrt(q)[:, None] * z, q[:, None]) ** 2
    return np.asarray(np.sqrt(np.sum(squares * _density(z), axis=-1) * (z[1] - z[0])))


def _on_a_line(phi: Function, q_a: FloatArray, q_b: FloatArray, sign: FloatArray) -> FloatArray:
    """Where v is a multiple of u, or one of them is 0, (u, v) = (sqrt(q), +-sqrt(q')) s with a single s."""
    root_a, root_b = np.sqrt(q_a), sign * np.sqrt(q_b)

    def integrand(pair: IntArray, s: FloatArray) -> FloatArray:
        at_u = _both(phi, root_a[pair, None] * s, q_a[pair, None])
        return at_u * _both(phi, root_b[pair, None] * s, q_b[pair, None]) * _density(s)

    breaks = _breaks(phi.reach, _ratio(phi.kinks, root_a), _ratio(phi.kinks, root_b))
    return _integrate(integrand, breaks, LINE_TOLERANCE * sizes(phi, q_a) * sizes(phi, q_b))


def _on_the_plane(phi: Function, q_a: FloatArray, q_b: FloatArray, cosine: FloatArray) -> FloatArray:
    """With u = sqrt(q) s and v = sqrt(q') (cos s + sin t), an integral over t at every node of one over s."""
    root_a, root_b = np.sqrt(q_a), np.sqrt(q_b)
    spread = root_b * np.sqrt((1 - cosine) * (1 + cosine))
    scale = sizes(phi, q_a) * sizes(phi, q_b)

    def over_v(pair: IntArray, s: FloatArray) -> FloatArray:
        """The integral over t at every s, a row each."""
        pair, s = np.repeat(pair, ORDER), s.ravel()
        at_u = _both(phi, root_a[pair] * s, q_a[pair]) * _density(s)
        mean, std, q = (cosine * root_b)[pair, None] * s[:, None], spread[pair, None], q_b[pair, None]

        def integrand(row: IntArray, t: FloatArray) -> FloatArray:
            return at_u[:, row, None] * _both(phi, mean[row] + std[row] * t, q[row]) * _density(t)

        breaks = _breaks(phi.reach, (phi.kinks - mean) / std)
        return _integrate(integrand, breaks, INNER_TOLERANCE * scale[:, pair]).reshape(2, -1, ORDER)

    breaks = _breaks(phi.reach, _ratio(phi.kinks, root_a), _smoothed_kinks(phi, cosine * root_b, spread))
    return _integrate(over_v, breaks, OUTER_TOLERANCE * scale)


def _smoothed_kinks(phi: Function, root: FloatArray, spread: FloatArray) -> FloatArray:
    """Where root * s is about to pass v's kinks.

    The integral over t smooths them, but so narrowly for nearly parallel u and v that nodes could miss it.
    """
    around = np.multiply.outer(spread, [-8.0, -1.0, 0.0, 1.0, 8.0])[:, None, :]
    return _ratio((phi.kinks[:, None] + around).reshape(len(root), -1), root)


def _integrate(f: Integrand, breaks: FloatArray, tolerance: FloatArray) -> FloatArray:
    """An integral per row of breakpoints, (2, rows): panels are halved until their Legendre tail is small."""
    total = np.zeros(tolerance.shape)
    rows, panels = np.nonzero(breaks[:, :-1] < breaks[:, 1:])
    low, high = breaks[rows, panels], breaks[rows, panels + 1]
    for _ in range(HALVINGS):
        middle, half = (low + high) / 2, (high - low) / 2
        y = f(rows, middle[:, None] + half[:, None] * NODES)
        tail = half * np.abs(y @ TAIL).max(axis=-1)
        done = np.all(tail <= tolerance[:, rows], axis=0)
        for row_sums, panel_sums in zip(total, half * (y @ WEIGHTS), strict=True):
            row_sums += np.bincount(rows[done], panel_sums[done], minlength=len(row_sums))
        if np.all(done):
            return total
        low, high = np.concatenate([low[~done], middle[~done]]), np.concatenate([middle[~done], high[~done]])
        rows = np.tile(rows[~done], 2)
    raise ArithmeticError(f"the quadrature does not settle near {low[:3]}")


def _breaks(reach: float, *kinks: FloatArray) -> FloatArray:
    """Every row's breakpoints in order: its kinks, and a few for the normal density."""
    density = np.array([-1.0, -0.4, -0.2, 0.0, 0.2, 0.4, 1.0]) * reach
    wide = np.broadcast_to(density, (len(kinks[0]), len(density)))
    return np.sort(np.clip(np.hstack([wide, *kinks]), -reach, reach), axis=1)


def _both(phi: Function, x: FloatArray, q: FloatArray) -> FloatArray:
    return np.stack([phi.value(x, q), phi.slope(x, q)])


def _ratio(x: FloatArray, root: FloatArray) -> FloatArray:
    """Where root (n,) times s is x; 0, which does no harm as a breakpoint, for a root of 0."""
    x, root = np.broadcast_arrays(x, root[:, None])
    return np.divide(x, root, out=np.zeros(x.shape), where=root != 0.0)


def _density(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))
