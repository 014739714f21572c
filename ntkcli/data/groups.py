"""Groups of rows that belong together, by a column of the file."""

import numpy as np
import pandas as pd

from ntkcli.arrays import IntArray
from ntkcli.data.cells import check_named
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

# Rows of the column that are read at once.
READ_ROWS = 1_000_000


def groups_of(spec: DataSpec, frame: pd.DataFrame, file: TableFile) -> IntArray | None:
    """Return a number for the group of each of some rows, (rows,); equal texts are one group.

    Args:
        spec: names the column, if there are groups.
        frame: the rows, indexed as in the file.
        file: that they are from, in which the column is read.

    Raises:
        DataError: a cell is empty, or there is one group only.
    """
    return None if spec.groups is None else group_codes(spec.groups, frame.index, file, "data.groups")


def group_codes(column: str, rows: pd.Index, file: TableFile, key: str) -> IntArray:
    """Return a number for the text that each of some rows has in a column, (rows,).

    Args:
        column: its name.
        rows: their numbers in the file.
        file: that they are from.
        key: of the spec, that names the column.

    Raises:
        DataError: a cell is empty, or there is one text only.
    """
    codes, names = pd.factorize(cells_of(column, rows, file, key))
    if len(names) < 2:
        raise DataError(f"{file.path}: column {column!r} ({key}) has one group only: leave it out")
    return np.asarray(codes, dtype=np.intp)


def cells_of(column: str, rows: pd.Index | None, file: TableFile, key: str) -> pd.Series:
    """Return the cells of a column, as text, for some rows by their numbers in the file.

    Args:
        column, file, key: as for `group_codes`.
        rows: their numbers in the file; None for all.

    Raises:
        DataError: one is empty.
    """
    parts = (part[column] for part in file.chunks([], [column], rows=READ_ROWS))
    wanted = parts if rows is None else (part[part.index.isin(rows)] for part in parts)
    cells = pd.concat([part.str.strip() for part in wanted])
    check_named(cells, file, key)
    return cells


def whole_groups(groups: IntArray, wanted: int, seed: int = 0, *, spare: int = 0) -> IntArray:
    """Return the places of the rows of groups at random, ascending: of as many as reach a number of rows.

    Args:
        groups: numbers of the rows' groups, (n,).
        wanted: how many rows.
        seed: of the draw.
        spare: groups that are not drawn in any case.
    """
    names, counts = np.unique(groups, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))[: len(names) - spare]
    taken = np.cumsum(counts[order]) - counts[order] < wanted
    return np.flatnonzero(np.isin(groups, names[order[taken]]))
