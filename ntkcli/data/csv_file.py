"""A CSV file with a header: its columns are read as numbers or text, its faults reported at their lines."""

import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from pandas.io.parsers import TextFileReader

from ntkcli.data.content import Content
from ntkcli.data.faults import MISSING, Fault, find_faults
from ntkcli.data.records import open_bytes, reading, records
from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.data.table_error import FaultList
from ntkcli.errors import DataError


class CsvFile:
    """A comma-separated UTF-8 file with a header line, compressed or not.

    path: where it is.
    columns: the header's names.
    content: what it held when it was first read.
    remedies: what its user can do about what is wrong in it.

    Args:
        path: where it is; its ending says how it is compressed.
        remedies: as above.

    Raises:
        DataError: the file cannot be read, is empty, or its header is not usable.
    """

    def __init__(self, path: Path, remedies: Remedies = OF_SPEC) -> None:
        self.path = path
        self.remedies = remedies
        self.content = Content(path, remedies)
        with closing(records(path)) as found:
            beginning = list(islice(found, 2))
        if not beginning:
            raise DataError(f"{path}: the file is empty: it needs a header line and data rows")
        self.columns = [name.strip() for name in beginning[0][1]]
        self._check_header()
        self._first_row = beginning[1:]
        self._check_first_row([])
        self._has_short_rows: bool | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the file as it is on disk."""
        return self.content.digest

    def read(self, numbers: list[str], texts: list[str], *, missing: bool = False) -> pd.DataFrame:
        """Read some columns as float64, and others as text, exactly as it is in the file.

        Args:
            numbers: the names of the columns to read as numbers.
            texts: the names of the columns to read as text.
            missing: whether a cell of `numbers` may hold no value, which becomes NaN.

        Raises:
            DataError: there are no rows, rows are ragged, or cells of `numbers` are no finite numbers.
        """
        (frame,) = self.chunks(numbers, texts, missing=missing)
        return frame

    def chunks(
        self, numbers: list[str], texts: list[str], *, missing: bool = False, rows: int | None = None
    ) -> Generator[pd.DataFrame]:
        """Yield what `read` returns in parts, whose rows are numbered through the file.

        Args:
            numbers, texts, missing: as for `read`.
            rows: the number of rows in a part; None for all at once.

        Raises:
            DataError: as for `read`.
        """
        self._check_first_row(numbers, missing=missing)
        empty = True
        try:
            for frame in self._parse(numbers, missing=missing, rows=rows):
                values = frame[numbers].to_numpy()
                if not (np.isfinite(values) | (missing & np.isnan(values))).all():
                    self._check_all(numbers, missing=missing)
                # The parser fills a short row with gaps, which shows only where a number is wanted.
                if (missing or self.columns[-1] not in numbers) and _has_gaps(frame[self.columns[-1]]):
                    self._check_lengths(numbers, missing=missing)
                empty = False
                yield frame[numbers + texts]
        except (ValueError, pd.errors.ParserWarning) as error:
            self._check_all(numbers, missing=missing)
            raise DataError(f"{self.path}: cannot be read as CSV: {error}") from error
        if empty:
            raise DataError(f"{self.path}: has a header but no data rows: add some")

    def first_values(self, names: list[str]) -> dict[str, str]:
        """Return the first cell that holds a value, by column; columns without any are not in it."""
        found: dict[str, str] = {}
        places = {name: self.columns.index(name) for name in names}
        with closing(records(self.path)) as lines:
            for _, fields in islice(lines, 1, None):
                for name in names:
                    # A ragged line is reported when the file is read.
                    text = fields[places[name]] if places[name] < len(fields) else ""
                    if name not in found and text not in MISSING:
                        found[name] = text
                if len(found) == len(names):
                    break
        return found

    def line(self, row: int) -> int:
        """Return the line that a data row, counted from 0, begins at; the file is read again for it."""
        (line,) = self.lines([row])
        return line

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the lines that some data rows, ascending from 0, begin at; the file is read again, once."""
        wanted = set(rows)
        with closing(records(self.path)) as found:
            numbered = enumerate(islice(found, 1, max(rows) + 2))
            return [line for row, (line, _) in numbered if row in wanted]

    def _parse(self, numbers: list[str], *, missing: bool, rows: int | None) -> Iterator[pd.DataFrame]:
        with (
            reading(self.path),
            open_bytes(self.path) as file,
            self._parser(file, numbers, missing) as parser,
        ):
            while True:
                # Warnings are errors while pandas works, not while the caller does.
                with warnings.catch_warnings():
                    warnings.simplefilter("error", pd.errors.ParserWarning)
                    try:
                        frame = parser.get_chunk(rows)
                    except StopIteration:
                        return
                if frame.empty:
                    return
                yield frame

    def _parser(self, file: IO[bytes], numbers: list[str], missing: bool) -> TextFileReader:
        types: dict[str, type[object]] = dict.fromkeys(self.columns, str) | dict.fromkeys(numbers, float)
        return pd.read_csv(
            file,
            encoding="utf-8-sig",
            header=0,
            names=self.columns,
            index_col=False,
            dtype=types,
            na_filter=missing,
            na_values={name: list(MISSING) for name in numbers},
            keep_default_na=False,
            low_memory=False,
            iterator=True,
        )

    def _check_header(self) -> None:
        for mark, name in ((";", "';'"), ("|", "'|'"), ("\t", "tabs")):
            if len(self.columns) == 1 and mark in self.columns[0]:
                raise DataError(
                    f"{self.path}:1: columns are separated by {name}: save the file with commas between "
                    "columns, and points in numbers"
                )
        faults = FaultList(self.path)
        faults.add(self._header_faults())
        faults.check()

    def _header_faults(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for number, name in enumerate(self.columns, 1):
            if not name:
                yield Fault(
                    1,
                    f"column {number} has no name: give it one, or leave it out (pandas: index=False)",
                    str(number),
                )
            elif name in seen:
                yield Fault(1, f"column {name!r} is there twice: rename one of the two", name)
            seen.add(name)

    def _check_first_row(self, numbers: list[str], *, missing: bool = False) -> None:
        # pandas takes a column of True and False for numbers, and a comma too many in every row for no fault.
        if any(self._faults(self._first_row, numbers, missing=missing)):
            self._check_all(numbers, missing=missing)

    def _check_lengths(self, numbers: list[str], *, missing: bool) -> None:
        if self._has_short_rows is None:
            with closing(records(self.path)) as found:
                self._has_short_rows = any(self._faults(islice(found, 1, None), []))
        if self._has_short_rows:
            self._check_all(numbers, missing=missing)

    def _check_all(self, numbers: list[str], *, missing: bool) -> None:
        faults = FaultList(self.path)
        with closing(records(self.path)) as found:
            faults.add(self._faults(islice(found, 1, None), numbers, missing=missing))
        faults.check()

    def _faults(
        self, lines: Iterable[tuple[int, list[str]]], numbers: list[str], *, missing: bool = False
    ) -> Iterator[Fault]:
        return find_faults(lines, self.columns, numbers, missing=missing, remedies=self.remedies)


def _has_gaps(cells: pd.Series) -> bool:
    return bool((cells.isna() | (cells == "")).any())
