"""A Parquet or Feather file: its columns are read as numbers or text, its faults reported at their rows."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ntkcli.data.arrow_batches import BATCH_ROWS, batches, check_pyarrow, columns_of, intact, tables
from ntkcli.data.arrow_columns import is_readable, numbers_in, texts_in
from ntkcli.data.faults import Fault
from ntkcli.data.notation import Notation
from ntkcli.data.record_faults import find_faults
from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile, frame_of
from ntkcli.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

# Rows that are read to find first values.
FIRST_ROWS = 1000
# What pandas calls an index without a name.
INDEX = "__index_level_"


class ColumnarFile(TableFile):
    """A file of columns that have types. What messages call its rows by is their number, from 0.

    Args:
        path: where it is; its ending says which format it has.
        remedies: what its user can do about what is wrong in it.

    Raises:
        SpecError: pyarrow is not installed.
        DataError: the file cannot be read, is damaged, or has two columns of one name.
    """

    def __init__(self, path: Path, remedies: Remedies = OF_SPEC) -> None:
        check_pyarrow(path)
        super().__init__(path, Notation(None, remedies))
        stored = columns_of(path)
        self.columns = ["" if name.startswith(INDEX) else name.strip() for name, _ in stored]
        # By the name that a column has for us, that in the file and its type.
        self._stored = dict(zip(self.columns, stored, strict=True))
        faults = FaultList(path)
        faults.add(_repeated(self.columns))
        faults.check()

    def chunks(
        self, numbers: list[str], texts: list[str], *, missing: bool = False, rows: int | None = None
    ) -> Generator[pd.DataFrame]:
        """Yield rows in parts, as `TableFile.chunks`."""
        self._check_types(numbers + texts)
        start = 0
        for table in tables(self._batches(numbers + texts), rows):
            values = np.empty((len(numbers), len(table)))
            with intact(self.path):
                for place, name in enumerate(numbers):
                    values[place] = numbers_in(table[name], self.notation)
                written = {name: pd.array(texts_in(table[name]), dtype="str") for name in texts}
            if not (np.isfinite(values) | (missing & np.isnan(values))).all():
                self._check_all(numbers, missing=missing)
            yield frame_of(values.T, numbers, written, start)
            start += len(table)
        if not start:
            raise DataError(f"{self.path}: has no data rows: add some")

    def first_values(self, names: list[str]) -> dict[str, str]:
        """Return the first cell that holds a value, by column; columns without any are not in it."""
        self._check_types(names)
        found: dict[str, str] = {}
        for batch in self._batches(names, FIRST_ROWS):
            for name in [name for name in names if name not in found]:
                value = self._first_value(batch[name])
                if value is not None:
                    found[name] = value
            if len(found) == len(names):
                break
        return found

    def _first_value(self, column: "pa.Array") -> str | None:
        # Nearly always the first rows have one.
        for part in (column[:4], column[4:]):
            for text in texts_in(part):
                if not self.notation.is_missing(text):
                    return text
        return None

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the numbers of some data rows: there are no lines."""
        return list(rows)

    def has_more(self, rows: int) -> bool:
        """Return whether there are more data rows than some."""
        return sum(map(len, self._batches([]))) > rows

    def _batches(self, names: list[str], rows: int = BATCH_ROWS) -> Iterator["pa.RecordBatch"]:
        # Of no column the rows are wanted all the same.
        names = list(dict.fromkeys(names or self.columns[:1]))
        for batch in batches(self.path, [self._stored[name][0] for name in names], rows):
            yield batch.rename_columns(names)

    def _check_types(self, names: list[str]) -> None:
        faults = FaultList(self.path)
        for name in names:
            kind = self._stored[name][1]
            if not is_readable(kind):
                with intact(self.path):
                    what = f"column {name!r} holds {kind}, neither numbers nor texts: convert it"
                faults.add([Fault(None, what, name)])
        faults.check()

    def _check_all(self, numbers: list[str], *, missing: bool) -> None:
        faults = FaultList(self.path)
        records = self._records(numbers)
        faults.add(find_faults(records, numbers, numbers, missing=missing, notation=self.notation))
        faults.check()

    def _records(self, names: list[str]) -> Iterator[tuple[int, list[str]]]:
        row = 0
        for batch in self._batches(names):
            for fields in zip(*(texts_in(batch[name]) for name in names), strict=True):
                yield row, list(fields)
                row += 1


def _repeated(names: list[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if name and count > 1:
            yield Fault(None, f"column {name!r} is there twice: rename one of the two", name)
