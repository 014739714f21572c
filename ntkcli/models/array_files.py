"""Arrays of a model, one .npy file each, checked by shape, dtype and hash. No pickles are read."""

import hashlib
import math
import os
import warnings
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ntkcli.address_space import is_out_of_memory
from ntkcli.arrays import FloatArray
from ntkcli.errors import DataError
from ntkcli.files import changes
from ntkcli.files.input_file import open_regular
from ntkcli.runs.npy_files import save_array
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
        changes.make_folder(path.parent, parents=True, exist_ok=True)
        save_array(path, array)
        with path.open("rb") as file:
            digest = _digest(file)
        self.records[name] = ArrayRecord(shape=list(array.shape), dtype=array.dtype.str, sha256=digest)


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
            with open_regular(path) as file:
                header = Header.read(file)
                fits = len(shape) == len(header.shape) and all(
                    a in (b, -1) for a, b in zip(shape, header.shape, strict=True)
                )
                fits = fits and (dtype is None or header.dtype == dtype)
                if not fits or (list(header.shape), header.dtype.str) != (record.shape, record.dtype):
                    raise DataError(f"{path}: is not the array that the model needs there: {AGAIN}")
                if header.dtype.kind != "f":
                    raise DataError(f"{path}: holds {header.dtype}, not floating-point numbers: {AGAIN}")
                if _digest(file) != record.sha256:
                    raise DataError(f"{path}: is damaged: it is not the file that was written: {AGAIN}")
                return header.mapped(file) if mapped else _loaded(file)
        except FileNotFoundError as error:
            raise DataError(f"{path}: is missing: {AGAIN}") from error
        except (OSError, ValueError, EOFError) as error:
            if is_out_of_memory(error):
                raise
            raise DataError(
                f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}): {AGAIN}"
            ) from error

    def _record(self, name: str) -> ArrayRecord:
        if name not in self.records:
            raise DataError(f"{self.folder / 'model.json'}: does not list {name}.npy: {AGAIN}")
        return self.records[name]


AGAIN = "fit it again"
# What numbers raise that no fit would have written.
SURPRISES = (ValueError, LookupError, ArithmeticError)


@dataclass(frozen=True)
class Header:
    """The header of a .npy file.

    start: the byte that the numbers begin at.
    is_fortran: whether the first index runs first.
    """

    start: int
    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]

    @classmethod
    def read(cls, file: BufferedReader) -> Self:
        """Read the header of a file that is one array, and as long as its header says.

        Raises:
            ValueError: it is not.
        """
        try:
            # numpy takes headers for Python text, and lets through whatever Python says of that.
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                version = np.lib.format.read_magic(file)
                shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
        except Exception as error:
            raise ValueError("its header is that of no array") from error
        start, size = file.tell(), os.fstat(file.fileno()).st_size
        length = start + math.prod(shape) * dtype.itemsize
        if version != (1, 0) or min(shape, default=0) < 0 or dtype.hasobject or size != length:
            raise ValueError("its header is not that of the numbers behind it")
        return cls(start, shape, is_fortran, dtype)

    def mapped(self, file: BufferedReader) -> FloatArray:
        """Return the array of a file, mapped into memory."""
        return np.memmap(file, self.dtype, "r", self.start, self.shape, "F" if self.is_fortran else "C")


def _loaded(file: BufferedReader) -> FloatArray:
    file.seek(0)
    return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _digest(file: BufferedReader) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
