"""Array types, and how the memory of a large one is had."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]

# Makes a flat array of so many numbers: in memory, or elsewhere.
Allocate = Callable[[int, np.dtype[Any]], FloatArray]


def in_memory(size: int, dtype: np.dtype[Any]) -> FloatArray:
    """A flat array in memory."""
    return np.empty(size, dtype)
