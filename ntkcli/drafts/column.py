"""A column of a table that nothing has been said about: its cells as text, and the numbers that they mean."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.notation import Notation


@dataclass(frozen=True)
class Column:
    """A column of a file, by some of its rows.

    name: of the column.
    cells: as text without spaces around, empty where there is no value.
    values: the numbers that they mean, NaN where there is no value, infinite where there is no number.
    """

    name: str
    cells: pd.Series
    values: FloatArray

    @classmethod
    def of(cls, cells: pd.Series, notation: Notation) -> Self:
        """Read the cells of a column, of which there are few different ones mostly."""
        codes, texts = pd.factorize(cells)
        plain = ["" if notation.is_missing(text) else text.strip() for text in map(str, texts)]
        values = notation.values(plain)
        # Such as NAN: a float for Python, and neither a number nor a gap for a table.
        values[np.isnan(values) & np.array([text != "" for text in plain], dtype=bool)] = np.inf
        trimmed = pd.Series(np.array(plain, dtype=object)[codes], index=cells.index, name=cells.name)
        return cls(str(cells.name), trimmed, values[codes])

    @cached_property
    def texts(self) -> list[str]:
        """The different cells that hold a value."""
        return [str(text) for text in self.cells.unique() if text]

    @cached_property
    def odd(self) -> list[str]:
        """The different cells that hold a value and are no number."""
        return [str(text) for text in self.cells[np.isinf(self.values)].unique()]

    @property
    def gaps(self) -> int:
        """The number of cells without a value."""
        return int(np.isnan(self.values).sum())

    @property
    def is_number(self) -> bool:
        """Whether every cell that holds a value is a number."""
        return bool(self.texts) and not self.odd

    @cached_property
    def present(self) -> FloatArray:
        """The numbers."""
        return self.values[np.isfinite(self.values)]

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(np.unique(self.present)) if self.is_number else len(self.texts)
