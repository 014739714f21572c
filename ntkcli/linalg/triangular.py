"""The product with a triangular matrix, which several threads can compute at once."""

import ctypes
from typing import Any

import numpy as np
from scipy.linalg import cython_blas
from scipy.linalg.blas import dtrmm

from ntkcli.arrays import FloatArray

REAL = "__pyx_t_5scipy_6linalg_11cython_blas_d *"
# Of a BLAS whose integers are C's.
SIGNATURE = f"void ({'char *, ' * 4}int *, int *, {REAL}, {REAL}, int *, {REAL}, int *)"


def _entry() -> Any:
    """The dtrmm that scipy has for Cython, called without Python's lock; None if its integers are others."""
    capsule = cython_blas.__pyx_capi__["dtrmm"]
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    signature = name(capsule)
    if signature.decode() != SIGNATURE:
        return None
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 11)(pointer(capsule, signature))


_DTRMM = _entry()


def triangular_product(lower: FloatArray, rows: FloatArray) -> None:
    """Replace every row v of an array by T v.

    scipy's own function keeps Python's lock, so that threads would wait for each other: it is what is called
    where a BLAS has integers of another kind.

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
    if _DTRMM is None:
        dtrmm(1.0, lower, rows.T, lower=1, overwrite_b=1)
    elif r and count:
        size, length, one = ctypes.c_int(r), ctypes.c_int(count), ctypes.c_double(1.0)
        at = ctypes.byref
        # Left, lower, not transposed, with a diagonal of its own: T times the transpose of the rows.
        _DTRMM(
            *(b"L", b"L", b"N", b"N"),
            *(at(size), at(length), at(one), lower.ctypes.data, at(size), rows.ctypes.data, at(size)),
        )
