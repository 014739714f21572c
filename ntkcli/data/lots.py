"""Which rows of a file are set aside, in a pass over it in which no list of all rows is held."""

from hashlib import blake2b

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.cells import check_named
from ntkcli.data.given_sides import GivenSides
from ntkcli.data.split import by_time
from ntkcli.data.training_file import TrainingFile
from ntkcli.spec.split import ColumnSplit, SplitSpec


class Lots:
    """Rows to predict, found part by part; the same rows in every pass, however they come in parts.

    Rows by themselves draw in order whether they are set aside, and a group draws by its text, so that shares
    are met up to chance, for the whole and for every class. A column says it, or a time that is cut at.

    Args:
        training: the file, with the spec that says what is set aside, if anything is.
        last: whether each row of the file is one of the last by data.split.time, (rows of the file,); None
            without it.
    """

    def __init__(self, training: TrainingFile, last: BoolArray | None = None) -> None:
        spec, self._file, self._last = training.spec, training.file, last
        self._given = GivenSides(spec.split, training.file) if isinstance(spec.split, ColumnSplit) else None
        drawn = spec.split if isinstance(spec.split, SplitSpec) else None
        self._share, self._seed = (drawn.test, drawn.seed) if drawn else (0.0, 0)
        self._groups = spec.groups if drawn else None
        self._rng = np.random.default_rng(self._seed)
        self.is_by_row = spec.split_key is None

    def draw(self, frame: pd.DataFrame) -> BoolArray:
        """Return which of the rows that follow are set aside, (rows,).

        Raises:
            DataError: a cell of the column that decides is not one that can.
        """
        if self._given:
            return self._given.set_aside(frame)
        if self._last is not None:
            return self._last[frame.index]
        if self._groups is not None:
            return self._by_group(frame[self._groups].str.strip())
        return np.asarray(self._rng.random(len(frame)) < self._share)

    def check(self) -> None:
        """Check, once all rows were there, that what the spec names is among them."""
        if self._given:
            self._given.check()

    def _by_group(self, cells: pd.Series) -> BoolArray:
        check_named(cells, self._file, "data.groups")
        chosen = [text for text in cells.unique() if uniform(self._seed, text) < self._share]
        return np.asarray(cells.isin(chosen).to_numpy(bool))


def uniform(seed: int, text: str) -> float:
    """Return a number in [0, 1) that a seed and a text decide, as if it were drawn."""
    digest = blake2b(f"{seed} {text}".encode(), digest_size=8).digest()
    # As many bits as a float64 has, so that it is never rounded to 1.
    return (int.from_bytes(digest, "big") >> 11) / 2.0**53


def last_rows(training: TrainingFile, rows: int) -> BoolArray | None:
    """Return which rows of a file are the last by data.split.time, (rows of the file,).

    Args:
        training: the file.
        rows: up to which all rows of a file are held, so that there is nothing to find out in advance.

    Returns:
        A truth value for every row of the file; None without data.split.time, or where the file is held.

    Raises:
        DataError: a cell is empty, or neither a number nor a date.
    """
    split = training.spec.split
    if not training.spec.time_columns or not training.file.has_more(rows):
        return None
    assert isinstance(split, SplitSpec), "a column that gives the sides needs no time"
    return by_time(split, None, training.file)
