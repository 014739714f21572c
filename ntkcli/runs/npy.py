"""Matrices written as .npy, a panel of rows at a time."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray


def write_npy(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike, panels: Iterable[FloatArray]) -> None:
    """Write a matrix that never stands in memory whole; numpy.load reads it, with mmap_mode="r" too.

    Args:
        path: the file.
        shape, dtype: of the matrix.
        panels: its entries in C order, some rows at a time.
    """
    kind = np.dtype(dtype)
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for panel in panels:
            file.write(np.ascontiguousarray(panel, dtype=kind).data)
