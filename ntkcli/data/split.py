"""The split of one file into rows to train with and rows to predict."""

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.csv_file import CsvFile
from ntkcli.errors import DataError
from ntkcli.spec.data import SplitSpec


def split_off(frame: pd.DataFrame, split: SplitSpec, file: CsvFile, classes: str | None) -> BoolArray:
    """Choose the rows to predict at random, (rows,); of every class its share, rounded down.

    Args:
        frame: the training file's rows.
        split: their share, and the seed.
        file: that the rows are from.
        classes: the target column, if it is a class.

    Raises:
        DataError: there would be no row to predict, or fewer than two to train with.
    """
    order = np.random.default_rng(split.seed).permutation(len(frame))
    groups = [order] if classes is None else _by_class(order, frame[classes])
    chosen = np.zeros(len(frame), dtype=bool)
    for group in groups:
        # A share such as 0.29 of 100 rows is 29, whatever float64 makes of it.
        chosen[group[: int(round(split.test * len(group), 9))]] = True
    if not chosen.any() or (~chosen).sum() < 2:
        raise DataError(
            f"{file.path}: data.split: a share of {split.test:g} of {len(frame)} rows leaves "
            f"{chosen.sum()} to predict and {(~chosen).sum()} to train with: use another share, or more rows"
        )
    return chosen


def _by_class(order: np.ndarray, cells: pd.Series) -> list[np.ndarray]:
    shuffled = cells.to_numpy()[order]
    return [order[shuffled == name] for name in sorted(set(shuffled))]
