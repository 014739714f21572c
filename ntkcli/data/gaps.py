"""Gaps: cells without a value, counted by column, and the rows that are left out for them."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pandas as pd

from ntkcli.data.cells import is_missing
from ntkcli.units import counted

# Columns that a message names.
MOST_COLUMNS = 6


@dataclass(frozen=True)
class Gaps:
    """The gaps of some rows.

    rows: how many rows there are.
    dropped: how many of them are left out.
    counts: the number of gaps of each column that has any.
    """

    rows: int = 0
    dropped: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, frame: pd.DataFrame, *, dropped: int) -> Self:
        """Count the gaps of some rows, of which so many are left out."""
        counts = {str(name): int(is_missing(cells).sum()) for name, cells in frame.items()}
        return cls(len(frame), dropped, +Counter(counts))

    def __add__(self, other: Self) -> Self:
        """The gaps of both parts' rows."""
        return type(self)(self.rows + other.rows, self.dropped + other.dropped, self.counts + other.counts)

    def text(self, columns: Container[str]) -> str:
        """Return how many gaps there are in each of some columns, the most first."""
        texts = [f"{name} {count:,}" for name, count in self.counts.most_common() if name in columns]
        return ", ".join(texts[:MOST_COLUMNS]) + (", ..." if len(texts) > MOST_COLUMNS else "")

    def excess(self, columns: Container[str], most: float) -> str | None:
        """Return what there is to say where more rows are left out than a share of them; None where not.

        Args:
            columns: for whose gaps rows are left out.
            most: the share.
        """
        # A share such as 0.29 of 100 rows is 29, whatever float64 makes of it.
        if self.dropped <= round(most * self.rows, 9):
            return None
        share = 100 * self.dropped / self.rows
        return (
            f"{self.dropped:,} of {counted(self.rows, 'row')} ({share:.3g} %) lack a value in: "
            f"{self.text(columns)}"
        )

    def warnings(self, path: Path, columns: Container[str]) -> list[str]:
        """Return the warning that rows of a file are left out, if any are.

        Args:
            path: the file.
            columns: for whose gaps rows are left out.
        """
        if not self.dropped:
            return []
        rows = f"{self.dropped:,} of {counted(self.rows, 'row')}"
        return [f"{path}: left out {rows} without a value in: {self.text(columns)}"]


def dropped_rows(path: Path, count: int) -> list[str]:
    """Return the warning that rows of a file were dropped, if any were."""
    if not count:
        return []
    return [f"{path}: {counted(count, 'row')} without a value in some column left out (data.missing: drop)"]


def no_rows_left(path: Path) -> str:
    """Return what to say where every row of a file was dropped."""
    return f"{path}: every row lacks a value, and data.missing: drop leaves none: fill some in"
