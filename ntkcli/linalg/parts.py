"""BLAS on parts of arrays, in place and without Python's lock, so that several threads can compute at once.

Arrays lie by columns: they are Fortran-ordered, or rows and columns of such, all in float64 or all in
float32. SciPy's functions keep the lock and copy parts of arrays: they are called where `routine` has none.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import cython_blas, get_blas_funcs

from ntkcli.arrays import FloatArray
from ntkcli.linalg.routine import routine

# The arguments of a routine: (c)haracters, (i)ntegers, and (r)eals.
LAYOUTS = {
    "gemm": "cciiirririrri",
    "symm": "cciirririrri",
    "syrk": "cciirrirri",
    "trmm": "cccciirriri",
    "trsm": "cccciirriri",
}
PRECISIONS = {"d": "d", "f": "s"}
LETTERS = {False: b"N", True: b"T"}

_ROUTINES: dict[tuple[str, str], Callable[..., None] | None] = {
    (name, dtype): routine(cython_blas, precision + name, layout.replace("r", precision))
    for name, layout in LAYOUTS.items()
    for dtype, precision in PRECISIONS.items()
}


def add_product(
    c: FloatArray,
    a: FloatArray,
    b: FloatArray,
    factor: float = 1.0,
    *,
    trans_a: bool = False,
    trans_b: bool = False,
) -> None:
    """Add a factor times A B to C, or with the transpose of A or of B in its place."""
    if not c.size:
        return
    if not _has("gemm", c):
        c[...] = _of_scipy("gemm", c)(factor, a, b, 1.0, c, trans_a=trans_a, trans_b=trans_b)
    else:
        inner = a.shape[0] if trans_a else a.shape[1]
        _call("gemm", LETTERS[trans_a], LETTERS[trans_b], *c.shape, inner, factor, a, b, 1.0, c)


def add_symmetric_product(c: FloatArray, lower: FloatArray, b: FloatArray) -> None:
    """Add S B to C, for S symmetric, whose lower triangle is read."""
    if not c.size:
        return
    if not _has("symm", c):
        c[...] = _of_scipy("symm", c)(1.0, lower, b, 1.0, c, lower=1)
    else:
        _call("symm", b"L", b"L", *c.shape, 1.0, lower, b, 1.0, c)


def subtract_square(c: FloatArray, a: FloatArray) -> None:
    """Subtract A A^T from the lower triangle of C."""
    if not c.size:
        return
    if not _has("syrk", c):
        c[...] = _of_scipy("syrk", c)(-1.0, a, 1.0, c, lower=1)
    else:
        _call("syrk", b"L", b"N", *a.shape, -1.0, a, 1.0, c)


def multiply(b: FloatArray, lower: FloatArray) -> None:
    """Replace B by L B."""
    _by_triangle("trmm", lower, b, transposed=False, right=False)


def divide(b: FloatArray, lower: FloatArray, *, transposed: bool = False, right: bool = False) -> None:
    """Replace B by T^{-1} B, or by B T^{-1} on the right, for T = L or its transpose."""
    _by_triangle("trsm", lower, b, transposed=transposed, right=right)


def _by_triangle(name: str, lower: FloatArray, b: FloatArray, *, transposed: bool, right: bool) -> None:
    if not b.size:
        return
    if not _has(name, b):
        b[...] = _of_scipy(name, b)(1.0, lower, b, side=right, lower=1, trans_a=transposed)
    else:
        side = b"R" if right else b"L"
        _call(name, side, b"L", LETTERS[transposed], b"N", *b.shape, 1.0, lower, b)


def _has(name: str, array: FloatArray) -> bool:
    return _ROUTINES[name, array.dtype.char] is not None


def _of_scipy(name: str, array: FloatArray) -> Callable[..., FloatArray]:
    (function,) = get_blas_funcs((name,), dtype=array.dtype)
    found: Callable[..., FloatArray] = function
    return found


def _call(name: str, *arguments: Any) -> None:
    """Call a routine with characters, integers, reals, and arrays, each with the distance of its columns.

    Raises:
        ValueError: an array does not lie by columns, or is of another type than the last.
    """
    dtype, given = arguments[-1].dtype, []
    for argument in arguments:
        given.append(argument)
        if isinstance(argument, np.ndarray):
            given.append(_distance(argument, dtype))
    call = _ROUTINES[name, dtype.char]
    assert call
    call(*given)


def _distance(array: FloatArray, dtype: np.dtype[Any]) -> int:
    """From one column to the next, in numbers."""
    rows, columns = array.shape
    step, distance = (stride // array.itemsize for stride in array.strides)
    distance = distance if columns > 1 else max(rows, 1)
    if array.dtype != dtype or (rows > 1 and step != 1) or distance < rows:
        raise ValueError("BLAS takes arrays of one type whose columns lie one after another")
    return max(distance, 1)
