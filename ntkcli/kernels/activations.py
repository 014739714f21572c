"""Activations by name, each as its dual activation and the dual of its derivative.

For (u, v) ~ N(0, [[q, c], [c, q']]) the *dual activation* is E[phi(u) phi(v)], and its derivative's is
E[phi'(u) phi'(v)]: all that an infinitely wide layer needs to know of phi.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray

# A cosine this close to +-1 is +-1 to rounding.
COSINE_ROUNDING = 8 * float(np.finfo(np.float64).eps)


@dataclass(slots=True)
class Tile:
    """One tile of a layer: what the duals read, and where they write.

    c: (a, b) covariances K(x, x'); overwritten by E[phi phi].
    slope: (a, b), receives E[phi' phi']; None when nobody wants it.
    q_a, q_b: (a,) and (b,) variances K(x, x) and K(x', x').
    work: at least two more (a, b) arrays, free to use.
    tolerance: how far below 1 a cosine counts as 1.
    """

    c: FloatArray
    slope: FloatArray | None
    q_a: FloatArray
    q_b: FloatArray
    work: list[FloatArray]
    tolerance: float


class Activation(ABC):
    """An activation phi, known by its duals."""

    @abstractmethod
    def dual(self, tile: Tile) -> None:
        """Overwrite tile.c with E[phi(u) phi(v)] and fill tile.slope with E[phi'(u) phi'(v)]."""

    @abstractmethod
    def variance(self, q: FloatArray) -> FloatArray:
        """E[phi(u)^2] for u ~ N(0, q): the dual on the diagonal."""

    @abstractmethod
    def slope(self, q: FloatArray) -> FloatArray:
        """E[phi'(u)^2] for u ~ N(0, q)."""


class Identity(Activation):
    """phi(x) = x."""

    def dual(self, tile: Tile) -> None:
        """E[uv] = c, and the derivative's dual is 1."""
        if tile.slope is not None:
            tile.slope.fill(1.0)

    def variance(self, q: FloatArray) -> FloatArray:
        """E[u^2] = q."""
        return q

    def slope(self, q: FloatArray) -> FloatArray:
        """1."""
        return np.ones_like(q)


class Relu(Activation):
    """phi(x) = max(x, 0): the arc-cosine kernels of degree 1 and 0 (Cho & Saul 2009)."""

    def dual(self, tile: Tile) -> None:
        """sqrt(q q') (sin t + (pi - t) cos t) / 2 pi and (pi - t) / 2 pi, where cos t = c / sqrt(q q')."""
        cosine, sine = tile.work[:2]
        _cosine(tile, out=cosine)
        _one_minus_square(cosine, out=sine, work=tile.c)
        np.sqrt(sine, out=sine)
        angle = tile.c if tile.slope is None else tile.slope
        np.arccos(cosine, out=angle)
        np.subtract(np.pi, angle, out=angle)
        cosine *= angle
        sine += cosine
        np.multiply(sine, (np.sqrt(tile.q_a) / (2 * np.pi))[:, None], out=tile.c)
        tile.c *= np.sqrt(tile.q_b)
        if tile.slope is not None:
            tile.slope *= 1 / (2 * np.pi)

    def variance(self, q: FloatArray) -> FloatArray:
        """q / 2."""
        return q / 2

    def slope(self, q: FloatArray) -> FloatArray:
        """1 / 2."""
        return np.full_like(q, 0.5)


class Erf(Activation):
    """phi(x) = erf(x) (Williams 1997).

    The duals are functions of u = 2c / sqrt((1 + 2q)(1 + 2q')) and of 1 - u^2, which would cancel for
    parallel rows of large variance. With p = 1 / (1 + 2q), s = 1 - p and cos = c / sqrt(q q'), it is
    s (s' (1 - cos^2) + p') + p: a sum of positive terms below 1, so that nothing cancels or overflows.
    """

    def dual(self, tile: Tile) -> None:
        """(2/pi) arcsin u = (2/pi) arctan(u / sqrt(1 - u^2)), and (4/pi) sqrt(p p') / sqrt(1 - u^2)."""
        cosine, root = tile.work[:2]
        p_a, p_b = 1 / (1 + 2 * tile.q_a), 1 / (1 + 2 * tile.q_b)
        s_a, s_b = 2 * tile.q_a * p_a, 2 * tile.q_b * p_b
        _cosine(tile, out=cosine)
        _one_minus_square(cosine, out=root, work=tile.c)
        root *= s_b
        root += p_b
        root *= s_a[:, None]
        root += p_a[:, None]
        np.sqrt(root, out=root)
        np.multiply(cosine, np.sqrt(s_a)[:, None], out=tile.c)
        tile.c *= np.sqrt(s_b)
        tile.c /= root
        np.arctan(tile.c, out=tile.c)
        tile.c *= 2 / np.pi
        if tile.slope is not None:
            np.divide((4 / np.pi * np.sqrt(p_a))[:, None], root, out=tile.slope)
            tile.slope *= np.sqrt(p_b)

    def variance(self, q: FloatArray) -> FloatArray:
        """(2/pi) arctan(2q / sqrt(1 + 4q))."""
        return 2 / np.pi * np.arctan(2 * q / np.sqrt(1 + 4 * q))

    def slope(self, q: FloatArray) -> FloatArray:
        """(4/pi) / sqrt(1 + 4q)."""
        return 4 / np.pi / np.sqrt(1 + 4 * q)


ACTIVATIONS: dict[str, Activation] = {"relu": Relu(), "erf": Erf(), "identity": Identity()}


def _cosine(tile: Tile, out: FloatArray) -> None:
    """c / sqrt(q q'), with what is +-1 to rounding set to it, and 0 where a variance is 0."""
    np.multiply(tile.c, _inverse_root(tile.q_a)[:, None], out=out)
    out *= _inverse_root(tile.q_b)
    limit = 1.0 - tile.tolerance
    if out.max() > limit:
        out[out > limit] = 1.0
    if out.min() < -limit:
        out[out < -limit] = -1.0


def _inverse_root(q: FloatArray) -> FloatArray:
    return np.divide(1.0, np.sqrt(q), out=np.zeros_like(q), where=q > 0)


def _one_minus_square(cosine: FloatArray, out: FloatArray, work: FloatArray) -> None:
    """1 - cos^2 as (1 - cos)(1 + cos), exact to rounding near +-1."""
    np.subtract(1.0, cosine, out=out)
    np.add(1.0, cosine, out=work)
    out *= work
