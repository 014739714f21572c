"""Polynomials of the entries of a tile, in its arrays."""

from collections.abc import Sequence

import numpy as np

from ntkcli.arrays import FloatArray


def horner(coefficients: Sequence[float], x: FloatArray, out: FloatArray) -> None:
    """Fill `out` with sum_k coefficients[k] x^k by Horner's rule; `out` is not x."""
    if len(coefficients) == 1:
        out.fill(coefficients[0])
        return
    np.multiply(x, coefficients[-1], out=out)
    out += coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        out *= x
        out += coefficient
