"""erf (Williams 1997) and gelu (Tsuchida et al. 2021)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import erf, erfc, ndtr

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, ScaledCosine, Tile, exp_square


@dataclass(frozen=True)
class Erf(Activation):
    """phi(x) = a erf(b x) + c.

    With u = 2 b^2 c / sqrt((1 + 2 b^2 q)(1 + 2 b^2 q')), the covariance being c:
    a^2 (2/pi) arcsin u + c^2, and a^2 b^2 (4/pi) / sqrt((1 + 2 b^2 q)(1 + 2 b^2 q')(1 - u^2)).
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    def value(self, x: FloatArray) -> FloatArray:
        """a erf(b x) + c; as c erfc(-b x) or c erfc(b x) for c = a or c = -a, which is exact near 0 too."""
        if self.c == self.a:
            return np.asarray(self.c * erfc(-self.b * x))
        if self.c == -self.a:
            return np.asarray(self.c * erfc(self.b * x))
        return np.asarray(self.a * erf(self.b * x) + self.c)

    def derivative(self, x: FloatArray) -> FloatArray:
        """2 a b exp(-b^2 x^2) / sqrt(pi)."""
        return np.asarray(2 * self.a * self.b / np.sqrt(np.pi) * exp_square(self.b * x, -1.0))

    def dual(self, tile: Tile) -> None:
        """The duals, with arcsin u = arctan(u / sqrt(1 - u^2)), which is exact near 1 too."""
        u, root = tile.work[:2]
        scaled = ScaledCosine.of(tile, 2 * self.b**2, u=u, complement=root)
        np.sqrt(root, out=root)
        np.divide(u, root, out=tile.c)
        np.arctan(tile.c, out=tile.c)
        tile.c *= 2 / np.pi * self.a**2
        if self.c != 0:
            tile.c += self.c**2
        if tile.slope is not None:
            np.divide(4 / np.pi * (self.a * self.b) ** 2 * np.sqrt(scaled.p_a), root, out=tile.slope)
            tile.slope *= np.sqrt(scaled.p_b)

    def variance(self, q: FloatArray) -> FloatArray:
        """a^2 (2/pi) arctan(2 b^2 q / sqrt(1 + 4 b^2 q)) + c^2."""
        q = self.b**2 * q
        return self.a**2 * 2 / np.pi * np.arctan(2 * q / np.sqrt(1 + 4 * q)) + self.c**2

    def slope(self, q: FloatArray) -> FloatArray:
        """a^2 b^2 (4/pi) / sqrt(1 + 4 b^2 q)."""
        return np.asarray((self.a * self.b) ** 2 * 4 / np.pi / np.sqrt(1 + 4 * self.b**2 * q))


@dataclass(frozen=True)
class Gelu(Activation):
    """phi(x) = x Phi(x), where Phi is the distribution function of N(0, 1).

    With p = 1 / (1 + q), r = 1 - p, u = c sqrt(p p'), D = sqrt(1 - u^2) and A = arctan(u / D):
    ((p p' u^2 + r r' D^2) / D + u A) / 2 pi + u / 4, over sqrt(p p'), and
    1/4 + (A + (u / D)(p p' / D^2 + p + p')) / 2 pi.
    """

    work_arrays: ClassVar[int] = 4

    def value(self, x: FloatArray) -> FloatArray:
        """x Phi(x)."""
        return np.asarray(x * ndtr(x))

    def derivative(self, x: FloatArray) -> FloatArray:
        """Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi)."""
        return np.asarray(ndtr(x) + x * exp_square(x, -0.5) / np.sqrt(2 * np.pi))

    def dual(self, tile: Tile) -> None:
        """The duals, from u and 1 - u^2."""
        u, root, arctan, work = tile.work[:4]
        scaled = ScaledCosine.of(tile, 1.0, u=u, complement=root)
        p_a, p_b = scaled.p_a, scaled.p_b
        if tile.slope is not None:
            np.divide(p_a, root, out=tile.slope)
            tile.slope *= p_b
            tile.slope += p_a
            tile.slope += p_b
        np.sqrt(root, out=root)
        np.divide(u, root, out=arctan)
        if tile.slope is not None:
            tile.slope *= arctan
        np.arctan(arctan, out=arctan)
        if tile.slope is not None:
            tile.slope += arctan
            tile.slope *= 1 / (2 * np.pi)
            tile.slope += 0.25
        _gelu_value(tile, scaled, u, root, arctan, work)

    def variance(self, q: FloatArray) -> FloatArray:
        """q / 4 + q arctan(q / sqrt(1 + 2q)) / 2 pi + q^2 / (pi (1 + q) sqrt(1 + 2q))."""
        root = np.sqrt(1 + 2 * q)
        return q * (0.25 + np.arctan(q / root) / (2 * np.pi) + q / (1 + q) / root / np.pi)

    def slope(self, q: FloatArray) -> FloatArray:
        """1/4 + (arctan(x) + x (1 / (1 + 2q) + 2 / (1 + q))) / 2 pi, where x = q / sqrt(1 + 2q)."""
        x = q / np.sqrt(1 + 2 * q)
        return 0.25 + (np.arctan(x) + x * (1 / (1 + 2 * q) + 2 / (1 + q))) / (2 * np.pi)


def _gelu_value(
    tile: Tile, scaled: ScaledCosine, u: FloatArray, root: FloatArray, arctan: FloatArray, work: FloatArray
) -> None:
    p_a, p_b = scaled.p_a, scaled.p_b
    np.multiply(u, u, out=tile.c)
    tile.c *= p_a
    tile.c *= p_b
    tile.c /= root
    np.multiply(root, tile.q_a[:, None] * p_a, out=work)
    work *= tile.q_b * p_b
    tile.c += work
    arctan += np.pi / 2
    arctan *= u
    tile.c += arctan
    tile.c *= 1 / (2 * np.pi) / np.sqrt(p_a)
    tile.c /= np.sqrt(p_b)
