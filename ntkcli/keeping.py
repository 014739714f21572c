"""Arrays that outlive the process which computes them: what computations know of where they are."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np

from ntkcli.arrays import FloatArray


class Kept(Protocol):
    """An array that is kept piece by piece, each once it is finished."""

    def read(self, piece: int, out: FloatArray) -> bool:
        """Fill a contiguous array with a piece that is kept; False where it is not, or is damaged."""

    def keep(self, piece: int, values: FloatArray) -> None:
        """Keep a piece that is finished."""


class Keeper(Protocol):
    """Keeps arrays that take long to compute."""

    def array(self, what: Mapping[str, Any], sizes: Sequence[int]) -> AbstractContextManager[Kept]:
        """The array that is computed from something, for a `with` block.

        Args:
            what: all that it depends on beside the network, as JSON has it; its type is `dtype`.
            sizes: the numbers in each of its pieces.
        """


class Nowhere:
    """Keeps nothing: a `Keeper` and a `Kept` of those who do not ask for any."""

    def array(self, what: Mapping[str, Any], sizes: Sequence[int]) -> AbstractContextManager[Kept]:
        """An array that is not kept."""
        return nullcontext(self)

    def read(self, piece: int, out: FloatArray) -> bool:
        """It is not kept."""
        return False

    def keep(self, piece: int, values: FloatArray) -> None:
        """Do not keep it."""


NOWHERE = Nowhere()


def digest(*arrays: FloatArray | None) -> str:
    """A SHA-256 of arrays: of their types, shapes and numbers."""
    found = hashlib.sha256()
    for array in arrays:
        if array is None:
            found.update(b"none")
            continue
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()
