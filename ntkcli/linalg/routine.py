"""LAPACK's and BLAS's routines, called without Python's lock.

Those of scipy.linalg hold it until they return: no other thread runs meanwhile, and no signal is heard.
"""

import ctypes
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

# What arguments can be, by the letters that name them below.
KINDS = {"c": "char", "i": "int", "d": "double", "s": "float"}
TYPES: dict[str, Any] = {"i": ctypes.c_int, "d": ctypes.c_double, "s": ctypes.c_float}
# How scipy names its types of real numbers, which end in a letter of those.
REAL = re.compile(r"__pyx_t_\w+_([ds])\b")


def routine(module: ModuleType, name: str, kinds: str) -> Callable[..., None] | None:
    """A routine that scipy has for Cython; None if it takes other arguments, such as integers of 64 bits.

    It is called with bytes, numbers, arrays, and ctypes.c_int for what it writes there.

    Args:
        module: scipy.linalg.cython_lapack or cython_blas.
        name: of the routine.
        kinds: a letter for each argument, all of which are addresses: of (c)haracters, (i)ntegers, reals in
            (d)ouble or (s)ingle precision.
    """
    capsule = module.__pyx_capi__[name]
    naming, pointing = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    naming.restype, naming.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointing.restype, pointing.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    signature = naming(capsule)
    found = REAL.sub(lambda match: KINDS[match[1]], signature.decode())
    if found != f"void ({', '.join(f'{KINDS[kind]} *' for kind in kinds)})":
        return None
    entry: Any = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(kinds))
    call = entry(pointing(capsule, signature))

    def called(*arguments: Any) -> None:
        call(*(_address(kind, value) for kind, value in zip(kinds, arguments, strict=True)))

    return called


def _address(kind: str, value: Any) -> Any:
    match value:
        case bytes():
            return value
        case np.ndarray():
            return value.ctypes.data
        case ctypes.c_int():
            return ctypes.byref(value)
    return ctypes.byref(TYPES[kind](value))
