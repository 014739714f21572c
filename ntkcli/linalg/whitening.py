"""Whitening: the linear map that makes the kernels with some rows coordinates whose products are kernels."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dpstrf

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.errors import NumericalError
from ntkcli.linalg.singular import rounding_level
from ntkcli.linalg.triangle import cholesky_factor, triangular_inverse
from ntkcli.linalg.triangular import triangular_product


@dataclass(frozen=True)
class Whitening:
    """The map v -> L^{-1} v[order], with K[order, order] = L L^T the Cholesky factors of K (m, m).

    Rows of K that depend on others to rounding have no coordinate: L is (r, r) with r <= m.

    rows: m.
    order: (r,), the rows of K that have a coordinate; in the order of their pivots where these are not all.
    inverse: L^{-1} (r, r), lower triangular and Fortran-ordered.
    """

    rows: int
    order: IntArray
    inverse: FloatArray

    @classmethod
    def of(cls, matrix: FloatArray) -> Self:
        """Factor a matrix.

        Args:
            matrix: K (m, m), symmetric positive semidefinite.

        Raises:
            NumericalError: every entry of the diagonal is 0.

        Higham 2002, section 10.3.
        """
        m, largest = len(matrix), float(matrix.diagonal().max(initial=0.0))
        if not largest > 0:
            raise NumericalError("the kernel of every centre is 0: give network.sigma_b a value above 0")
        rounding = rounding_level(m, np.float64, largest)
        lower = cholesky_factor(matrix)
        if lower is not None and lower.diagonal().min() ** 2 > rounding:
            return cls(m, np.arange(m), triangular_inverse(lower))
        factor, pivots, rank, _ = dpstrf(matrix, tol=rounding, lower=1)
        return cls(m, pivots[:rank] - 1, triangular_inverse(np.tril(factor[:rank, :rank])))

    @cached_property
    def _is_in_order(self) -> bool:
        """Whether every row has its coordinate at its own place."""
        return np.array_equal(self.order, np.arange(self.rows))

    @property
    def rank(self) -> int:
        """The number of coordinates, r."""
        return len(self.order)

    def apply(self, values: FloatArray) -> FloatArray:
        """L^{-1} v[order] for every row v of values (c, m), which are used up, as rows (c, r)."""
        out = values if self._is_in_order else np.ascontiguousarray(values[:, self.order])
        # A product with the inverse is as quick as any product; BLAS solves at two thirds of that rate.
        triangular_product(self.inverse, out)
        return out

    def followed_by(self, matrix: FloatArray) -> FloatArray:
        """The map (m, c) whose product with a row v (m,) is (L^{-1} v[order])^T B, for B (r, c)."""
        out = np.zeros((self.rows, matrix.shape[1]), order="F")
        out[self.order] = dtrmm(1.0, self.inverse, matrix, lower=1, trans_a=1)
        return out
