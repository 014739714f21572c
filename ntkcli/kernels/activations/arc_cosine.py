"""Activations with a kink at 0: arc-cosine kernels (Cho & Saul 2009).

With cos t = c / sqrt(q q'), the dual of max(x, 0)^p is (q q')^(p/2) J_p(t) / 2 pi, where

    J_p = P_p(cos t) sin t + Q_p(cos t) (pi - t),     J_0 = pi - t,     J_1 = sin t + (pi - t) cos t
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, Tile, cosine, one_minus_square
from ntkcli.kernels.activations.arcsine import arcsine
from ntkcli.kernels.activations.horner import horner

# Coefficients of P_p and Q_p, constant first. dJ_p / dcos = p^2 J_(p-1) holds them together.
P = [(0.0,), (1.0,), (0.0, 3.0), (4.0, 0.0, 11.0), (0.0, 55.0, 0.0, 50.0)]
Q = [(1.0,), (0.0, 1.0), (1.0, 0.0, 2.0), (0.0, 9.0, 0.0, 6.0), (9.0, 0.0, 72.0, 0.0, 24.0)]
# (2p - 1)!!, the moment E[z^2p] of a standard normal z.
MOMENTS = [1.0, 1.0, 3.0, 15.0, 105.0]


@dataclass(frozen=True)
class AbRelu(Activation):
    """phi(x) = a min(x, 0) + b max(x, 0): relu, leaky relu and the absolute value are cases of it.

    With f = (b - a)^2 / 2 pi, the derivative's dual is g = f (pi - t) + a b and the dual
    sqrt(q q') (f sin t + g cos t) (Tsuchida et al. 2018).
    """

    a: float
    b: float
    work_arrays: ClassVar[int] = 3

    @property
    def homogeneity(self) -> int:
        """1."""
        return 1

    def value(self, x: FloatArray) -> FloatArray:
        """The larger one of a x and b x for a <= b, else the smaller one."""
        if self.a == 0:
            above = np.maximum(x, 0.0)
            return above if self.b == 1 else np.asarray(self.b * above)
        chosen = np.maximum if self.a <= self.b else np.minimum
        return np.asarray(chosen(self.a * x, x if self.b == 1 else self.b * x))

    def derivative(self, x: FloatArray) -> FloatArray:
        """a below 0 and b above."""
        if self.a == 0:
            return np.asarray((np.sign(x) + 1) * (self.b / 2))
        sides = np.array([self.a, (self.a + self.b) / 2, self.b])
        return np.asarray(sides[np.add(x > 0, x >= 0, dtype=np.int8)])

    def dual(self, tile: Tile) -> None:
        """sqrt(q q') (f sin t + g cos t), and g."""
        cos, sine, third = tile.work[:3]
        factor = (self.b - self.a) ** 2 / (2 * np.pi)
        # Where tile.c is free, it is worked in rather than in one more array, which the cache may not hold.
        slope, work = (tile.c, third) if tile.slope is None else (tile.slope, tile.c)
        _angle(tile, cos=cos, sine=sine, supplement=slope, work=work)
        sine *= factor
        slope *= factor
        if self.a * self.b != 0:
            slope += self.a * self.b
        cos *= slope
        sine += cos
        np.multiply(sine, np.sqrt(tile.q_a)[:, None], out=tile.c)
        tile.c *= np.sqrt(tile.q_b)

    def variance(self, q: FloatArray) -> FloatArray:
        """(a^2 + b^2) q / 2."""
        return (self.a**2 + self.b**2) / 2 * q

    def slope(self, q: FloatArray) -> FloatArray:
        """(a^2 + b^2) / 2; at the kink itself, ((a + b) / 2)^2."""
        return np.where(q > 0, (self.a**2 + self.b**2) / 2, (self.a + self.b) ** 2 / 4)


@dataclass(frozen=True)
class Sign(Activation):
    """phi(x) = 1 for x > 0, -1 for x < 0, and 0 for 0. Its derivative counts as 0, as almost everywhere."""

    def value(self, x: FloatArray) -> FloatArray:
        """sign(x)."""
        return np.sign(x)

    def derivative(self, x: FloatArray) -> FloatArray:
        """0."""
        return np.zeros_like(x)

    def dual(self, tile: Tile) -> None:
        """(2 / pi) arcsin(cos t), and 0."""
        cos = tile.work[0]
        cosine(tile, out=cos)
        np.arcsin(cos, out=tile.c)
        tile.c *= 2 / np.pi
        if tile.slope is not None:
            tile.slope.fill(0.0)

    def variance(self, q: FloatArray) -> FloatArray:
        """1, and 0 for q = 0."""
        return np.where(q > 0, 1.0, 0.0)

    def slope(self, q: FloatArray) -> FloatArray:
        """0."""
        return np.zeros_like(q)


@dataclass(frozen=True)
class RectifiedMonomial(Activation):
    """phi(x) = x^degree for x > 0, else 0; degree 0 is the step, whose derivative counts as 0."""

    degree: int
    work_arrays: ClassVar[int] = 4

    @property
    def homogeneity(self) -> int | None:
        """p, and none for the step, whose derivative counts as 0."""
        return self.degree or None

    def value(self, x: FloatArray) -> FloatArray:
        """max(x, 0)^p, and the step for p = 0."""
        if self.degree == 0:
            return np.asarray(np.greater(x, 0), dtype=np.float64)
        return _product(np.maximum(x, 0.0), self.degree)

    def derivative(self, x: FloatArray) -> FloatArray:
        """p max(x, 0)^(p-1)."""
        if self.degree == 0:
            return np.zeros_like(x)
        if self.degree == 1:
            return np.asarray((np.sign(x) + 1) / 2)
        return np.asarray(self.degree * _product(np.maximum(x, 0.0), self.degree - 1))

    def dual(self, tile: Tile) -> None:
        """(q q')^(p/2) J_p / 2 pi, and p^2 (q q')^((p-1)/2) J_(p-1) / 2 pi."""
        cos, sine, supplement, work = tile.work[:4]
        _angle(tile, cos=cos, sine=sine, supplement=supplement, work=work)
        for degree, out, factor in self._parts(tile):
            horner(P[degree], cos, out=work)
            work *= sine
            horner(Q[degree], cos, out=out)
            out *= supplement
            out += work
            out *= factor * _power(tile.q_a, degree)[:, None]
            out *= _power(tile.q_b, degree)

    def _parts(self, tile: Tile) -> list[tuple[int, FloatArray, float]]:
        """The degree, place and factor of the dual and, where it is wanted and not 0, of the derivative's."""
        parts = [(self.degree, tile.c, 1 / (2 * np.pi))]
        if tile.slope is not None and self.degree == 0:
            tile.slope.fill(0.0)
        elif tile.slope is not None:
            parts.append((self.degree - 1, tile.slope, self.degree**2 / (2 * np.pi)))
        return parts

    def variance(self, q: FloatArray) -> FloatArray:
        """(2p - 1)!! q^p / 2."""
        return MOMENTS[self.degree] / 2 * _power(q, self.degree) ** 2

    def slope(self, q: FloatArray) -> FloatArray:
        """p^2 (2p - 3)!! q^(p-1) / 2."""
        if self.degree == 0:
            return np.zeros_like(q)
        return self.degree**2 * MOMENTS[self.degree - 1] / 2 * _power(q, self.degree - 1) ** 2


def _angle(
    tile: Tile, *, cos: FloatArray, sine: FloatArray, supplement: FloatArray, work: FloatArray
) -> None:
    """Fill `cos`, `sine` and `supplement` with cos t, sin t and pi - t: exactly pi at 0, and 0 at pi."""
    cosine(tile, out=cos)
    one_minus_square(cos, out=sine, work=supplement)
    np.sqrt(sine, out=sine)
    arcsine(cos, sine, out=supplement, work=work)
    supplement += np.pi / 2


def _power(q: FloatArray, degree: int) -> FloatArray:
    """q^(degree / 2), and 0 for q = 0 whatever the degree."""
    return np.where(q > 0, np.sqrt(q) ** degree, 0.0)


def _product(x: FloatArray, degree: int) -> FloatArray:
    """x^degree for a degree of at least 1, far quicker than numpy's powers above 2."""
    product = x
    for _ in range(degree - 1):
        product = product * x
    return product
