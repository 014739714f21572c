"""Work arrays that the tiles of one thread share, so that the arithmetic allocates nothing."""

import numpy as np

from ntkcli.arrays import FloatArray


class Scratch:
    """A stack of float64 work arrays for tiles of up to `rows` x `columns` entries.

    Tiles at the edge of a matrix are smaller: they get contiguous views of the same memory.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._size = rows * columns
        self._arrays: list[FloatArray] = []

    def take(self, shape: tuple[int, int], count: int) -> list[FloatArray]:
        """The first `count` work arrays as (rows, columns) tiles; their contents are whatever was left."""
        while len(self._arrays) < count:
            self._arrays.append(np.empty(self._size))
        return [array[: shape[0] * shape[1]].reshape(shape) for array in self._arrays[:count]]
