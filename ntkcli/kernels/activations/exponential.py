"""Activations made of exponentials of x and x^2: their duals are exponentials again."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import (
    Activation,
    ScaledCosine,
    Tile,
    cosine,
    distance,
    exp_square,
)


@dataclass(frozen=True)
class Exp(Activation):
    """phi(x) = a exp(b x): a^2 exp(b^2 (q + q' + 2c) / 2), and b^2 times that."""

    a: float = 1.0
    b: float = 1.0

    def value(self, x: FloatArray) -> FloatArray:
        """a exp(b x)."""
        return self._times(self.a, x)

    def derivative(self, x: FloatArray) -> FloatArray:
        """a b exp(b x)."""
        return self._times(self.a * self.b, x)

    def _times(self, factor: float, x: FloatArray) -> FloatArray:
        # By its root, since exp(b x) may leave float64 where its product with a does not.
        root = np.exp(self.b / 2 * x)
        return np.asarray(factor * root * root)

    def dual(self, tile: Tile) -> None:
        """The exponents are added first: neither of them may overflow alone."""
        tile.c *= 2
        tile.c += tile.q_a[:, None]
        tile.c += tile.q_b
        tile.c *= self.b**2 / 2
        np.exp(tile.c, out=tile.c)
        tile.c *= self.a**2
        if tile.slope is not None:
            np.multiply(tile.c, self.b**2, out=tile.slope)

    def variance(self, q: FloatArray) -> FloatArray:
        """a^2 exp(2 b^2 q)."""
        return np.asarray(self.a**2 * np.exp(2 * self.b**2 * q))

    def slope(self, q: FloatArray) -> FloatArray:
        """a^2 b^2 exp(2 b^2 q)."""
        return self.b**2 * self.variance(q)


@dataclass(frozen=True)
class Rbf(Activation):
    """phi(x) = sqrt(2) sin(sqrt(2 gamma) x + pi/4), the random feature of exp(-gamma |x - x'|^2).

    exp(-gamma (q + q' - 2c)), and 2 gamma times that (Rahimi & Recht 2007).
    """

    gamma: float = 1.0

    def value(self, x: FloatArray) -> FloatArray:
        """sqrt(2) sin(sqrt(2 gamma) x + pi/4)."""
        return np.asarray(np.sqrt(2) * np.sin(np.sqrt(2 * self.gamma) * x + np.pi / 4))

    def derivative(self, x: FloatArray) -> FloatArray:
        """2 sqrt(gamma) cos(sqrt(2 gamma) x + pi/4)."""
        return np.asarray(2 * np.sqrt(self.gamma) * np.cos(np.sqrt(2 * self.gamma) * x + np.pi / 4))

    def dual(self, tile: Tile) -> None:
        """The duals; equal rows are at distance 0 exactly."""
        cos = tile.work[0]
        cosine(tile, out=cos)
        distance(tile, cos, out=tile.c)
        tile.c *= -self.gamma
        np.exp(tile.c, out=tile.c)
        if tile.slope is not None:
            np.multiply(tile.c, 2 * self.gamma, out=tile.slope)

    def variance(self, q: FloatArray) -> FloatArray:
        """1."""
        return np.ones_like(q)

    def slope(self, q: FloatArray) -> FloatArray:
        """2 gamma."""
        return np.full_like(q, 2 * self.gamma)


@dataclass(frozen=True)
class Gaussian(Activation):
    """phi(x) = a exp(b x^2), for b < 1 / (4q): E[phi(u)^2] is infinite beyond.

    With D = (1 - 2 b q)(1 - 2 b q') - 4 b^2 c^2: a^2 / sqrt(D), and 4 a^2 b^2 c / D^(3/2).
    """

    a: float = 1.0
    b: float = -1.0

    @property
    def largest_variance(self) -> float:
        """Of the input: 1 / (4b) for b > 0."""
        return 1 / (4 * self.b) if self.b > 0 else np.inf

    def value(self, x: FloatArray) -> FloatArray:
        """a exp(b x^2)."""
        return np.asarray(self.a * exp_square(x, self.b))

    def derivative(self, x: FloatArray) -> FloatArray:
        """2 a b x exp(b x^2)."""
        return np.asarray(2 * self.a * self.b * x * exp_square(x, self.b))

    def dual(self, tile: Tile) -> None:
        """The duals, from u = 2 |b| c / sqrt((1 - 2 b q)(1 - 2 b q')) and 1 - u^2."""
        u, square = tile.work[:2]
        scaled = ScaledCosine.of(tile, -2 * self.b, u=u, complement=square)
        np.sqrt(square, out=tile.c)
        if tile.slope is not None:
            np.divide(u, tile.c, out=tile.slope)
            tile.slope /= square
            tile.slope *= 2 * self.a**2 * abs(self.b) * scaled.p_a
            tile.slope *= scaled.p_b
        np.divide(self.a**2 * np.sqrt(scaled.p_a), tile.c, out=tile.c)
        tile.c *= np.sqrt(scaled.p_b)

    def variance(self, q: FloatArray) -> FloatArray:
        """a^2 / sqrt(1 - 4 b q)."""
        return np.asarray(self.a**2 / np.sqrt(self._determinant(q)))

    def slope(self, q: FloatArray) -> FloatArray:
        """4 a^2 b^2 q / (1 - 4 b q)^(3/2)."""
        return np.asarray(4 * (self.a * self.b) ** 2 * q / self._determinant(q) ** 1.5)

    def _determinant(self, q: FloatArray) -> FloatArray:
        """1 - 4 b q, or 0 where the integral does not exist."""
        return np.asarray(np.maximum(1 - 4 * self.b * q, 0.0))


@dataclass(frozen=True)
class Gabor(Activation):
    """phi(x) = exp(-x^2) sin(x).

    With D = (1 + 2q)(1 + 2q') - 4c^2, x = 4 (q q' - c^2) and e+- = exp(-(q + q' + x +- 2c) / 2D):
    (e- - e+) / (2 sqrt(D)), and (s (e- + e+) + r (e- - e+)) / (2 D^(5/2)) where
    s = 1 + 2(q + q') + 4(c^2 + q q') and r = 4c (x + 3(q + q') + 2).
    """

    work_arrays: ClassVar[int] = 4

    def value(self, x: FloatArray) -> FloatArray:
        """exp(-x^2) sin(x)."""
        return np.asarray(exp_square(x, -1.0) * np.sin(x))

    def derivative(self, x: FloatArray) -> FloatArray:
        """exp(-x^2) (cos(x) - 2 x sin(x))."""
        return np.asarray(exp_square(x, -1.0) * (np.cos(x) - 2 * x * np.sin(x)))

    def dual(self, tile: Tile) -> None:
        """The duals; e- - e+ is computed as a product, so that it does not cancel for small variances."""
        cos, difference, exponential, work = tile.work[:4]
        q_a, q_b = tile.q_a[:, None], tile.q_b
        cosine(tile, out=cos)
        product, total = q_a * q_b, q_a + q_b
        c = np.sqrt(product) * cos
        x = 4 * product * (1 - cos) * (1 + cos)
        d = 1 + 2 * total + x
        np.abs(cos, out=work)
        distance(tile, work, out=exponential)
        exponential += x
        exponential /= -2 * d
        np.exp(exponential, out=exponential)
        np.expm1(-2 * np.abs(c) / d, out=difference)
        difference *= exponential
        np.copysign(difference, cos, out=difference)
        np.divide(difference, 2 * np.sqrt(d), out=tile.c)
        if tile.slope is not None:
            s = 1 + 2 * total + 4 * (c**2 + product)
            r = 4 * c * (x + 3 * total + 2)
            summed = 2 * exponential - np.abs(difference)
            np.divide(s * summed + r * difference, 2 * d**2 * np.sqrt(d), out=tile.slope)

    def variance(self, q: FloatArray) -> FloatArray:
        """(1 - exp(-2q / (1 + 4q))) / (2 sqrt(1 + 4q))."""
        return np.asarray(-np.expm1(-2 * q / (1 + 4 * q)) / (2 * np.sqrt(1 + 4 * q)))

    def slope(self, q: FloatArray) -> FloatArray:
        """The derivative's dual at c = q = q'."""
        d = 1 + 4 * q
        difference = -np.expm1(-2 * q / d)
        s, r = 1 + 4 * q + 8 * q**2, 4 * q * (6 * q + 2)
        return np.asarray((s * (2 - difference) + r * difference) / (2 * d**2.5))
