"""P^(-1/2) of a low-rank matrix with a ridge: what makes conjugate gradients need few products."""

import math
from typing import Self

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.linalg.pivoted_cholesky import LowRank
from ntkcli.linalg.product import product


class Preconditioner:
    """P = F F^T + shift I, the (n, n) matrix that takes a Gram matrix's place.

        P^(-1/2) v = (v - F R diag(c) R^T F^T v) / sqrt(shift),    c = (1 - sqrt(shift / (g + shift))) / g

    with F^T F = R diag(g) R^T. No c is above 1 / (2 shift), and so columns of F that hardly differ do no
    harm. It is symmetric whatever rounding does.

    Args:
        factor: F (n, r), of the type that products with it are made in.
        rotation: R (r, r), orthogonal.
        shares: c (r,).
        shift: > 0.
    """

    def __init__(self, factor: FloatArray, rotation: FloatArray, shares: FloatArray, shift: float) -> None:
        self.factor, self._rotation, self._shares, self.shift = factor, rotation, shares, shift

    @classmethod
    def of(cls, low_rank: LowRank, shift: float, dtype: npt.DTypeLike = np.float64) -> Self:
        """Take a low-rank matrix's factor, whose memory is used up if `dtype` is float32."""
        factor = low_rank.factor
        squares, rotation = np.linalg.eigh(product(factor.T, factor))
        roots = np.sqrt(1.0 + np.maximum(squares, 0.0) / shift)
        shares = 1.0 / (shift * roots * (1.0 + roots))
        return cls(factor if np.dtype(dtype) == factor.dtype else _in_single(factor), rotation, shares, shift)

    def half_solve(self, v: FloatArray) -> FloatArray:
        """P^(-1/2) v for v (n, c)."""
        # BLAS multiplies few rows from the left faster than few columns from the right.
        rows = np.ascontiguousarray(v.T)
        found = product(rows.astype(self.factor.dtype, copy=False), self.factor) @ self._rotation
        found = (found * self._shares) @ self._rotation.T
        rows = rows - product(found.astype(self.factor.dtype, copy=False), self.factor.T)
        return np.ascontiguousarray(rows.T / math.sqrt(self.shift))


def _in_single(factor: FloatArray) -> FloatArray:
    """A Fortran-ordered matrix (n, r) in float32, in the first half of its own memory."""
    n, r = factor.shape
    single = factor.reshape(-1, order="F").view(np.float32)[: n * r].reshape((n, r), order="F")
    for column in range(r):
        # The first column lies where it is read.
        single[:, column] = factor[:, column].copy()
    return single
