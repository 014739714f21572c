"""Values that were sent to a cluster, and their sizes."""

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Future

# Large values that were sent last, which tasks share: workers keep these.
KEPT = 4


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
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return len(head) + sum(buffer.raw().nbytes for buffer in buffers)
