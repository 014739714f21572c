"""Where a Gram matrix of the training rows is."""

from dataclasses import dataclass
from typing import Literal

Place = Literal["memory", "file", "tiles"]

WHERE: dict[Place, str] = {
    "memory": "in memory",
    "file": "in a file",
    "tiles": "computed anew for every product",
}


@dataclass(frozen=True)
class Storage:
    """Where the entries are, and what they take.

    place: in memory, in a file, or nowhere: then tiles are computed anew for every product.
    itemsize: bytes of an entry.
    """

    place: Place = "memory"
    itemsize: int = 8

    @property
    def dtype(self) -> str:
        """The type of the entries."""
        return "float32" if self.itemsize == 4 else "float64"

    @property
    def text(self) -> str:
        """Where they are, in words."""
        return WHERE[self.place]


IN_MEMORY = Storage()
