"""Scaling: columns are shifted to mean 0 and scaled to variance 1, or left as they are."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Scaling:
    """The map x -> (x - mean) / scale of every column.

    mean, scale: (columns,), in the columns' units.
    """

    mean: FloatArray
    scale: FloatArray

    @classmethod
    def identity(cls, columns: int) -> Self:
        """Return the scaling that leaves some number of columns as they are."""
        return cls(np.zeros(columns), np.ones(columns))

    @classmethod
    def standard(cls, values: FloatArray, counts: FloatArray | None = None) -> Self:
        """Return the scaling by mean and standard deviation (divisor n); a constant column is only shifted.

        Deviations are divided by the largest before they are squared, so that any unit will do.

        Args:
            values: (rows, columns).
            counts: how often each row is there, (rows,), whole or not; None for once.
        """
        constant = constant_columns(values)
        mean = np.where(constant, values[0], np.average(values, axis=0, weights=counts))
        largest = np.where(constant, 1.0, np.abs(values - mean).max(axis=0))
        scale = largest * np.sqrt(np.average(((values - mean) / largest) ** 2, axis=0, weights=counts))
        return cls(mean, np.where(constant, 1.0, scale))

    def apply(self, values: FloatArray) -> FloatArray:
        """Scale values (rows, columns); inf where one is too far from the mean for float64."""
        with np.errstate(over="ignore"):
            return (values - self.mean) / self.scale

    def undo(self, values: FloatArray) -> FloatArray:
        """Return the values (rows, columns) that `apply` maps to these."""
        return values * self.scale + self.mean


def constant_columns(values: FloatArray) -> BoolArray:
    """Return which columns of (rows, columns) have one value only, compared exactly."""
    constant: BoolArray = values.min(axis=0) == values.max(axis=0)
    return constant


def normalize_rows(values: FloatArray) -> None:
    """Scale every row of (rows, columns) to Euclidean norm 1, in place; a row of zeros stays as it is.

    Rows are divided by their largest entry before they are squared, so that any unit will do.
    """
    for size in (_largest, _norm):
        divisor = size(values)
        values /= np.where(divisor > 0, divisor, 1.0)[:, None]


def _largest(values: FloatArray) -> FloatArray:
    return np.asarray(np.abs(values).max(axis=1))


def _norm(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", values, values)))
