"""sin and cos with amplitude, frequency and phase."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, Tile, cosine, distance


@dataclass(frozen=True)
class Sine(Activation):
    """phi(x) = a sin(b x + phase).

    With e+- = exp(-b^2 (q + q' +- 2c) / 2) and k = cos(2 phase): a^2 (e- - k e+) / 2, and
    a^2 b^2 (e- + k e+) / 2.

    below, above: 1 - k and 1 + k, as squares that do not cancel.
    """

    a: float
    b: float
    below: float
    above: float
    work_arrays: ClassVar[int] = 3

    @classmethod
    def sin(cls, a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Self:
        """phi(x) = a sin(b x + c)."""
        return cls(a, b, below=2 * np.sin(c) ** 2, above=2 * np.cos(c) ** 2)

    @classmethod
    def cos(cls, a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Self:
        """phi(x) = a cos(b x + c)."""
        return cls(a, b, below=2 * np.cos(c) ** 2, above=2 * np.sin(c) ** 2)

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
