"""Arrays of a model, one .npy file each, checked by shape, dtype and hash. No pickles are read."""

import hashlib
import math
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.errors import DataError
from ntkcli.spec.section import Section


class ArrayRecord(Section):
    """The shape and dtype of an array, and the SHA-256 of its file."""

    shape: list[int]
    dtype: str
    sha256: str


@dataclass
class ArrayWriter:
    """Writes arrays into a folder.

    records: of the arrays written so far, by name.
    """

    folder: Path
    records: dict[str, ArrayRecord] = field(default_factory=dict)

    def write(self, name: str, array: FloatArray) -> None:
        """Write an array, and record it.

        Args:
            name: of the file, without .npy; folders in it are made.
            array: to write.
        """
        path = self.folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array, allow_pickle=False)
        self.records[name] = ArrayRecord(shape=list(array.shape), dtype=array.dtype.str, sha256=_digest(path))


@dataclass(frozen=True)
class ArrayReader:
    """Reads the arrays of a folder, and checks each against its record.

    folder: that the arrays are in.
    records: of the arrays, by name.
    """

    folder: Path
    records: dict[str, ArrayRecord]

    def shape(self, name: str, dimensions: int) -> list[int]:
        """Return the shape of an array by its record, without reading it.

        Args:
            name: without .npy.
            dimensions: that it has to have.

        Raises:
            DataError: there is no record of it, or one of other dimensions.
        """
        shape = self._record(name).shape
        if len(shape) != dimensions:
            raise DataError(f"{self.folder / name}.npy: is not the array that the model needs there: {AGAIN}")
        return shape

    def read(
        self, name: str, *shape: int, dtype: npt.DTypeLike | None = None, mapped: bool = False
    ) -> FloatArray:
        """Read an array.

        Args:
            name: without .npy.
            shape: that it has to have; -1 for any length.
            dtype: that it has to have; None for any.
            mapped: whether it is memory-mapped instead of loaded.

        Raises:
            DataError: it is missing, damaged, or not of this shape or type.
        """
        path, record = self.folder / f"{name}.npy", self._record(name)
        try:
            if _digest(path) != record.sha256:
                raise DataError(f"{path}: is damaged: it is not the file that was written: {AGAIN}")
            _check_header(path)
            array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        except FileNotFoundError as error:
            raise DataError(f"{path}: is missing: {AGAIN}") from error
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"{path}: cannot be read ({error}): {AGAIN}") from error
        fits = len(shape) == array.ndim and all(a in (b, -1) for a, b in zip(shape, array.shape, strict=True))
        fits = fits and (dtype is None or array.dtype == dtype)
        if not fits or (list(array.shape), array.dtype.str) != (record.shape, record.dtype):
            raise DataError(f"{path}: is not the array that the model needs there: {AGAIN}")
        if array.dtype.kind != "f":
            raise DataError(f"{path}: holds {array.dtype}, not floating-point numbers: {AGAIN}")
        return np.asarray(array) if not mapped else array

    def _record(self, name: str) -> ArrayRecord:
        if name not in self.records:
            raise DataError(f"{self.folder / 'model.json'}: does not list {name}.npy: {AGAIN}")
        return self.records[name]


AGAIN = "fit it again"


def _check_header(path: Path) -> None:
    """Check, before reading it, that a file is one array and as long as its header says.

    Raises:
        ValueError: it is not.
    """
    with path.open("rb") as file:
        try:
            # numpy takes headers for Python text, and lets through whatever Python says of that.
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                version = np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        except Exception as error:
            raise ValueError("its header is that of no array") from error
        size = file.tell() + math.prod(shape) * dtype.itemsize
    if version != (1, 0) or min(shape, default=0) < 0 or dtype.hasobject or size != path.stat().st_size:
        raise ValueError("its header is not that of the numbers behind it")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
