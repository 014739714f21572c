"""The times of rows, by a column of numbers or dates."""

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.date_encoding import read_days
from ntkcli.data.date_reading import settled_order
from ntkcli.data.faults import number_in
from ntkcli.data.groups import cells_of
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError


def times_of(column: str, rows: pd.Index | None, file: TableFile, key: str) -> FloatArray:
    """Return the times of some rows: numbers as they are, or dates as days, (rows,).

    Args:
        column: its name.
        rows: their numbers in the file; None for all.
        file: that they are from.
        key: of the spec, that names the column.

    Raises:
        DataError: a cell is empty, or neither a number nor a date.
    """
    cells = cells_of(column, rows, file, key)
    numbers = [number_in(text) for text in cells]
    found = [number for number in numbers if number is not None]
    if len(found) == len(numbers):
        return np.array(found)
    try:
        order = settled_order([*cells.unique()])
    except ValueError as error:
        raise DataError(f"{file.path}: column {column!r} ({key}) {error}") from error
    return read_days(cells, order, file)
