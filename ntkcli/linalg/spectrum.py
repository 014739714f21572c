"""The eigendecomposition of a symmetric matrix, for functions of the matrix."""

from typing import Self

import numpy as np
from scipy.linalg import LinAlgError, eigh
from threadpoolctl import threadpool_limits

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.linalg.singular import SingularMatrixError, rounding_level

# Below, several threads gain little and, on a busy machine, lose a hundredfold by waiting for each other.
ONE_THREAD_ROWS = 2000


class Spectrum:
    """G = V diag(eigenvalues) V^T of a symmetric positive semidefinite matrix.

    smallest: the smallest eigenvalue as computed; of `eigenvalues`, what rounding made negative is 0.

    Args:
        matrix: G (n, n), Fortran-ordered; overwritten by V.
        alone: whether no other thread computes meanwhile. SciPy holds Python's lock while LAPACK works, which
            NumPy does not, at the price of a copy.

    Raises:
        NumericalError: LAPACK's iteration does not converge.
    """

    def __init__(self, matrix: FloatArray, *, alone: bool = True) -> None:
        self._largest_diagonal = float(matrix.diagonal().max())
        try:
            eigenvalues, vectors = _decomposed(matrix) if alone else np.linalg.eigh(matrix)
        except LinAlgError as error:
            raise NumericalError(
                f"the eigendecomposition failed ({error}): use compute.solver: lanczos"
            ) from error
        self.smallest = float(eigenvalues[0])
        self.eigenvalues: FloatArray = np.maximum(eigenvalues, 0.0)
        self.vectors: FloatArray = vectors

    @classmethod
    def known(cls, eigenvalues: FloatArray, vectors: FloatArray, smallest: float) -> Self:
        """One that was computed before; `smallest` as below zero as it came."""
        spectrum = cls.__new__(cls)
        spectrum.eigenvalues, spectrum.vectors, spectrum.smallest = eigenvalues, vectors, smallest
        return spectrum

    def rotate(self, b: FloatArray) -> FloatArray:
        """V^T b for b (n, c), in V's precision."""
        return self.vectors.T @ b.astype(self.vectors.dtype, copy=False)

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


def _decomposed(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues, ascending, and eigenvectors, in the matrix's memory."""
    with threadpool_limits(1 if len(matrix) < ONE_THREAD_ROWS else None, user_api="blas"):
        values, vectors = eigh(matrix, overwrite_a=True, check_finite=False, driver="evd")
    return values, vectors
