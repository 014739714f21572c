"""Rows in parts, as often as wanted: of a table in memory, or of a file that is read again for each pass."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace

import pandas as pd

from ntkcli.data.dataset import Dataset
from ntkcli.data.gaps import no_rows_left
from ntkcli.data.table import Schema, Table
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError

# Rows that are kept, with the number of those dropped beside them.
Frames = Iterable[tuple[pd.DataFrame, int]]


class RowStream(ABC):
    """Rows that can be gone through in parts, the same in every pass.

    rows: how many there are; None until the first pass has ended, where that is not known before.
    """

    rows: int | None

    @abstractmethod
    def parts(self, rows: int) -> Iterator[Table]:
        """Yield all rows in order, in tables.

        Args:
            rows: in each table, but for the last, which may have fewer.

        Raises:
            DataError: a cell is not what the schema says, or there is no row.
        """


class HeldRows(RowStream):
    """The rows of a table in memory.

    Args:
        table: whose parts are views of its inputs. The rows that were dropped from it are not told again.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.rows = len(table)

    def parts(self, rows: int) -> Iterator[Table]:
        """Yield the table's rows, as `RowStream.parts`."""
        whole = self._table
        for start in range(0, len(whole), rows):
            yield replace(whole.some(slice(start, start + rows)), dropped=0)


class FileRows(RowStream):
    """The rows of a file, of which no more than a part is in memory.

    Args:
        schema: makes tables of them.
        file: that they are from.
        frames: reads the rows in a pass, in parts of any length.
        rows: how many there are, if it is known.
        is_read: whether a pass reads the file, which then has to be what it was at first.

    The number of rows that were dropped is with the tables, as it is where `Schema.tables` makes them.
    """

    def __init__(
        self,
        schema: Schema,
        file: TableFile,
        frames: Callable[[], Frames],
        *,
        rows: int | None = None,
        is_read: bool = True,
    ) -> None:
        self._schema, self._file, self._frames = schema, file, frames
        self._is_read = is_read
        self.rows = rows

    def parts(self, rows: int) -> Iterator[Table]:
        """Yield the file's rows, as `RowStream.parts`.

        Raises:
            DataError: as there, or the file has changed since it was first read.
        """
        count = 0
        with self._file.content.unchanged() if self._is_read else nullcontext():
            for frame, dropped in in_parts(self._frames(), rows):
                count += len(frame)
                yield replace(self._schema.checked_table(frame, self._file), dropped=dropped)
            if not count:
                raise DataError(no_rows_left(self._file.path))
        self.rows = count


def in_parts(frames: Frames, rows: int) -> Iterator[tuple[pd.DataFrame, int]]:
    """Yield the rows of some frames in parts of a given length, but for the last, which may be shorter.

    Args:
        frames: of any length.
        rows: in a part.

    Yields:
        Each part, with how many rows were dropped since the part before; the last part has all that follow.
    """
    held: list[pd.DataFrame] = []
    dropped = 0
    for frame, lacking in frames:
        dropped += lacking
        if frame.empty:
            continue
        held.append(frame)
        # A row stays for the last part, which tells what is dropped behind it.
        if sum(map(len, held)) <= rows:
            continue
        joined = pd.concat(held)
        starts = range(0, len(joined) - rows, rows)
        for start in starts:
            yield joined[start : start + rows], dropped
            dropped = 0
        held = [joined[starts[-1] + rows :]]
    rest = pd.concat(held) if held else pd.DataFrame()
    if len(rest):
        yield rest, dropped


@dataclass(frozen=True)
class RowSource:
    """The training rows and the rows to predict, which need not be in memory.

    train_rows: the number of training rows.
    training: the training rows.
    prediction: the rows to predict; the same object where there are no others.
    kept_bytes: of a file's rows that are kept beside a dataset.
    """

    train_rows: int
    training: RowStream
    prediction: RowStream
    kept_bytes: int = 0

    @classmethod
    def held(cls, dataset: Dataset) -> "RowSource":
        """Return the rows of a dataset in memory."""
        training = HeldRows(dataset.train)
        prediction = HeldRows(dataset.test) if dataset.has_test_rows else training
        return cls(len(dataset.train), training, prediction)

    @property
    def test_rows(self) -> int | None:
        """The number of rows to predict; None until a first pass over a test file has ended."""
        return self.prediction.rows

    def train(self, rows: int) -> Iterator[Table]:
        """Yield the training rows, as `RowStream.parts`."""
        return self.training.parts(rows)

    def test(self, rows: int) -> Iterator[Table]:
        """Yield the rows to predict, as `RowStream.parts`."""
        return self.prediction.parts(rows)
