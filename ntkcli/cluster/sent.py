"""Values that were sent to a cluster, and their sizes."""

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from distributed import Future

# Large values that were sent last, which tasks share: workers keep these.
KEPT = 4
# Bytes that the addresses of numbers are multiples of.
ALIGNMENT = 16

T = TypeVar("T")


class LastSent:
    """The values that were used last, with what stands for each of them on the workers."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Any, Future[Any]]] = {}

    def of(self, value: Any, send: "Callable[[Any], Future[Any]]") -> "Future[Any]":
        """What stands for a value, which is sent unless it is among the last."""
        known = self._found.pop(id(value), None) or (value, send(value))
        self._found[id(value)] = known
        if len(self._found) > KEPT:
            del self._found[next(iter(self._found))]
        return known[1]


def size(value: object) -> int:
    """Bytes of a value on its way."""
    head, buffers = _packed(value)
    return len(head) + sum(buffer.nbytes for buffer in buffers)


def aligned(value: T) -> T:
    """A value that came over a network, its arrays where arrays that were made here would be.

    They come at any address. From such, NumPy copies what it multiplies, and then takes a matrix by its own
    transpose for a product like any other, whose last digits differ.
    """
    head, buffers = _packed(value)
    if all(np.frombuffer(buffer, np.uint8).ctypes.data % ALIGNMENT == 0 for buffer in buffers):
        return value
    found: T = pickle.loads(head, buffers=[bytearray(buffer) for buffer in buffers])
    return found


def _packed(value: object) -> tuple[bytes, list[memoryview]]:
    """A pickle, and the memory of the arrays in it."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return head, [buffer.raw() for buffer in buffers]
