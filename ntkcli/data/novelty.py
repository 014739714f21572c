"""Rows that bring in what no row before them had: a text, or the second value of a column of numbers."""

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.cells import is_missing
from ntkcli.data.faults import Fault
from ntkcli.data.table_error import TableError
from ntkcli.data.training_file import TrainingFile
from ntkcli.units import counted

# Texts of all columns together: so many categories a kernel can be fitted to, and as many outputs.
MOST_TEXTS = 5000


class Novelty:
    """What columns have held so far, and which rows bring in more.

    Of a column of text every different text counts. Of one of numbers or dates the first two do: with them it
    is as constant as the whole column is. The first gap counts where a column is to tell of gaps. Names, of
    which every row has its own, are given up as soon as there are too many to be categories.

    Args:
        training: has the columns.
        most: the number of different texts that are too many.
    """

    def __init__(self, training: TrainingFile, most: int = MOST_TEXTS) -> None:
        self._training = training
        self._most = most
        dates = training.dates
        self._texts: dict[str, set[object]] = {name: set() for name in training.texts if name not in dates}
        self._filled = {*training.numbers, *dates} if training.spec.gaps.indicator else set()
        self._amounts: dict[str, set[object]] = {name: set() for name in [*training.numbers, *dates]}

    @property
    def texts(self) -> int:
        """The number of different texts seen, of all columns together."""
        return sum(map(len, self._texts.values()))

    def find(self, frame: pd.DataFrame) -> BoolArray:
        """Return which of some rows bring in something, (rows,), and remember it.

        Args:
            frame: the rows that follow those seen before.
        """
        is_new = np.zeros(len(frame), dtype=bool)
        for name, seen in self._texts.items():
            # One more than the most is enough to know.
            is_new[_add(seen, frame[name], self._most + 1)] = True
        for name, seen in self._amounts.items():
            if len(seen) < 2:
                is_new[_add(seen, frame[name].mask(is_missing(frame[name])), 2)] = True
        for name in [*self._filled]:
            if (gaps := is_missing(frame[name])).any():
                is_new[int(gaps.argmax())] = True
                self._filled.remove(name)
        return is_new

    def check(self, rows: int) -> None:
        """Check that the different texts are few enough.

        Args:
            rows: how many there are.

        Raises:
            TableError: a column, or all together, has too many; it names the column with most.
        """
        if self.texts <= self._most:
            return
        name = max(self._texts, key=lambda name: len(self._texts[name]))
        count = len(self._texts[name])
        number = f"more than {self._most:,}" if count > self._most else f"{count:,}"
        together = "" if count > self._most else f", and all columns together more than {self._most:,}"
        what = f"column {name!r} has {number} different texts in {counted(rows, 'row')}{together}: "
        if name in self._training.columns.targets:
            what += "for numbers, correct those that are none, or set data.task: regression"
        else:
            what += "put it in data.id, or leave it out with data.features"
        raise TableError(self._training.file.path, [Fault(None, what, name)])


def _add(seen: set[object], cells: pd.Series, most: int) -> list[int]:
    """Add cells to those seen until there are `most`, and return the places of those added."""
    if len(seen) >= most:
        return []
    firsts = np.flatnonzero((cells.notna() & ~cells.duplicated()).to_numpy())
    added = []
    for place, cell in zip(firsts.tolist(), cells.iloc[firsts].tolist(), strict=True):
        if cell not in seen and len(seen) < most:
            seen.add(cell)
            added.append(place)
    return added
