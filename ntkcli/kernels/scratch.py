"""Work arrays that the tiles of one thread share, so that the arithmetic allocates nothing."""

import threading

import numpy as np

from ntkcli.arrays import FloatArray


class Scratch:
    """A stack of float64 work arrays, which grows to the largest tile that asks for it.

    Smaller tiles, such as those at the edge of a matrix, get contiguous views of the same memory.
    """

    def __init__(self) -> None:
        self._size = 0
        self._arrays: list[FloatArray] = []

    def take(self, shape: tuple[int, int], count: int) -> list[FloatArray]:
        """The first `count` work arrays as (rows, columns) tiles; their contents are whatever was left."""
        size = shape[0] * shape[1]
        if size > self._size:
            self._size, self._arrays = size, []
        while len(self._arrays) < count:
            self._arrays.append(np.empty(self._size))
        return [array[:size].reshape(shape) for array in self._arrays[:count]]


class _Local(threading.local):
    def __init__(self) -> None:
        self.scratch = Scratch()


_local = _Local()


def thread_scratch() -> Scratch:
    """The calling thread's own work arrays, where each of its tiles overwrites the one before."""
    return _local.scratch
