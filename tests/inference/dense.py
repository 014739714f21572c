"""A dense matrix as an operator."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray


@dataclass(frozen=True)
class Dense:
    """A symmetric matrix (n, n), known by its products."""

    matrix: FloatArray

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.matrix)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the entries."""
        return self.matrix.dtype

    @property
    def diagonal(self) -> FloatArray:
        """(n,)."""
        return self.matrix.diagonal()

    def product(self, b: FloatArray) -> FloatArray:
        """A b."""
        return self.matrix @ b

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b, with the lower triangle and half of the diagonal."""
        return (np.tril(self.matrix) - np.diag(self.diagonal / 2)) @ b
