"""Memory-mapped files for Gram matrices larger than memory."""

from pathlib import Path
from typing import Any

import numpy as np

from ntkcli.arrays import Allocate, FloatArray
from ntkcli.errors import ResourceError
from ntkcli.files.disk import lack_of_space, reserve
from ntkcli.files.written_file import unnamed


def in_file(folder: Path) -> Allocate:
    """Return a function that allocates arrays in unnamed files, which vanish however the process ends.

    Args:
        folder: on the disk that is to hold them.

    Raises (when an array is allocated):
        ResourceError: the disk has no room.
    """

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        with unnamed(folder) as file:
            _reserve(file.fileno(), size * dtype.itemsize, folder)
            return np.asarray(np.memmap(file, dtype, mode="r+", shape=(size,)))

    return allocate


def _reserve(descriptor: int, size: int, folder: Path) -> None:
    """Take the disk space now: writing to mapped memory on a full disk would end the process."""
    try:
        reserve(descriptor, size, folder)
    except OSError as error:
        lack = lack_of_space(error)
        if lack is None:
            raise
        raise ResourceError(
            f"not enough disk under {folder} for a Gram matrix: {lack}, or write elsewhere with --out"
        ) from error
