"""The Cholesky factor of a matrix, and the inverse of a triangular one, as LAPACK has them."""

import ctypes

import numpy as np
from scipy.linalg import cython_lapack
from scipy.linalg.lapack import dpotrf, dtrtri

from ntkcli.arrays import FloatArray
from ntkcli.linalg.routine import routine

_POTRF, _TRTRI = routine(cython_lapack, "dpotrf", "cidii"), routine(cython_lapack, "dtrtri", "ccidii")


def cholesky_factor(matrix: FloatArray) -> FloatArray | None:
    """L (m, m) of K = L L^T, Fortran-ordered; None where K is not positive definite.

    It is that of scipy's dpotrf, to the bit, which is called where LAPACK has integers of another kind.

    Args:
        matrix: K (m, m), m > 0, in float64; its lower triangle is read.
    """
    if _POTRF is None:
        factor, failed = dpotrf(matrix, lower=1, clean=1)
        return None if failed else factor
    factor = np.array(matrix, np.float64, order="F")
    m, failed = len(factor), ctypes.c_int()
    _POTRF(b"L", m, factor, m, failed)
    # Where K was, without another copy.
    for column in range(1, m):
        factor[:column, column] = 0.0
    return None if failed.value else factor


def triangular_inverse(lower: FloatArray) -> FloatArray:
    """The inverse of a lower triangular matrix whose diagonal is positive, in its place if that may be.

    It is that of scipy's dtrtri, to the bit, which is called where LAPACK has integers of another kind.
    """
    inverse = np.require(lower, np.float64, ("F_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
    if _TRTRI is None:
        return np.asarray(dtrtri(inverse, lower=1, overwrite_c=1)[0])
    m = len(inverse)
    _TRTRI(b"L", b"N", m, inverse, m, ctypes.c_int())
    return inverse
