"""Memory-mapped files for Gram matrices larger than memory."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ntkcli.arrays import Allocate, FloatArray
from ntkcli.errors import ResourceError


def in_file(folder: Path) -> Allocate:
    """Return a function that allocates arrays in unnamed files, which vanish however the process ends.

    Args:
        folder: on the disk that is to hold them.

    Raises (when an array is allocated):
        ResourceError: the disk has no room.
    """

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        with tempfile.TemporaryFile(dir=folder) as file:
            _reserve(file.fileno(), size * dtype.itemsize, folder)
            return np.asarray(np.memmap(file, dtype, mode="r+", shape=(size,)))

    return allocate


def _reserve(descriptor: int, size: int, folder: Path) -> None:
    """Take the disk space now: writing to mapped memory on a full disk would end the process."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.truncate(descriptor, size)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise ResourceError(
            f"not enough disk under {folder} for a Gram matrix ({error.strerror}): free some space, or write "
            "elsewhere with --out"
        ) from error
