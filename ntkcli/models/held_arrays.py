"""Arrays of a model that are in memory."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import ArraySource, FloatArray
from ntkcli.models.array_files import ArrayRecord, ArrayWriter


@dataclass
class HeldArrays:
    """Keeps arrays in memory, as `ArrayWriter` does in files, and gives them back like `ArrayReader`.

    held: the arrays by name, which nobody writes to any more.
    """

    held: dict[str, FloatArray] = field(default_factory=dict)

    @classmethod
    def read_from(cls, arrays: ArraySource, records: Mapping[str, ArrayRecord]) -> "HeldArrays":
        """Read all arrays of another source that there are records of.

        Raises:
            DataError: one is missing or damaged.
        """
        found = cls()
        for name, record in records.items():
            found.write(name, arrays.read(name, *record.shape))
        return found

    @property
    def folder(self) -> Path:
        """Where there is room for what does not fit in memory."""
        return Path(tempfile.gettempdir())

    @property
    def records(self) -> dict[str, ArrayRecord]:
        """Of the arrays, by name; there is no file, and no hash of one."""
        return {
            name: ArrayRecord(shape=list(array.shape), dtype=array.dtype.str, sha256="")
            for name, array in self.held.items()
        }

    def write(self, name: str, array: FloatArray) -> None:
        """Keep a copy of an array."""
        self.held[name] = np.array(array)
        self.held[name].flags.writeable = False

    def write_to(self, folder: Path) -> dict[str, ArrayRecord]:
        """Write all arrays into a folder, and return their records."""
        writer = ArrayWriter(folder)
        for name, array in self.held.items():
            writer.write(name, array)
        return writer.records

    def shape(self, name: str, dimensions: int) -> list[int]:
        """Return the shape of an array, of so many dimensions."""
        shape = list(self.held[name].shape)
        if len(shape) != dimensions:
            raise ValueError(f"{name} has {len(shape)} dimensions, not {dimensions}")
        return shape

    def read(
        self, name: str, *shape: int, dtype: npt.DTypeLike | None = None, mapped: bool = False
    ) -> FloatArray:
        """Return an array, as `ArraySource.read`."""
        array = self.held[name]
        fits = len(shape) == array.ndim and all(a in (b, -1) for a, b in zip(shape, array.shape, strict=True))
        if not fits or (dtype is not None and array.dtype != dtype):
            raise ValueError(f"{name} has shape {array.shape} and type {array.dtype}")
        return array
