"""Polynomial activations."""

from dataclasses import dataclass
from math import factorial, sqrt
from typing import ClassVar

import numpy as np
from numpy.polynomial import polynomial

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, Tile


@dataclass(frozen=True)
class Identity(Activation):
    """phi(x) = x."""

    @property
    def homogeneity(self) -> int:
        """1."""
        return 1

    def value(self, x: FloatArray) -> FloatArray:
        """x."""
        return x.copy()

    def derivative(self, x: FloatArray) -> FloatArray:
        """1."""
        return np.ones_like(x)

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


@dataclass(frozen=True)
class Polynomial(Activation):
    """phi(x) = sum_j coefficients[j] x^j.

    phi(u) = sum_k r_k(q) q^(k/2) he_k(u / sqrt q) in normalised Hermite polynomials, where
    r_k(q) = sum_i coefficients[k + 2i] (k + 2i)! / (2^i i! sqrt(k!)) q^i, so that
    E[phi(u) phi(v)] = sum_k r_k(q) r_k(q') c^k.
    """

    coefficients: tuple[float, ...]

    @classmethod
    def monomial(cls, degree: int) -> "Polynomial":
        """phi(x) = x^degree."""
        return cls((*[0.0] * degree, 1.0))

    def value(self, x: FloatArray) -> FloatArray:
        """By Horner's rule."""
        return np.asarray(polynomial.polyval(x, self.coefficients))

    def derivative(self, x: FloatArray) -> FloatArray:
        """The same of phi'."""
        return np.asarray(polynomial.polyval(x, self._derived()))

    def dual(self, tile: Tile) -> None:
        """The sums for phi and phi'."""
        out, work = tile.work[:2]
        if tile.slope is not None:
            a, b = (_expansion(self._derived(), q) for q in (tile.q_a, tile.q_b))
            _power_series(a, b, tile.c, out=tile.slope, work=work)
        a, b = (_expansion(self.coefficients, q) for q in (tile.q_a, tile.q_b))
        _power_series(a, b, tile.c, out=out, work=work)
        np.copyto(tile.c, out)

    def variance(self, q: FloatArray) -> FloatArray:
        """sum_k r_k(q)^2 q^k."""
        return _second_moment(self.coefficients, q)

    def slope(self, q: FloatArray) -> FloatArray:
        """The same of phi'."""
        return _second_moment(self._derived(), q)

    def _derived(self) -> tuple[float, ...]:
        return tuple(j * value for j, value in enumerate(self.coefficients) if j > 0) or (0.0,)


def _expansion(coefficients: tuple[float, ...], q: FloatArray) -> FloatArray:
    """r_k(q), (p, n)."""
    rows = []
    for k in range(len(coefficients)):
        terms = [
            value * (factorial(k + 2 * i) / (2**i * factorial(i) * sqrt(factorial(k))))
            for i, value in enumerate(coefficients[k::2])
        ]
        rows.append(polynomial.polyval(q, terms))
    return np.array(rows)


def _power_series(a: FloatArray, b: FloatArray, x: FloatArray, *, out: FloatArray, work: FloatArray) -> None:
    """Fill `out` (n, m) with sum_k a[k, i] b[k, j] x[i, j]^k by Horner's rule.

    a: (p, n) coefficients of the rows. b: (p, m) coefficients of the columns. x: (n, m).
    """
    np.multiply(a[-1][:, None], b[-1], out=out)
    for row, column in zip(a[-2::-1], b[-2::-1], strict=True):
        out *= x
        np.multiply(row[:, None], column, out=work)
        out += work


def _second_moment(coefficients: tuple[float, ...], q: FloatArray) -> FloatArray:
    powers = q ** np.arange(len(coefficients))[:, None]
    return np.asarray(np.sum(_expansion(coefficients, q) ** 2 * powers, axis=0))


@dataclass(frozen=True)
class Hermite(Activation):
    """The normalised Hermite polynomial He_p / sqrt(p!) of a unit-variance input.

    For other variances it is q^(p/2) He_p(x / sqrt q) / sqrt(p!), so that the duals are
    c^p and p c^(p-1) at any variance. phi, which sees its input alone and not the variance, is
    He_p(x) / sqrt(p!), and is what the duals are of at variance 1 only.
    """

    degree: int
    unit_variance: ClassVar[bool] = True

    @property
    def homogeneity(self) -> int:
        """p."""
        return self.degree

    def value(self, x: FloatArray) -> FloatArray:
        """He_p(x) / sqrt(p!), for inputs of variance 1."""
        return _hermite(x, self.degree)

    def derivative(self, x: FloatArray) -> FloatArray:
        """sqrt(p) He_(p-1)(x) / sqrt((p-1)!), for inputs of variance 1."""
        if self.degree == 0:
            return np.zeros_like(x)
        return np.asarray(sqrt(self.degree) * _hermite(x, self.degree - 1))

    def dual(self, tile: Tile) -> None:
        """c^p and p c^(p-1)."""
        if tile.slope is not None:
            np.power(tile.c, max(self.degree - 1, 0), out=tile.slope)
            tile.slope *= self.degree
        np.power(tile.c, self.degree, out=tile.c)

    def variance(self, q: FloatArray) -> FloatArray:
        """q^p."""
        return q**self.degree

    def slope(self, q: FloatArray) -> FloatArray:
        """p q^(p-1)."""
        return self.degree * q ** max(self.degree - 1, 0)


def _hermite(x: FloatArray, degree: int) -> FloatArray:
    """he_p = He_p / sqrt(p!) by sqrt(k + 1) he_(k+1) = x he_k - sqrt(k) he_(k-1)."""
    before, value = np.zeros_like(x), np.ones_like(x)
    for k in range(degree):
        # x is divided first: near the end of float64, x he_k may be beyond it where he_(k+1) is not.
        before, value = value, x / sqrt(k + 1) * value - sqrt(k / (k + 1)) * before
    return value
