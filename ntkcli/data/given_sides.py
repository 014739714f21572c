"""The sides of rows in a split that a column of the file gives."""

from math import isnan

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.cells import check_named, refuse
from ntkcli.data.faults import number_in, shown
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError
from ntkcli.spec.split import ColumnSplit

# What rows are called where a spec does not say which are predicted.
TEST, TRAIN = ("test", "testing"), ("train", "training")


class GivenSides:
    """What a column says about rows, in any number of parts.

    Texts are the same in any case, and numbers however they are written.

    Args:
        split: names the column, and maybe the values of the rows to predict.
        file: that the rows are from.
    """

    def __init__(self, split: ColumnSplit, file: TableFile) -> None:
        self._split, self._file = split, file
        self._wanted = {_key(text, number_in(text)): text for text in split.test or TEST}
        self._unseen = dict(self._wanted)

    def set_aside(self, frame: pd.DataFrame) -> BoolArray:
        """Return which of some rows are to be predicted, (rows,).

        Raises:
            DataError: a cell is empty or, where the spec names no values, is neither `train` nor `test`.
        """
        cells, number_of = frame[self._split.column].str.strip(), self._file.notation.number_in
        check_named(cells, self._file, "data.split.column")
        keys = {text: _key(text, number_of(text)) for text in cells.unique()}
        if self._split.test is None:
            self._refuse_others(cells, [text for text, key in keys.items() if key not in (*TEST, *TRAIN)])
        chosen = [text for text, key in keys.items() if key in self._wanted]
        for text in chosen:
            self._unseen.pop(keys[text], None)
        return np.asarray(cells.isin(chosen).to_numpy(bool))

    def check(self) -> None:
        """Check that there were rows with each of the values that the spec names.

        Raises:
            DataError: of a value there was none.
        """
        for text in self._unseen.values() if self._split.test else ():
            first = next(iter(self._file.first_values([self._split.column]).values()), "")
            raise DataError(
                f"{self._file.path}: column {self._split.column!r} has no {shown(text)} (data.split.test) in "
                f"any row; the first has {shown(first.strip())}: correct the one or the other"
            )

    def _refuse_others(self, cells: pd.Series, others: list[str]) -> None:
        remedy = "correct it, or name the values of the rows to predict in data.split.test"
        refuse(
            cells,
            cells.isin(others).to_numpy(bool),
            self._file,
            lambda text: f"found {shown(str(text))}, which is neither train nor test: {remedy}",
        )


def _key(text: str, number: float | None) -> str | float:
    return text.casefold() if number is None or isnan(number) else number
