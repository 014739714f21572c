"""Array types, how the memory of a large one is had, and where named ones are kept."""

import mmap
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]

# Makes a flat array of so many numbers: in memory, or elsewhere.
Allocate = Callable[[int, np.dtype[Any]], FloatArray]


def in_memory(size: int, dtype: np.dtype[Any]) -> FloatArray:
    """A flat array in memory."""
    return np.empty(size, dtype)


def let_go(array: FloatArray) -> None:
    """Give back the memory that parts of an array take which lie in a file; they are read again when needed.

    What was written is not lost: the system keeps it until it is in the file.
    """
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)


class ArraySink(Protocol):
    """Takes arrays by name, to be kept."""

    def write(self, name: str, array: FloatArray) -> None:
        """Keep an array; a name may have folders in it."""


class ArraySource(Protocol):
    """Gives back the arrays that a sink took."""

    def read(
        self, name: str, *shape: int, dtype: npt.DTypeLike | None = None, mapped: bool = False
    ) -> FloatArray:
        """The array of a name.

        Args:
            name: as it was written.
            shape: that it has to have; -1 for any length.
            dtype: that it has to have; None for any.
            mapped: whether it may stay where it is kept until it is used.

        Raises:
            DataError: it is missing, damaged, or not of this shape or type.
        """
