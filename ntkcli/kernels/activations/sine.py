"""sin and cos with amplitude, frequency and phase."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, Tile, cosine, distance


@dataclass(frozen=True)
class Sine(Activation):
    """phi(x) = a sin(b x + c).

    With e+- = exp(-b^2 (q + q' +- 2c) / 2), where c is the covariance, and k = cos(2 phase), where the phase
    is that of the sine: a^2 (e- - k e+) / 2, and a^2 b^2 (e- + k e+) / 2.
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0
    work_arrays: ClassVar[int] = 3

    @property
    def below(self) -> float:
        """1 - k, as a square that does not cancel."""
        return float(2 * np.sin(self.c) ** 2)

    @property
    def above(self) -> float:
        """1 + k, as a square that does not cancel."""
        return float(2 * np.cos(self.c) ** 2)

    def value(self, x: FloatArray) -> FloatArray:
        """a sin(b x + c)."""
        return np.asarray(self.a * np.sin(self.b * x + self.c))

    def derivative(self, x: FloatArray) -> FloatArray:
        """a b cos(b x + c)."""
        return np.asarray(self.a * self.b * np.cos(self.b * x + self.c))

    def dual(self, tile: Tile) -> None:
        """a^2 ((e- - e+) + (1 - k) e+) / 2, where e- - e+ is a product, and likewise with (1 + k)."""
        cos, plus, work = tile.work[:3]
        cosine(tile, out=cos)
        np.abs(cos, out=work)
        distance(tile, work, out=plus)
        plus *= -(self.b**2) / 2
        np.exp(plus, out=plus)
        work *= -2 * self.b**2 * np.sqrt(tile.q_a)[:, None]
        work *= np.sqrt(tile.q_b)
        np.expm1(work, out=work)
        work *= plus
        np.copysign(work, cos, out=tile.c)
        # plus is the larger of e- and e+, and the other one is plus - |e- - e+|.
        if self.below or self.above:
            np.maximum(tile.c, 0.0, out=work)
            plus -= work
        if tile.slope is not None:
            np.multiply(plus, self.above, out=tile.slope)
            tile.slope += tile.c
            tile.slope *= (self.a * self.b) ** 2 / 2
        if self.below:
            plus *= self.below
            tile.c += plus
        tile.c *= self.a**2 / 2

    def variance(self, q: FloatArray) -> FloatArray:
        """a^2 (1 - k exp(-2 b^2 q)) / 2."""
        return self.a**2 / 2 * self._diagonal(q, self.below)

    def slope(self, q: FloatArray) -> FloatArray:
        """a^2 b^2 (1 + k exp(-2 b^2 q)) / 2."""
        return (self.a * self.b) ** 2 / 2 * self._diagonal(q, self.above)

    def _diagonal(self, q: FloatArray, share: float) -> FloatArray:
        exponent = -2 * self.b**2 * q
        return np.asarray(share * np.exp(exponent) - np.expm1(exponent))


@dataclass(frozen=True)
class Cosine(Sine):
    """phi(x) = a cos(b x + c): a sine with c + pi/2 for its phase, which turns the sign of k."""

    @property
    def below(self) -> float:
        """1 - k."""
        return float(2 * np.cos(self.c) ** 2)

    @property
    def above(self) -> float:
        """1 + k."""
        return float(2 * np.sin(self.c) ** 2)

    def value(self, x: FloatArray) -> FloatArray:
        """a cos(b x + c)."""
        return np.asarray(self.a * np.cos(self.b * x + self.c))

    def derivative(self, x: FloatArray) -> FloatArray:
        """-a b sin(b x + c)."""
        return np.asarray(-self.a * self.b * np.sin(self.b * x + self.c))
