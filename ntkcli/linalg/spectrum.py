"""The eigendecomposition of a symmetric matrix, and functions of the matrix from it."""

import numpy as np
from scipy.linalg import LinAlgError, eigh

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.linalg.singular import SingularMatrixError, rounding_level


class Spectrum:
    """G = V diag(eigenvalues) V^T of a symmetric positive semidefinite matrix.

    Args:
        matrix: G (n, n), Fortran-ordered; overwritten by V. Eigenvalues that rounding made negative
            become 0.

    Raises:
        NumericalError: LAPACK's iteration does not converge.
    """

    def __init__(self, matrix: FloatArray) -> None:
        try:
            eigenvalues, vectors = eigh(matrix, overwrite_a=True, check_finite=False, driver="evd")
        except LinAlgError as error:
            raise NumericalError(f"the eigendecomposition of the Gram matrix failed: {error}") from error
        self.eigenvalues: FloatArray = np.maximum(eigenvalues, 0.0)
        self.vectors: FloatArray = vectors

    def rotate(self, b: FloatArray) -> FloatArray:
        """V^T b for b (n, c)."""
        return self.vectors.T @ b

    def apply(self, values: FloatArray, b: FloatArray) -> FloatArray:
        """V diag(values) V^T b: the function of G that has these values at its eigenvalues, times b."""
        return self.vectors @ (values[:, None] * self.rotate(b))

    def check_positive(self, ridge: float = 0.0) -> None:
        """Check that G + ridge I can be inverted.

        Raises:
            SingularMatrixError: its smallest eigenvalue is not above the rounding level of the largest.
        """
        smallest, largest = (float(self.eigenvalues[i]) + ridge for i in (0, -1))
        if smallest <= rounding_level(len(self.eigenvalues), self.vectors.dtype, largest):
            raise SingularMatrixError(int(np.argmax(np.abs(self.vectors[:, 0]))), smallest)
