"""A symmetric matrix as one array."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.product import product


@dataclass(frozen=True)
class DenseOperator:
    """A symmetric matrix A (n, n) that is small enough for one array.

    matrix: A, whole.
    """

    matrix: FloatArray

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.matrix)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""
        return self.matrix.dtype

    @property
    def diagonal(self) -> FloatArray:
        """The diagonal, (n,)."""
        return np.asarray(self.matrix.diagonal())

    def product(self, b: FloatArray) -> FloatArray:
        """A b for b (n, c)."""
        return product(self.matrix, b)

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = A: T is half of A."""
        return 0.5 * self.product(b)
