"""Functions of the variance, interpolated over the range of a layer's variances."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.polynomial import chebyshev

from ntkcli.arrays import FloatArray

# A range narrower than this is one variance to rounding.
ONE_VARIANCE = 1e-14


@dataclass(frozen=True)
class VarianceGrid:
    """Chebyshev points between two variances in log q, in which the integrals of a smooth phi are analytic.

    low, high: the range, 0 < low <= high.
    count: number of points.
    """

    low: float
    high: float
    count: int

    @classmethod
    def of(cls, low: float, high: float, count: int) -> Self:
        """`count` points, or one if the range is one variance."""
        return cls(low, high, 1 if high <= low * (1 + ONE_VARIANCE) else count)

    @property
    def points(self) -> FloatArray:
        """The variances at the points, (count,)."""
        middle, half = self._middle_and_half()
        return np.exp(middle + half * chebyshev.chebpts1(self.count))

    def weights(self, q: FloatArray) -> FloatArray:
        """The matrix (n, count) that takes a function's values at the points to those at variances q (n,).

        Variances out of the range count as its ends.
        """
        if self.count == 1:
            return np.ones((len(q), 1))
        middle, half = self._middle_and_half()
        x = np.clip((np.log(np.clip(q, self.low, self.high)) - middle) / half, -1, 1)
        return chebyshev.chebvander(x, self.count - 1) @ coefficients_from_values(self.count)

    def _middle_and_half(self) -> tuple[float, float]:
        low, high = np.log(self.low), np.log(self.high)
        return (low + high) / 2, (high - low) / 2 or 1.0


def coefficients_from_values(count: int) -> FloatArray:
    """The matrix (count, count) that takes values at Chebyshev points of the first kind to coefficients."""
    matrix = chebyshev.chebvander(chebyshev.chebpts1(count), count - 1).T * (2 / count)
    matrix[0] /= 2
    return np.asarray(matrix)
