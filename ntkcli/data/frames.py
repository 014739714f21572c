"""Frames as they were read: cells without the spaces around them, and the rows that have every value."""

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.cells import is_missing
from ntkcli.data.faults import MISSING
from ntkcli.data.table_file import TableFile


def trimmed(frame: pd.DataFrame, names: list[str], file: TableFile) -> pd.DataFrame:
    """Return a frame without the spaces around the cells of some columns, empty where they hold no value."""
    others = file.notation.missing - MISSING
    stripped = {name: _stripped(frame[name]) for name in names}
    if others:
        stripped = {name: cells.mask(cells.isin(others), "") for name, cells in stripped.items()}
    return frame.assign(**stripped)


def _stripped(cells: pd.Series) -> pd.Series:
    # Of a column of categories there are few to look at.
    if all(text == text.strip() for text in cells.unique()):
        return cells
    return cells.str.strip()


def has_values(frame: pd.DataFrame) -> BoolArray:
    """Return which rows of a frame have a value in every column, (rows,)."""
    gaps = [is_missing(cells) for _, cells in frame.items()]
    return ~np.any(gaps, axis=0) if gaps else np.ones(len(frame), dtype=bool)
