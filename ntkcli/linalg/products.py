"""Sums of products of tall matrices, in place."""

from scipy.linalg.blas import dsyrk

from ntkcli.arrays import FloatArray


def add_square(total: FloatArray, rows: FloatArray) -> None:
    """Add R^T R to the lower triangle of a symmetric matrix, in place.

    Args:
        total: (r, r), Fortran-ordered float64.
        rows: R (c, r), C-ordered float64.
    """
    dsyrk(1.0, rows.T, beta=1.0, c=total, lower=1, overwrite_c=1)
