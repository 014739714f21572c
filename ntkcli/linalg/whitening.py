"""Whitening: the linear map that makes the kernels with some rows coordinates whose products are kernels."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotrf, dpstrf

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.errors import NumericalError
from ntkcli.linalg.singular import rounding_level

# Columns that are solved for at once: products between such blocks are nearly all of the work.
BLOCK = 512


@dataclass(frozen=True)
class Whitening:
    """The map v -> L^{-1} v[order], with K[order, order] = L L^T the Cholesky factors of K (m, m).

    Rows of K that depend on others to rounding have no coordinate: L is (r, r) with r <= m.

    rows: m.
    order: (r,), the rows of K that have a coordinate; in the order of their pivots where these are not all.
    lower: L (r, r).
    """

    rows: int
    order: IntArray
    lower: FloatArray

    @classmethod
    def of(cls, matrix: FloatArray) -> Self:
        """Factor a matrix.

        Args:
            matrix: K (m, m), symmetric positive semidefinite.

        Raises:
            NumericalError: every entry of the diagonal is 0.

        Higham 2002, section 10.3.
        """
        m, largest = len(matrix), float(matrix.diagonal().max())
        if not largest > 0:
            raise NumericalError("the kernel of every centre is 0: give network.sigma_b a value above 0")
        rounding = rounding_level(m, np.float64, largest)
        factor, failed = dpotrf(matrix, lower=1, clean=1)
        if not failed and factor.diagonal().min() ** 2 > rounding:
            return cls(m, np.arange(m), factor)
        factor, pivots, rank, _ = dpstrf(matrix, tol=rounding, lower=1)
        return cls(m, pivots[:rank] - 1, np.asfortranarray(np.tril(factor[:rank, :rank])))

    @cached_property
    def _is_in_order(self) -> bool:
        """Whether every row has its coordinate at its own place."""
        return np.array_equal(self.order, np.arange(self.rows))

    @property
    def rank(self) -> int:
        """The number of coordinates, r."""
        return len(self.order)

    def apply(self, values: FloatArray) -> FloatArray:
        """L^{-1} v[order] for every row v of values (c, m), as rows (c, r): in their place, where r is m.

        Blocks are solved for in turn, so that nearly all of it is products of matrices.
        """
        out = values if self._is_in_order else np.ascontiguousarray(values[:, self.order])
        for start, inverse in zip(range(0, self.rank, BLOCK), self._inverses, strict=True):
            block = slice(start, start + BLOCK)
            out[:, block] -= out[:, :start] @ self.lower[block, :start].T
            out[:, block] = out[:, block] @ inverse.T
        return out

    def followed_by(self, matrix: FloatArray) -> FloatArray:
        """The map (m, c) whose product with a row v (m,) is (L^{-1} v[order])^T B, for B (r, c)."""
        out = np.zeros((self.rows, matrix.shape[1]), order="F")
        out[self.order] = solve_triangular(self.lower, matrix, trans=1, lower=True, check_finite=False)
        return out

    @cached_property
    def _inverses(self) -> list[FloatArray]:
        """Of the blocks on the diagonal of L."""
        found = []
        for start in range(0, self.rank, BLOCK):
            block = self.lower[start : start + BLOCK, start : start + BLOCK]
            found.append(solve_triangular(block, np.eye(len(block)), lower=True, check_finite=False))
        return found
