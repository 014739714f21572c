"""Checks of the cells of a column, which tell every cell that is at fault."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.faults import MISSING, Fault, shown
from ntkcli.data.table_error import MOST_OF_A_COLUMN, TableError
from ntkcli.data.table_file import TableFile


def is_missing(cells: pd.Series) -> BoolArray:
    """Return which cells of a column of numbers or of text hold no value, (rows,)."""
    found = cells.isna() if cells.dtype == np.float64 else cells.isin(MISSING)
    return np.asarray(found.to_numpy())


def refuse(cells: pd.Series, wrong: BoolArray, file: TableFile, reason: Callable[[object], str]) -> None:
    """Refuse a column if some of its cells are wrong.

    Args:
        cells: of the column, indexed by the file's rows.
        wrong: which cells are, (rows,).
        file: that they are from.
        reason: says what is wrong with a cell's text, and the remedy.

    Raises:
        TableError: some are; it has their lines.
    """
    places = np.flatnonzero(wrong)
    if not places.size:
        return
    some, name = places[:MOST_OF_A_COLUMN], str(cells.name)
    lines = file.lines([int(row) for row in cells.index[some]])
    faults = [
        Fault(line, f"column {name!r}: {reason(cells.iloc[place])}", name)
        for line, place in zip(lines, some, strict=True)
    ]
    raise TableError(file.path, faults, len(places) - len(some))


def check_filled(cells: pd.Series, file: TableFile) -> None:
    """Check that every cell of a column holds a value.

    Raises:
        TableError: some do not.
    """

    def reason(cell: object) -> str:
        what = f"found {shown(cell)}, which is no value" if isinstance(cell, str) and cell else "is empty"
        return f"{what}: {file.remedies.gap}"

    refuse(cells, is_missing(cells), file, reason)


def check_named(cells: pd.Series, file: TableFile, key: str) -> None:
    """Check that every cell of a column that a key of the spec names holds a value, of text as of numbers.

    Args:
        cells: texts of the column, indexed by the file's rows.
        file: that they are from.
        key: of the spec.

    Raises:
        TableError: some do not.
    """
    gaps = [text for text in cells.unique() if file.notation.is_missing(text)]
    what = f"is empty, and {key} needs a value in every row: fill it in, or leave the row out"
    refuse(cells, cells.isin(gaps).to_numpy(bool), file, lambda _: what)


def check_target(cells: pd.Series, file: TableFile) -> None:
    """Check that every cell of a target has a value.

    Args:
        cells: of the target, indexed as in the file.
        file: that they are from.

    Raises:
        TableError: some have none; it has their lines.
    """
    if cells.dtype != np.float64:
        check_filled(cells, file)
    refuse(
        cells,
        cells.isna().to_numpy(),
        file,
        lambda _: f"a target is not filled in: {file.remedies.target}",
    )


def check_no_slip(cells: pd.Series, file: TableFile) -> None:
    """Check that a text column is not one of numbers with a typing error in some cells.

    Raises:
        TableError: some cells are numbers; it has the lines of those that are not.
    """
    has_value = ~is_missing(cells)
    is_number = cells.map(lambda text: file.notation.number_in(text) is not None).to_numpy(bool) & has_value
    if is_number.any():
        refuse(
            cells,
            ~is_number & has_value,
            file,
            lambda text: (
                f"found {shown(str(text))} where other rows have numbers: {file.notation.remedy(str(text))}"
            ),
        )
