"""A CSV file: its columns are read as numbers or text, its faults reported at their lines."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from ntkcli.address_space import is_out_of_memory
from ntkcli.arrays import FloatArray
from ntkcli.data.csv_header import CsvHeader, Record
from ntkcli.data.csv_parser import CsvParser
from ntkcli.data.faults import Fault
from ntkcli.data.notation import Notation
from ntkcli.data.record_faults import find_faults
from ntkcli.data.records import records
from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile, frame_of
from ntkcli.errors import DataError
from ntkcli.spec.csv_format import CsvFormat


class CsvFile(TableFile):
    """A file of lines, whose cells stand between separators; compressed or not.

    Args:
        path: where it is; its ending says how it is compressed.
        remedies: what its user can do about what is wrong in it.
        form: how it is written; None for commas, points and a header in UTF-8.

    Raises:
        DataError: the file cannot be read, is empty, or its header is not usable.
    """

    def __init__(self, path: Path, remedies: Remedies = OF_SPEC, form: CsvFormat | None = None) -> None:
        self._form = form or CsvFormat()
        super().__init__(path, Notation(self._form, remedies))
        header = CsvHeader.read(path, self._form, remedies)
        self.columns, self._first_row, self.header_line = header.columns, header.first_row, header.line
        self._places = {name: place for place, name in enumerate(self.columns)}
        self._parser = CsvParser(path, self._form, self.notation, len(self.columns))
        self._check_first_row([])

    def chunks(
        self, numbers: list[str], texts: list[str], *, missing: bool = False, rows: int | None = None
    ) -> Generator[pd.DataFrame]:
        """Yield rows in parts, as `TableFile.chunks`."""
        self._check_first_row(numbers, missing=missing)
        parts = self._by_record if self._parser.skipped is None else self._parsed
        empty = True
        for frame in parts(numbers, texts, missing, rows):
            empty = False
            yield frame
        if empty:
            raise DataError(f"{self.path}: has a header but no data rows: add some")

    def first_values(self, names: list[str]) -> dict[str, str]:
        """Return the first cell that holds a value, by column; columns without any are not in it."""
        found: dict[str, str] = {}
        wanted = {name: self._places[name] for name in names}
        with closing(self._records()) as lines:
            for _, fields in lines:
                for name, place in wanted.items():
                    # A ragged line is reported when the file is read.
                    text = fields[place] if place < len(fields) else ""
                    if not self.notation.is_missing(text):
                        found[name] = text
                wanted = {name: place for name, place in wanted.items() if name not in found}
                if not wanted:
                    break
        return found

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the lines that some data rows begin at; the file is read again for it, once."""
        wanted = set(rows)
        with closing(self._records()) as found:
            numbered = enumerate(islice(found, max(rows) + 1))
            return [line for row, (line, _) in numbered if row in wanted]

    def has_more(self, rows: int) -> bool:
        """Return whether there are more data rows than some; the file is read for it."""
        with closing(self._records()) as found:
            return next(islice(found, rows, None), None) is not None

    @property
    def names(self) -> str:
        """The first few names of columns, for messages, and what to do where they are none."""
        key = self.notation.header_key
        if self._form.header == "first" and not any(map(_is_no_number, self.columns)):
            key = f"{self.remedies.key}header: none if that is a row"
        return ", or ".join(filter(None, [super().names, key]))

    def _records(self) -> Generator[Record]:
        with closing(records(self.path, self._form, self.remedies)) as found:
            yield from islice(found, int(self._form.header == "first"), None)

    def _parsed(
        self, numbers: list[str], texts: list[str], missing: bool, rows: int | None
    ) -> Iterator[pd.DataFrame]:
        wanted, last = [str(self._places[name]) for name in numbers], str(len(self.columns) - 1)
        try:
            for frame in self._parser.frames(wanted, missing=missing, rows=rows):
                # To choose among many columns takes pandas longer than to read them.
                some = frame if len(wanted) == len(self.columns) else frame[wanted]
                values = some.to_numpy(dtype=np.float64)
                self._check_values(values, numbers, missing=missing)
                # The parser fills a short row with gaps, which shows only where a number is wanted.
                if (missing or last not in wanted) and _has_gaps(frame[last]) and self._has_ragged_rows:
                    self._check_all(numbers, missing=missing)
                if some is frame:
                    values = values.T[[int(name) for name in wanted]].T
                written = {name: frame[str(self._places[name])] for name in texts}
                yield frame_of(values, numbers, written, frame.index[0])
        except (ValueError, pd.errors.ParserWarning) as error:
            if is_out_of_memory(error):
                raise
            self._check_all(numbers, missing=missing)
            raise DataError(f"{self.path}: cannot be read as CSV: {error}") from error

    def _by_record(
        self, numbers: list[str], texts: list[str], missing: bool, rows: int | None
    ) -> Iterator[pd.DataFrame]:
        start = 0
        with closing(self._records()) as found:
            while batch := list(islice(found, rows)):
                if any(self._faults(batch, [])):
                    self._check_all(numbers, missing=missing)
                columns = list(zip(*(fields for _, fields in batch), strict=True))
                values = np.empty((len(numbers), len(batch)))
                for place, name in enumerate(numbers):
                    values[place] = self.notation.values(columns[self._places[name]])
                self._check_values(values, numbers, missing=missing)
                written = {name: pd.array(columns[self._places[name]], dtype="str") for name in texts}
                yield frame_of(values.T, numbers, written, start)
                start += len(batch)

    def _check_values(self, values: FloatArray, numbers: list[str], *, missing: bool) -> None:
        if not (np.isfinite(values) | (missing & np.isnan(values))).all():
            self._check_all(numbers, missing=missing)

    @cached_property
    def _has_ragged_rows(self) -> bool:
        with closing(self._records()) as found:
            return any(self._faults(found, []))

    def _check_first_row(self, numbers: list[str], *, missing: bool = False) -> None:
        # pandas takes a column of True and False for numbers, and a comma too many in every row for no fault.
        if any(self._faults(self._first_row, numbers, missing=missing)):
            self._check_all(numbers, missing=missing)

    def _check_all(self, numbers: list[str], *, missing: bool) -> None:
        faults = FaultList(self.path)
        with closing(self._records()) as found:
            faults.add(self._faults(found, numbers, missing=missing))
        faults.check()

    def _faults(
        self, lines: Iterable[Record], numbers: list[str], *, missing: bool = False
    ) -> Iterator[Fault]:
        return find_faults(lines, self.columns, numbers, missing=missing, notation=self.notation)


def _has_gaps(cells: pd.Series) -> bool:
    return bool((cells.isna() | (cells == "")).any())


def _is_no_number(name: str) -> bool:
    return Notation().number_in(name) is None
