"""Chebyshev series whose coefficients depend on a row and a column: sum_k c_k(i, j) T_k(y_ij)."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray


@dataclass(frozen=True)
class ChebyshevTerms:
    """The coefficients as products c_k = L_k R_k^T of matrices with few columns.

    left, right: (n, r) and (m, r), the matrices of all terms side by side.
    ends: where the columns of each term end.
    """

    left: FloatArray
    right: FloatArray
    ends: tuple[int, ...]

    @classmethod
    def of(cls, coefficients: FloatArray, tolerance: float) -> Self:
        """From symmetric coefficients (terms, n, n); last ones, together below `tolerance`, are truncated."""
        sizes = np.abs(coefficients).max(axis=(1, 2), initial=0)
        truncated = np.cumsum(sizes[::-1])[::-1]
        left, right, ends = [np.empty((coefficients.shape[1], 0))], [], []
        for coefficient in coefficients[truncated > tolerance]:
            values, vectors = np.linalg.eigh((coefficient + coefficient.T) / 2)
            kept = np.abs(values) > tolerance / 10
            left.append(vectors[:, kept] * values[kept])
            right.append(vectors[:, kept])
            ends.append(sum(columns.shape[1] for columns in right))
        return cls(np.hstack(left), np.hstack([left[0], *right]), tuple(ends))

    def between(self, a: FloatArray, b: FloatArray) -> Self:
        """For rows and columns that are combinations (n', n) and (m', n) of those here."""
        return type(self)(a @ self.left, b @ self.right, self.ends)

    def fill(self, double_y: FloatArray, *, out: FloatArray, work: list[FloatArray]) -> None:
        """Fill `out` (n, m) with the sum, by b_k = c_k + 2 y b_(k+1) - b_(k+2); needs two work arrays."""
        later, last, free = out, *work
        later.fill(0.0)
        last.fill(0.0)
        starts = (0, *self.ends[:-1])
        for k in range(len(self.ends) - 1, -1, -1):
            columns = slice(starts[k], self.ends[k])
            # The first one is c_0 + y b_1 - b_2.
            np.multiply(double_y, later, out=free)
            if k == 0:
                free *= 0.5
            free -= last
            np.matmul(self.left[:, columns], self.right[:, columns].T, out=last)
            free += last
            later, last, free = free, later, last
        if later is not out:
            np.copyto(out, later)
