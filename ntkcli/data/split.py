"""The split of one file into rows to train with and rows to predict."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray, IntArray
from ntkcli.data.faults import MISSING
from ntkcli.data.given_sides import GivenSides
from ntkcli.data.groups import whole_groups
from ntkcli.data.table_file import TableFile
from ntkcli.data.times import times_of
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec
from ntkcli.spec.split import ColumnSplit, Split, SplitSpec

# Part of a share by which the rows that groups set aside may miss it before it is told.
FAR = 0.1


def split_off(
    frame: pd.DataFrame,
    split: Split,
    file: TableFile,
    classes: str | None,
    texts: Sequence[str] = (),
    groups: IntArray | None = None,
) -> BoolArray:
    """Choose the rows to predict, (rows,): those that a column tells, the last, groups, or some at random.

    A share is rounded down; at random, every class gives its own.

    A category that only these rows would have stays in training, with the first of them.

    Args:
        frame: the training file's rows.
        split: says which.
        file: that the rows are from.
        classes: the target column, if it is a class.
        texts: the columns of text.
        groups: numbers of the rows' groups, (rows,), as many of which are predicted as reach the share; None
            for rows by themselves.

    Raises:
        DataError: there would be no row to predict, or fewer than two to train with, or a cell of the column
            that decides is not one that can.
    """
    if isinstance(split, ColumnSplit):
        return _given(frame, split, file)
    if split.time is not None:
        chosen = by_time(split, frame.index, file)
        check_sides(split, file, kept=int((~chosen).sum()), set_aside=int(chosen.sum()))
        return chosen
    if groups is not None:
        drawn = whole_groups(groups, _share(split, len(frame)), split.seed, spare=1)
        chosen = np.isin(np.arange(len(frame)), drawn)
        check_sides(split, file, kept=int((~chosen).sum()), set_aside=int(chosen.sum()))
        return chosen
    order = np.random.default_rng(split.seed).permutation(len(frame))
    strata = [order] if classes is None else _by_class(order, frame[classes])
    chosen = np.zeros(len(frame), dtype=bool)
    for stratum in strata:
        chosen[stratum[: _share(split, len(stratum))]] = True
    check_sides(split, file, kept=int((~chosen).sum()), set_aside=int(chosen.sum()))
    others = chosen.copy()
    for name in texts:
        others[_only_ones(frame[name], others)] = False
    # Of names, which every row has its own of, none is known; that they are is told later.
    return others if others.any() else chosen


def _given(frame: pd.DataFrame, split: ColumnSplit, file: TableFile) -> BoolArray:
    sides = GivenSides(split, file)
    chosen = sides.set_aside(frame)
    sides.check()
    check_sides(split, file, kept=int((~chosen).sum()), set_aside=int(chosen.sum()))
    return chosen


def by_time(split: SplitSpec, rows: pd.Index | None, file: TableFile) -> BoolArray:
    """Return which rows are the last by their times; those of one time stay together, with the last ones.

    Args:
        split: their share, and the column of times.
        rows: their numbers in the file; None for all.
        file: that they are from.

    Raises:
        DataError: a cell is empty, or neither a number nor a date.
    """
    times = times_of(str(split.time), rows, file, "data.split.time")
    count = _share(split, len(times))
    return times >= np.sort(times)[len(times) - count] if count else np.zeros(len(times), dtype=bool)


def _share(split: SplitSpec, rows: int) -> int:
    # A share such as 0.29 of 100 rows is 29, whatever float64 makes of it.
    return int(round(split.test * rows, 9))


def check_sides(split: Split, file: TableFile, *, kept: int, set_aside: int) -> None:
    """Check that a split leaves rows on both sides.

    Args:
        split: the split.
        file: that the rows are from.
        kept: the number of rows to train with.
        set_aside: the number of rows to predict.

    Raises:
        DataError: there is no row to predict, or there are fewer than two to train with.
    """
    if set_aside and kept >= 2:
        return
    left = f"leaves {set_aside} to predict and {kept} to train with"
    if isinstance(split, ColumnSplit):
        remedy = "name the values of the rows to predict in data.split.test"
        raise DataError(f"{file.path}: column {split.column!r} (data.split.column) {left}: {remedy}")
    raise DataError(
        f"{file.path}: data.split: a share of {split.test:g} of {kept + set_aside} rows {left}: use another "
        "share, or more rows"
    )


def share_warnings(spec: DataSpec, file: TableFile, *, kept: int, set_aside: int) -> list[str]:
    """Return the warning that groups which draw by themselves are far from the share, if they are.

    Args:
        spec: has the split.
        file, kept, set_aside: as of `check_sides`.
    """
    if not isinstance(spec.split, SplitSpec) or spec.groups is None:
        return []
    reached = set_aside / (kept + set_aside)
    if abs(reached - spec.split.test) <= FAR * spec.split.test:
        return []
    what = f"sets {reached:.3g} of the rows aside and not {spec.split.test:g}, as groups are drawn whole"
    return [f"{file.path}: data.split {what}: another data.split.seed draws others"]


def _only_ones(cells: pd.Series, chosen: BoolArray) -> IntArray:
    """Return the places of the first cell of every text that only the rows chosen have."""
    texts = cells[chosen]
    is_first = ~texts.duplicated() & ~texts.isin(cells[~chosen]) & ~texts.isin(MISSING)
    return np.flatnonzero(chosen)[is_first.to_numpy()]


def _by_class(order: np.ndarray, cells: pd.Series) -> list[np.ndarray]:
    shuffled = cells.to_numpy()[order]
    return [order[shuffled == name] for name in sorted(set(shuffled))]
