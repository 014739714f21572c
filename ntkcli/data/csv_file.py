"""A CSV file with a header: its columns as numbers or as text, every fault at its line."""

import hashlib
import warnings
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from ntkcli.data.faults import find_fault
from ntkcli.data.records import reading, records
from ntkcli.errors import DataError


class CsvFile:
    """A comma-separated UTF-8 file with a header line, compressed or not.

    path: where it is.
    columns: the header's names.

    Raises:
        DataError: the file cannot be read, is empty, or its header is not usable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _, header = next(records(path), (0, []))
        if not header:
            raise DataError(f"{path}: the file is empty: it needs a header line and data rows")
        self.columns = [name.strip() for name in header]
        self._check_header()

    def read(self, numbers: list[str], texts: list[str]) -> pd.DataFrame:
        """The columns `numbers` as float64, and `texts` letter by letter.

        Raises:
            DataError: there are no rows, a row is ragged, or a cell of `numbers` is no finite number.
        """
        try:
            frame = self._parse(numbers)
        except (ValueError, pd.errors.ParserWarning) as error:
            self._raise_fault(numbers)
            raise DataError(f"{self.path}: cannot be read as CSV: {error}") from error
        # pandas fills a short row with empty text, which shows only where a number is wanted.
        if self.columns[-1] not in numbers or not np.isfinite(frame[numbers].to_numpy()).all():
            self._raise_fault(numbers)
        if frame.empty:
            raise DataError(f"{self.path}: has a header but no data rows")
        return frame[numbers + texts]

    def line(self, row: int) -> int:
        """The line of data row `row` (0-based), found by reading the file again."""
        return next(islice(records(self.path), row + 1, None))[0]

    def digest(self) -> str:
        """SHA-256 of the file as it is on disk."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _parse(self, numbers: list[str]) -> pd.DataFrame:
        types = {name: float if name in numbers else str for name in self.columns}
        with reading(self.path), warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                self.path,
                encoding="utf-8-sig",
                header=0,
                names=self.columns,
                index_col=False,
                dtype=cast("dict[str, type[object]]", types),
                na_filter=False,
                low_memory=False,
            )

    def _check_header(self) -> None:
        for number, name in enumerate(self.columns, 1):
            if not name:
                raise DataError(f"{self.path}:1: column {number} has no name: give it one in the header")
            if name in self.columns[: number - 1]:
                raise DataError(f"{self.path}:1: column {name!r} is there twice: rename one of the two")

    def _raise_fault(self, numbers: list[str]) -> None:
        fault = find_fault(islice(records(self.path), 1, None), self.columns, numbers)
        if fault:
            raise DataError(f"{self.path}:{fault}")
