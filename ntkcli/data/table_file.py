"""A table in a file, whatever its format: columns, read as numbers or text in parts, and places of rows."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from pandas.api.extensions import ExtensionArray

from ntkcli.arrays import FloatArray
from ntkcli.data.content import Content
from ntkcli.data.notation import Notation


class TableFile(ABC):
    """A file of rows and columns.

    path: where it is.
    columns: the names of its columns; "" for one that has none, which is not to be asked for.
    content: what it held when it was first read.
    notation: how its cells are read, with what its user can do about what is wrong in them.
    remedies: the same, for short.
    header_line: that has the names; None where no line has.

    Args:
        path: where it is.
        notation: as above.

    Raises:
        DataError: the file cannot be read.
    """

    columns: list[str]
    header_line: int | None = None

    def __init__(self, path: Path, notation: Notation) -> None:
        self.path, self.notation, self.remedies = path, notation, notation.remedies
        self.content = Content(path, notation.remedies)

    @property
    def digest(self) -> str:
        """SHA-256 of the file as it is on disk."""
        return self.content.digest

    @property
    def header(self) -> str:
        """Where the names of the columns are, for messages."""
        return str(self.path) if self.header_line is None else f"{self.path}:{self.header_line}"

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

    @abstractmethod
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

    @abstractmethod
    def first_values(self, names: list[str]) -> dict[str, str]:
        """Return the first cell that holds a value, by column; columns without any are not in it."""

    def texts(self, names: list[str]) -> list[str]:
        """Return the columns, of some, whose first value is no number."""
        first = self.first_values(names)
        return [name for name in names if name in first and self.notation.number_in(first[name]) is None]

    def line(self, row: int) -> int:
        """Return the line that a data row, counted from 0, begins at; the file may be read again for it."""
        (line,) = self.lines([row])
        return line

    @abstractmethod
    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the lines that some data rows, ascending from 0, begin at: what messages call them by."""

    @abstractmethod
    def has_more(self, rows: int) -> bool:
        """Return whether there are more data rows than some."""

    @property
    def names(self) -> str:
        """The first few names of columns, for messages."""
        most = 8
        return f"the file has {', '.join(self.columns[:most])}" + (", ..." * (len(self.columns) > most))


def frame_of(
    values: FloatArray, numbers: list[str], texts: Mapping[str, pd.Series | ExtensionArray], start: int
) -> pd.DataFrame:
    """Return some rows as a frame, whose numbers are in one piece, which is quick where columns are many.

    Args:
        values: (rows, numbers); the frame takes them over.
        numbers: the columns that they are.
        texts: the columns of text.
        start: the number of the first row.
    """
    index = pd.RangeIndex(start, start + len(values))
    frame = pd.DataFrame(values, index=index, columns=numbers, copy=False)
    return pd.concat([frame, pd.DataFrame(texts, index=index)], axis=1) if texts else frame
