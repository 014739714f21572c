"""Matrices and other arrays as .npy files, the bytes those that `np.save` writes."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.files.written_file import opened


def save_array(path: Path, array: FloatArray) -> None:
    """Write an array. NumPy's own way to a file loses the reason for which a write fails."""
    by_columns = array.flags.f_contiguous and not array.flags.c_contiguous
    rows = array.T if by_columns else array
    # Row by row, what is no block of memory need not be copied whole.
    panels = [rows] if rows.flags.c_contiguous or rows.ndim == 1 else rows
    _write(path, array.shape, array.dtype, panels, by_columns=by_columns)


def write_panels(
    path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike, panels: Iterable[FloatArray]
) -> None:
    """Write a matrix from panels, so that it need not be in memory whole.

    Args:
        path: the file.
        shape, dtype: of the matrix.
        panels: the matrix's entries in C order, some rows at a time.
    """
    _write(path, shape, np.dtype(dtype), panels, by_columns=False)


def _write(
    path: Path,
    shape: tuple[int, ...],
    dtype: npt.DTypeLike,
    panels: Iterable[FloatArray],
    *,
    by_columns: bool,
) -> None:
    kind = np.dtype(dtype)
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": by_columns, "shape": shape}
    with opened(path) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for panel in panels:
            file.write(np.ascontiguousarray(panel, dtype=kind).data)
