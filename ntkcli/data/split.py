"""The split of one file into rows to train with and rows to predict."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray, IntArray
from ntkcli.data.faults import MISSING
from ntkcli.data.groups import whole_groups
from ntkcli.data.table_file import TableFile
from ntkcli.data.times import times_of
from ntkcli.errors import DataError
from ntkcli.spec.data import SplitSpec


def split_off(
    frame: pd.DataFrame,
    split: SplitSpec,
    file: TableFile,
    classes: str | None,
    texts: Sequence[str] = (),
    groups: IntArray | None = None,
) -> BoolArray:
    """Choose the rows to predict, (rows,): the last, whole groups, or of every class its share at random.

    A share is rounded down.

    A category that only these rows would have stays in training, with the first of them.

    Args:
        frame: the training file's rows.
        split: their share, and the seed.
        file: that the rows are from.
        classes: the target column, if it is a class.
        texts: the columns of text.
        groups: numbers of the rows' groups, (rows,), as many of which are predicted as reach the share; None
            for rows by themselves.

    Raises:
        DataError: there would be no row to predict, or fewer than two to train with.
    """
    if split.time is not None:
        return _last(frame, split, file)
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


def _last(frame: pd.DataFrame, split: SplitSpec, file: TableFile) -> BoolArray:
    """The last rows by their times; those of one time stay together, on the side of the last ones."""
    times = times_of(str(split.time), frame.index, file, "data.split.time")
    count = _share(split, len(times))
    chosen = times >= np.sort(times)[len(times) - count] if count else np.zeros(len(times), dtype=bool)
    check_sides(split, file, kept=int((~chosen).sum()), set_aside=int(chosen.sum()))
    return chosen


def _share(split: SplitSpec, rows: int) -> int:
    # A share such as 0.29 of 100 rows is 29, whatever float64 makes of it.
    return int(round(split.test * rows, 9))


def check_sides(split: SplitSpec, file: TableFile, *, kept: int, set_aside: int) -> None:
    """Check that a split leaves rows on both sides.

    Args:
        split: the split.
        file: that the rows are from.
        kept: the number of rows to train with.
        set_aside: the number of rows to predict.

    Raises:
        DataError: there is no row to predict, or there are fewer than two to train with.
    """
    if not set_aside or kept < 2:
        raise DataError(
            f"{file.path}: data.split: a share of {split.test:g} of {kept + set_aside} rows leaves "
            f"{set_aside} to predict and {kept} to train with: use another share, or more rows"
        )


class Lots:
    """Rows to predict, drawn one by one in a pass over a file, for which no list of all rows is held.

    Every row draws whether it is set aside, in order, so that it is the same however the rows come in parts.
    The share is met up to chance, for the whole and for every class.

    Args:
        split: the share, and the seed; None to set no row aside.
    """

    def __init__(self, split: SplitSpec | None) -> None:
        self._share = split.test if split else 0.0
        self._rng = np.random.default_rng(split.seed if split else 0)

    def draw(self, always: BoolArray) -> BoolArray:
        """Return which of the rows that follow are set aside, (rows,).

        Args:
            always: which of them are to train with in any case, (rows,).
        """
        return (self._rng.random(len(always)) < self._share) & ~always


def _only_ones(cells: pd.Series, chosen: BoolArray) -> IntArray:
    """Return the places of the first cell of every text that only the rows chosen have."""
    texts = cells[chosen]
    is_first = ~texts.duplicated() & ~texts.isin(cells[~chosen]) & ~texts.isin(MISSING)
    return np.flatnonzero(chosen)[is_first.to_numpy()]


def _by_class(order: np.ndarray, cells: pd.Series) -> list[np.ndarray]:
    shuffled = cells.to_numpy()[order]
    return [order[shuffled == name] for name in sorted(set(shuffled))]
