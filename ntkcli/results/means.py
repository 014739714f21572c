"""The means of columns whose rows come in parts, far from the origin too."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray


@dataclass(frozen=True)
class Means:
    """The mean of some rows, kept as the distance from one of them: origin + offset.

    So a column with one value has it as its mean exactly, and means of parts that are far from 0 have a
    difference with as many digits as the rows have.

    rows: number of rows.
    origin: a row, (c,), or () of single numbers.
    offset: the mean less the origin, of the same shape.
    """

    rows: int
    origin: FloatArray
    offset: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> tuple[Self, FloatArray]:
        """Return the means of rows, and the rows less them: exact zeros where a column has one value.

        Args:
            values: (n, c), or (n,).
        """
        if not len(values):
            nothing = np.zeros(values.shape[1:])
            return cls(0, nothing, nothing), np.zeros(values.shape)
        # A copy: a view would keep all rows.
        origin = np.array(values[0], dtype=np.float64)
        rest = values - origin
        offset = np.asarray(rest.mean(axis=0))
        return cls(len(values), origin, offset), np.asarray(rest - offset)

    @property
    def values(self) -> FloatArray:
        """The means themselves, of the shape of a row."""
        return np.asarray(self.origin + self.offset)

    def between(self, other: Self) -> FloatArray:
        """Return the row whose square is what two parts' sums of squares lack, around the means of both.

            sqrt(a b / (a + b)) (mean_b - mean_a)

        for parts of a and b rows.

        Args:
            other: of the other part.

        Chan, Golub & LeVeque 1983, equation (2.1).
        """
        weight = np.sqrt(self.rows * (other.rows / max(self.rows + other.rows, 1)))
        return np.asarray(weight * self._to(other))

    def __add__(self, other: Self) -> Self:
        """The means of both parts' rows."""
        if not self.rows:
            return other
        rows = self.rows + other.rows
        return type(self)(rows, self.origin, self.offset + other.rows / rows * self._to(other))

    def _to(self, other: Self) -> FloatArray:
        """The other means less these."""
        return np.asarray((other.origin - self.origin) + (other.offset - self.offset))
