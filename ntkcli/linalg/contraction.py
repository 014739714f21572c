"""Products of columns with columns."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.product import product


def column_dots(a: FloatArray, b: FloatArray) -> FloatArray:
    """Inner products of the columns of a with those of b, both (n, c): (c,)."""
    return np.asarray(np.einsum("ij,ij->j", a, b))


def contract(a: FloatArray, b: FloatArray, *, full: bool) -> FloatArray:
    """a^T b for a, b (n, m), or its diagonal (m,) alone."""
    return product(a.T, b) if full else column_dots(a, b)
