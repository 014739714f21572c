"""The eigendecomposition of a symmetric matrix, for functions of the matrix."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.linalg import LinAlgError

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.linalg.product import product
from ntkcli.linalg.singular import SingularMatrixError, rounding_level
from ntkcli.linalg.syevd import syevd
from ntkcli.linalg.threads import lapack_threads


@dataclass(frozen=True)
class Spectrum:
    """G = V diag(g) V^T of a symmetric positive semidefinite matrix.

    eigenvalues: g (n,), ascending; what rounding made negative is 0.
    vectors: V (n, n).
    smallest: the smallest eigenvalue as it was computed, which may be negative.
    """

    eigenvalues: FloatArray
    vectors: FloatArray
    smallest: float

    @classmethod
    def of(cls, matrix: FloatArray) -> Self:
        """Decompose a matrix.

        Args:
            matrix: G (n, n); overwritten by V, or copied if it is not Fortran-ordered.

        Raises:
            NumericalError: LAPACK's iteration does not converge.
        """
        try:
            with lapack_threads(len(matrix)):
                eigenvalues, vectors = syevd(matrix)
        except LinAlgError as error:
            raise _failed(error) from error
        return cls(np.maximum(eigenvalues, 0.0), vectors, float(eigenvalues[0]))

    def rotate(self, b: FloatArray) -> FloatArray:
        """V^T b for b (n, c), in V's precision."""
        return product(self.vectors.T, b.astype(self.vectors.dtype, copy=False))

    def check_positive(self, ridge: float = 0.0) -> None:
        """Check that G + ridge I can be inverted.

        Raises:
            SingularMatrixError: neither is G's smallest eigenvalue above the rounding level of the largest,
                nor is the ridge above that of the diagonal (which is Cholesky's criterion).
        """
        n, dtype = len(self.eigenvalues), self.vectors.dtype
        regular = self.smallest > rounding_level(n, dtype, float(self.eigenvalues[-1]))
        if not regular and ridge <= rounding_level(n, dtype, self._largest_diagonal + ridge):
            raise SingularMatrixError(int(np.argmax(np.abs(self.vectors[:, 0]))), self.smallest + ridge)

    def is_positive(self, ridge: float = 0.0) -> bool:
        """Whether `check_positive` passes."""
        try:
            self.check_positive(ridge)
        except SingularMatrixError:
            return False
        return True

    @cached_property
    def _largest_diagonal(self) -> float:
        """Of G; the decomposition has overwritten G itself."""
        return float(np.max(np.einsum("ij,ij,j->i", self.vectors, self.vectors, self.eigenvalues)))


def eigenvalues_alone(matrix: FloatArray) -> FloatArray:
    """Eigenvalues g (n,) of a positive semidefinite matrix, ascending; what rounding made negative is 0.

    Raises:
        NumericalError: LAPACK's iteration does not converge.
    """
    try:
        with lapack_threads(len(matrix)):
            return np.asarray(np.maximum(np.linalg.eigvalsh(matrix), 0.0))
    except LinAlgError as error:
        raise _failed(error) from error


def _failed(error: LinAlgError) -> NumericalError:
    return NumericalError(f"the eigendecomposition failed ({error}): use another compute.solver")
