"""Power series with a coefficient of each row and each column: sum_k A_ik B_jk x_ij^k."""

import numpy as np

from ntkcli.arrays import FloatArray


def power_series(a: FloatArray, b: FloatArray, x: FloatArray, *, out: FloatArray, work: FloatArray) -> None:
    """Fill `out` (n, m) with sum_k a[k, i] b[k, j] x[i, j]^k by Horner's rule.

    a: (p, n) coefficients of the rows. b: (p, m) coefficients of the columns. x: (n, m).
    """
    np.multiply(a[-1][:, None], b[-1], out=out)
    for row, column in zip(a[-2::-1], b[-2::-1], strict=True):
        out *= x
        np.multiply(row[:, None], column, out=work)
        out += work
