"""Activations that are clipped at two values, in closed form by Owen's T function."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammainc, ndtr, owens_t

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, Tile, cosine
from ntkcli.kernels.activations.moments import normal_density

# Nothing of a normal distribution is beyond FAR standard deviations.
NEAR, FAR = 1e-150, 40.0
# Variances, over the larger end squared, that leave a dual ten digits.
LARGEST = 1e6


@dataclass(frozen=True)
class Clip(Activation):
    """phi(x) = min(max(x, low), high), for low <= 0 <= high: hard_tanh and relu6.

    phi(x) = x - (x - high)+ + (low - x)+. By Stein's lemma E[u (v - h)+] = c P(v > h), so that the dual is
    c (P(u inside) + P(v inside) - 1) plus E[(u - h)+ (v - k)+] of the four corners, with signs; the
    derivative's is 1 - P(u outside) - P(v outside) + P(both outside).
    """

    low: float
    high: float
    work_arrays: ClassVar[int] = 1

    @property
    def largest_variance(self) -> float:
        """Of the input: beyond it, the dual would be a small difference of large numbers."""
        return LARGEST * max(self.high, -self.low) ** 2

    def value(self, x: FloatArray) -> FloatArray:
        """min(max(x, low), high)."""
        return np.clip(x, self.low, self.high)

    def derivative(self, x: FloatArray) -> FloatArray:
        """1 inside, 0 outside."""
        # Counted in bytes: twice for each end that x is inside of, once for one that it is at.
        count = np.add(x > self.low, x >= self.low, dtype=np.int8)
        count += np.add(x < self.high, x <= self.high, dtype=np.int8)
        return np.asarray((count - 2) * 0.5)

    def dual(self, tile: Tile) -> None:
        """The sums over the corners (high, high), (low, low), (high, low), (low, high)."""
        cos = tile.work[0]
        cosine(tile, out=cos)
        root_a, root_b = np.sqrt(tile.q_a)[:, None], np.sqrt(tile.q_b)
        a, b = self._ends(root_a), self._ends(root_b)
        same_side = [_Corner.of(*pair, cos) for pair in self._pairs(a, b)]
        np.negative(cos, out=tile.c)
        across = [_Corner.of(*pair, tile.c) for pair in self._pairs(a, b[::-1])]
        # A symmetric clip has every corner twice.
        count = 2 // len(same_side)
        inside = 1 - sum(_above(end) for end in a) - sum(_above(end) for end in b)
        product = sum(corner.product for corner in same_side) - sum(corner.product for corner in across)
        np.multiply(product, count, out=tile.c)
        tile.c += np.multiply(cos, inside, out=cos)
        tile.c *= root_a
        tile.c *= root_b
        if tile.slope is not None:
            outside = sum(corner.probability for corner in same_side + across)
            np.multiply(outside, count, out=tile.slope)
            tile.slope += inside

    def variance(self, q: FloatArray) -> FloatArray:
        """q P(inside) and what the ends cut off, by the truncated normal's moments."""
        total = np.zeros_like(q)
        for end, z in zip((self.high, -self.low), self._ends(np.sqrt(q)), strict=True):
            # E[x^2; 0 < x < z] = P(chi^2_3 < z^2) / 2; beyond, the value is the end itself.
            total += q * gammainc(1.5, z**2 / 2) / 2 + end**2 * _above(z)
        return total

    def slope(self, q: FloatArray) -> FloatArray:
        """P(low < u < high); at a kink itself, the square of the mean derivative."""
        inside = 1 - sum(_above(end) for end in self._ends(np.sqrt(q)))
        return np.where(q > 0, inside, inside**2)

    def _ends(self, root: FloatArray) -> list[FloatArray]:
        """high / sqrt q and -low / sqrt q."""
        return [_ratio(self.high, root), _ratio(-self.low, root)]

    def _pairs(self, a: list[FloatArray], b: list[FloatArray]) -> list[tuple[FloatArray, FloatArray]]:
        pairs = list(zip(a, b, strict=True))
        return pairs[:1] if self.low == -self.high else pairs


@dataclass(frozen=True)
class _Corner:
    """For standard normal x, y with correlation rho: P(x > a, y > b) and E[(x - a)+ (y - b)+], a, b > 0."""

    probability: FloatArray
    product: FloatArray

    @classmethod
    def of(cls, a: FloatArray, b: FloatArray, rho: FloatArray) -> "_Corner":
        """P = (Q(a) + Q(b)) / 2 - T(a, s) - T(b, t) (Owen 1956), and the expectation by parts from it.

        With r = sqrt(1 - rho^2), s = (b - rho a) / (a r) and t = (a - rho b) / (b r):
        (a b + rho) P + r density(a) density(a s) - b density(a) Q(a s) - a density(b) Q(b t).
        """
        root = np.sqrt((1 - rho) * (1 + rho))
        s, t = _direction(a, b, rho, root), _direction(b, a, rho, root)
        probability = (_above(a) + _above(b)) / 2 - _owens_t(a, s) - _owens_t(b, t)
        a_s, b_t = np.clip(a * s, -FAR, FAR), np.clip(b * t, -FAR, FAR)
        product = (a * b + rho) * probability + root * normal_density(a) * normal_density(a_s)
        product -= b * normal_density(a) * _above(a_s) + a * normal_density(b) * _above(b_t)
        return cls(probability, product)


def _direction(a: FloatArray, b: FloatArray, rho: FloatArray, root: FloatArray) -> FloatArray:
    """(b - rho a) / (a r); 0 or infinite, but for practical purposes, where r = 0."""
    return np.asarray(((b - a) + a * (1 - rho)) / np.maximum(a * root, 1e-290))


def _owens_t(h: FloatArray, a: FloatArray) -> FloatArray:
    """Owen's T; for an end at 0 it is an arctan, which is quicker."""
    if h.max() <= NEAR:
        return np.asarray(np.arctan(a) / (2 * np.pi))
    return np.asarray(owens_t(h, a))


def _ratio(end: float, root: FloatArray) -> FloatArray:
    """end / sqrt q, at most FAR; a 0 is as good as the smallest ratio, and gives 0 / 0 its limit."""
    ratio = np.divide(end, root, out=np.full_like(root, FAR if end else 0.0), where=root > 0)
    return np.clip(ratio, NEAR, FAR)


def _above(x: FloatArray) -> FloatArray:
    """P(z > x)."""
    return np.asarray(ndtr(-x))
