"""A table that is in memory: messages call its rows by their numbers, from 0."""

from collections.abc import Generator, Sequence
from pathlib import Path

import pandas as pd

from ntkcli.data.cells import is_missing
from ntkcli.data.notation import Notation
from ntkcli.data.remedies import Remedies
from ntkcli.data.table_file import TableFile

IN_MEMORY = Remedies(
    path="give it again",
    number="correct it, or leave the row out",
    name="correct it, or encode the column as numbers first",
    gap="fill the value in, or leave the row out",
    target="fill it in, or leave the row out",
    unknown="correct it, or leave the row out",
    key="",
)


class HeldTable(TableFile):
    """Rows in memory, as a frame with float64 where a column is one of numbers, and text elsewhere.

    frame: the rows, numbered from 0.

    Args:
        name: of the table, for messages.
        frame: the rows.
    """

    def __init__(self, name: str, frame: pd.DataFrame) -> None:
        self.path, self.notation, self.remedies = Path(name), Notation(None, IN_MEMORY), IN_MEMORY
        self.frame = frame.set_axis(pd.RangeIndex(len(frame)), axis=0)
        self.columns = [str(column) for column in frame.columns]

    def chunks(
        self, numbers: list[str], texts: list[str], *, missing: bool = False, rows: int | None = None
    ) -> Generator[pd.DataFrame]:
        """Yield rows in parts, as `TableFile.chunks`, whether or not numbers are missing."""
        wanted = numbers + texts
        frame = self.frame if wanted == self.columns else self.frame[wanted]
        length = rows or max(1, len(frame))
        for start in range(0, len(frame), length):
            yield frame.iloc[start : start + length]

    def first_values(self, names: list[str]) -> dict[str, str]:
        """Return the first cell that holds a value, by column; columns without any are not in it."""
        found = {}
        for name in names:
            there = self.frame[name][~is_missing(self.frame[name])]
            if len(there):
                found[name] = str(there.iloc[0])
        return found

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the numbers of some rows: there are no lines."""
        return list(rows)

    def has_more(self, rows: int) -> bool:
        """Return whether there are more rows than some."""
        return len(self.frame) > rows
