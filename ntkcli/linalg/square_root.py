"""A square root of a positive semidefinite matrix, from its products: normal vectors with that covariance."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.chebyshev import chebyshev_coefficients, chebyshev_vectors
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.eigenpairs import BlockKrylov
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.pivoted_cholesky import LowRank, randomly_pivoted_cholesky, usual_rank
from ntkcli.linalg.product import product

# Blocks of columns that the largest eigenvalue of what is left is found by, and their width.
BLOCKS, WIDTH = 4, 32
# Above the largest eigenvalue that was found; and above that, where it was too low after all.
MARGIN, LARGER = 1.1, 1.5
# The shift is this share of the largest eigenvalue left, at least: the degree grows as its root's inverse.
LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class SquareRoot:
    """S with S S^T = A + shift D, D = diag(A), for a symmetric positive semidefinite A (n, n).

        S = [F, D^(1/2) (C + shift I)^(1/2)],    A = F F^T + D^(1/2) C D^(1/2)

    F is a partial Cholesky factor, which has A's large eigenvalues, and C the rest in units of the diagonal.
    Its root is a Chebyshev polynomial. The shift keeps that away from the root's branch point at 0, where no
    polynomial comes near it; rows of zeros have none.

    low_rank: F.
    bound: of C's eigenvalues.
    shift: positive; it may be more than was asked for.
    error: |S S^T - A - shift D| <= error (A + shift D), as quadratic forms.
    """

    matrix: ReadableOperator
    low_rank: LowRank
    bound: float
    shift: float
    error: float

    @classmethod
    def of(cls, matrix: ReadableOperator, shift: float, error: float) -> Self:
        """Prepare the square root of a matrix.

        Args:
            matrix: A.
            shift: that is wanted, in units of the diagonal, >= 0.
            error: relative, of the quadratic forms of S S^T.

        Chen, Epperly, Tropp & Webber 2024.
        """
        low_rank = randomly_pivoted_cholesky(matrix, usual_rank(matrix.n))
        bound = MARGIN * _largest(_Rest(matrix, low_rank))
        # Where there is nothing but rounding left, any shift is large beside it.
        least = max(LEAST_SHARE * bound, matrix.n * float(np.finfo(np.float64).eps))
        shift = max(shift, least)
        return cls(matrix, low_rank, max(bound, shift), shift, error)

    @cached_property
    def coefficients(self) -> FloatArray:
        """Of the polynomial for sqrt(c + shift) on [0, bound]."""
        cut_off = self.error / 3 * math.sqrt(self.shift)
        return chebyshev_coefficients(lambda c: np.sqrt(c + self.shift), self.bound, np.asarray(cut_off))

    @property
    def degree(self) -> int:
        """Of the polynomial."""
        return len(self.coefficients) - 1

    @property
    def columns(self) -> int:
        """Of S."""
        return self.low_rank.rank + self.matrix.n

    def product(self, b: FloatArray) -> FloatArray:
        """S b for b (columns, c): (n, c). Normal columns become such with the covariance S S^T."""
        rest = _Rest(self.matrix, self.low_rank)
        found = product(self.low_rank.factor, b[: self.low_rank.rank])
        found += rest.scale * self._rooted(rest, b[self.low_rank.rank :])
        return found

    def _rooted(self, rest: "_Rest", b: FloatArray) -> FloatArray:
        """(C + shift I)^(1/2) b, (n, c), with a larger bound where C turns out to need one."""
        found = np.zeros_like(b)
        try:
            vectors = chebyshev_vectors(rest.product, b, self.bound, len(self.coefficients))
            for coefficient, vector in zip(self.coefficients, vectors, strict=True):
                found += coefficient * vector
        except ConvergenceError:
            return replace(self, bound=LARGER * self.bound)._rooted(rest, b)
        return found


@dataclass(frozen=True)
class _Rest:
    """C = D^(-1/2) (A - F F^T) D^(-1/2): an operator; rows of zeros stay such."""

    matrix: ReadableOperator
    low_rank: LowRank

    @property
    def n(self) -> int:
        return self.matrix.n

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float64)

    @property
    def diagonal(self) -> FloatArray:
        left = self.matrix.diagonal - np.einsum("ij,ij->i", self.low_rank.factor, self.low_rank.factor)
        return np.asarray(left * self._inverse[:, 0] ** 2)

    @cached_property
    def scale(self) -> FloatArray:
        """D^(1/2), (n, 1)."""
        return np.sqrt(self.matrix.diagonal.astype(np.float64))[:, None]

    @cached_property
    def _inverse(self) -> FloatArray:
        return np.divide(1.0, self.scale, out=np.zeros_like(self.scale), where=self.scale > 0)

    def product(self, b: FloatArray) -> FloatArray:
        scaled = self._inverse * b
        image = self.matrix.product(scaled).astype(np.float64, copy=False)
        image -= product(self.low_rank.factor, product(self.low_rank.factor.T, scaled))
        image *= self._inverse
        return image

    def half_product(self, b: FloatArray) -> FloatArray:
        return self.product(b) / 2


def _largest(rest: _Rest) -> float:
    """C's largest eigenvalue, or a little more."""
    space = BlockKrylov(rest, WIDTH)
    for _ in range(BLOCKS):
        if not space.is_all:
            space.extend()
    ritz = space.ritz()
    return max(float(ritz.values[0] + ritz.residuals[0]), 0.0)
