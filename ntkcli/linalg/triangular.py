"""The product with a triangular matrix, which several threads can compute at once."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.parts import multiply


def triangular_product(lower: FloatArray, rows: FloatArray) -> None:
    """Replace every row v of an array by T v.

    Args:
        lower: T (r, r), lower triangular and Fortran-ordered float64.
        rows: (c, r), C-ordered float64; overwritten.

    Raises:
        ValueError: an array is not what it should be.
    """
    r, count = len(lower), len(rows)
    is_fit = lower.flags.f_contiguous and rows.flags.c_contiguous and lower.dtype == rows.dtype == np.float64
    if not (is_fit and lower.shape == (r, r) and rows.shape == (count, r)):
        raise ValueError("a triangular product takes float64, T by columns and what it is applied to by rows")
    multiply(rows.T, lower)
