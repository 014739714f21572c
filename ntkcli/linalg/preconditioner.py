"""P^(-1/2) of a low-rank matrix with a ridge: what makes conjugate gradients need few products."""

import math
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.pivoted_cholesky import LowRank

# Eigenvalues of F^T F below this share of the largest are rounding.
ROUNDING = 1e-14
STRIP_ROWS = 4096


class Preconditioner:
    """P = U diag(g) U^T + shift I, the (n, n) matrix that takes a low-rank approximation's place.

        P^(-1/2) v = (v - U diag(1 - sqrt(shift / (g + shift))) U^T v) / sqrt(shift)

    It is symmetric whatever rounding does to U.

    Args:
        vectors: U (n, r), with orthonormal columns.
        eigenvalues: g (r,).
        shift: > 0.
    """

    def __init__(self, vectors: FloatArray, eigenvalues: FloatArray, shift: float) -> None:
        self.vectors, self.eigenvalues, self.shift = vectors, eigenvalues, shift
        self._values = 1.0 / np.sqrt(eigenvalues / shift + 1.0)

    @classmethod
    def of(cls, low_rank: LowRank, shift: float) -> Self:
        """Take the eigenvectors of F F^T, in the place of F."""
        factor = low_rank.factor
        squares, rotation = np.linalg.eigh(factor.T @ factor)
        kept = squares > ROUNDING * squares.max(initial=0.0)
        rotation = rotation[:, kept] / np.sqrt(squares[kept])
        for start in range(0, len(factor), STRIP_ROWS):
            strip = factor[start : start + STRIP_ROWS]
            strip[:, : rotation.shape[1]] = strip @ rotation
        return cls(factor[:, : rotation.shape[1]], squares[kept], shift)

    @property
    def largest(self) -> float:
        """The largest eigenvalue of F F^T; 0 if there is none."""
        return float(self.eigenvalues.max(initial=0.0))

    def half_solve(self, v: FloatArray) -> FloatArray:
        """P^(-1/2) v for v (n, c)."""
        # BLAS multiplies few rows from the left faster than few columns from the right.
        rows = np.ascontiguousarray(v.T)
        shares = (self._values - 1.0) * (rows @ self.vectors)
        return np.ascontiguousarray((rows + shares @ self.vectors.T).T / math.sqrt(self.shift))
