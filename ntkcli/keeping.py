"""Arrays that outlive the process which computes them: what computations know of where they are."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ntkcli.arrays import FloatArray, IntArray

# Called where something is kept alone: it hashes arrays.
What = Callable[[], Mapping[str, Any]]


class Kept(Protocol):
    """An array that is kept piece by piece, each once it is finished."""

    def read(self, piece: int, out: FloatArray) -> bool:
        """Fill a contiguous array with a piece that is kept; False where it is not, or is damaged."""

    def keep(self, piece: int, values: FloatArray) -> None:
        """Keep a piece that is finished."""


class Keeper(Protocol):
    """Keeps arrays that take long to compute."""

    def array(self, what: What, sizes: Sequence[int]) -> AbstractContextManager[Kept]:
        """The array that is computed from something, for a `with` block.

        Args:
            what: tells all that it depends on beside the network, as JSON has it; its type is `dtype`.
            sizes: the numbers in each of its pieces.
        """


class Checkpoint(Protocol):
    """How far one computation has come, which may be a while ago."""

    def load(self) -> "State | None":
        """What was saved last; None where nothing was, or it is damaged."""

    def save(self, state: "State") -> None:
        """Save a state in the place of the one before, unless that was done just now."""


class Checkpoints(Protocol):
    """Keeps the states of computations that take long."""

    def of(self, name: str, unit: str, *arrays: FloatArray | IntArray) -> Checkpoint:
        """The checkpoint of a computation.

        Args:
            name: of its kind, for messages too.
            unit: what `State.done` counts, for messages.
            arrays: all that it depends on beside the name, or what follows from all of that.
        """


@dataclass(frozen=True)
class State:
    """All that a computation needs to go on.

    done: how far it has come.
    arrays: by their names, each contiguous.
    is_result: whether they are what it was to find.
    """

    done: int
    arrays: Mapping[str, FloatArray]
    is_result: bool = False


class Nowhere:
    """Keeps nothing: all of the protocols here, for those who do not ask for any."""

    def array(self, what: What, sizes: Sequence[int]) -> AbstractContextManager[Kept]:
        """An array that is not kept."""
        return nullcontext(self)

    def read(self, piece: int, out: FloatArray) -> bool:
        """It is not kept."""
        return False

    def keep(self, piece: int, values: FloatArray) -> None:
        """Do not keep it."""

    def of(self, name: str, unit: str, *arrays: FloatArray | IntArray) -> Checkpoint:
        """A checkpoint that is nowhere."""
        return self

    def load(self) -> State | None:
        """There is nothing."""
        return None

    def save(self, state: State) -> None:
        """Do not save it."""


NOWHERE = Nowhere()


def digest(*arrays: FloatArray | IntArray | None) -> str:
    """A SHA-256 of arrays: of their types, shapes and numbers."""
    found = hashlib.sha256()
    for array in arrays:
        if array is None:
            found.update(b"none")
            continue
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()
