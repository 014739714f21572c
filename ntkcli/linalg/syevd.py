"""The eigendecomposition of a symmetric matrix by divide and conquer, as LAPACK has it."""

import ctypes

import numpy as np
from scipy.linalg import LinAlgError, cython_lapack, eigh
from scipy.linalg.lapack import dsyevd_lwork, ssyevd_lwork

from ntkcli.arrays import FloatArray
from ntkcli.linalg.routine import routine

_SYEVD = {
    np.dtype(np.float64): routine(cython_lapack, "dsyevd", "ccididdiiii"),
    np.dtype(np.float32): routine(cython_lapack, "ssyevd", "ccisissiiii"),
}
_WORK_SIZES = {np.dtype(np.float64): dsyevd_lwork, np.dtype(np.float32): ssyevd_lwork}


def syevd(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues (n,), ascending, and eigenvectors (n, n), with which the matrix is overwritten.

    They are those of scipy's eigh with its driver evd, to the bit. It is what is called where LAPACK has
    integers of another kind, and keeps Python's lock.

    Args:
        matrix: (n, n), n > 0, of float64 or float32, whose lower triangle is read; copied if it is not
            Fortran-ordered.

    Raises:
        LinAlgError: the iteration does not converge, or the matrix is too large.
    """
    # What LAPACK writes to.
    vectors = np.require(matrix, requirements=("F_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
    call, n = _SYEVD[matrix.dtype], len(matrix)
    if call is None:
        values, vectors = eigh(vectors, overwrite_a=True, check_finite=False, driver="evd")
        return values, vectors
    size, integers, _ = _WORK_SIZES[matrix.dtype](n, compute_v=1, lower=1)
    # Of a number in single precision that may have been rounded down.
    work = np.empty(int(np.nextafter(matrix.dtype.type(size), np.inf)), matrix.dtype)
    integer_work = np.empty(integers, np.intc)
    values = np.empty(n, matrix.dtype)
    info = ctypes.c_int()
    call(b"V", b"L", n, vectors, n, values, work, len(work), integer_work, integers, info)
    if info.value:
        raise LinAlgError(f"LAPACK's syevd ends with info {info.value}")
    return values, vectors
