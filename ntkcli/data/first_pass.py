"""The first pass over a training file: what is remembered of its rows, however many there are."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntkcli.data.gaps import Gaps
from ntkcli.data.lots import Lots, last_rows
from ntkcli.data.novelty import MOST_TEXTS, Novelty
from ntkcli.data.row_sample import RowSample
from ntkcli.data.training_file import TrainingFile

# Cells of the sample, as they are read and once they are encoded: 400 MB. Tables with more than 500 columns
# have a sample of fewer rows, but of no fewer than so many.
SAMPLED_CELLS, LEAST_ROWS = 50_000_000, 1000
# Rows to predict that a dataset has where there are too many to hold.
SHOWN_ROWS = 1000


@dataclass(frozen=True)
class Limits:
    """How much of a file is held; what is fitted to it depends on them, so they are no matter of the machine.

    rows: so many rows are all held, and of more a sample of so many.
    texts: different texts of all columns that are too many for categories.
    shown: rows to predict of a sample.
    """

    rows: int = 100_000
    texts: int = MOST_TEXTS
    shown: int = SHOWN_ROWS


class KeptFrames:
    """The rows of a file, as long as they are few or take little memory.

    frames: in order; None if there are too many.
    bytes: that they take.

    Args:
        rows: that are few.
        size: bytes that are little.
    """

    def __init__(self, rows: int, size: int) -> None:
        self._rows, self._size = rows, size
        self._count = self.bytes = 0
        self.frames: list[pd.DataFrame] | None = []

    def add(self, frame: pd.DataFrame) -> None:
        """Keep some rows, or give up."""
        if self.frames is None:
            return
        self.frames.append(frame)
        self._count += len(frame)
        self.bytes += int(frame.memory_usage(deep=True).sum())
        if self._count > self._rows and self.bytes > self._size:
            self.frames, self.bytes = None, 0


@dataclass
class FirstPass:
    """What is remembered of a training file's rows.

    training: the file.
    limits: for what is held.
    keep_bytes: all rows are kept if they take no more memory.
    last: which rows of the file are the last, as `last_rows` has them.
    gaps: of all rows so far.
    """

    training: TrainingFile
    limits: Limits
    keep_bytes: int = 0
    count: int = 0
    set_aside: int = 0
    gaps: Gaps = field(default_factory=Gaps)
    _always: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        most = max(LEAST_ROWS, SAMPLED_CELLS // len(self.training.file.columns))
        self.novelty = Novelty(self.training, self.limits.texts)
        self.kept = KeptFrames(self.limits.rows, self.keep_bytes)
        self.last = last_rows(self.training, self.limits.rows)
        self._lots = Lots(self.training, self.last)
        self._sample = RowSample(min(self.limits.rows, most))
        self._shown = RowSample(self.limits.shown)

    @property
    def is_small(self) -> bool:
        """Whether there are so few rows that all are held."""
        return self.count <= self.limits.rows

    @property
    def always(self) -> npt.NDArray[np.int64]:
        """The numbers of the rows that are to train with in any case, ascending."""
        return np.concatenate(self._always)

    @property
    def held(self) -> int:
        """The number of rows of samples that are in memory."""
        return self._sample.held + self._shown.held

    def add(self, frame: pd.DataFrame, gaps: Gaps) -> None:
        """Remember some rows.

        Rows that bring in a category, or the second value of a column, are to train with in any case: no
        category is unknown, and no column constant, by the luck of a draw. Where rows are not drawn one by
        one, these are found among the rows to train with, whichever they are.

        Args:
            frame: the rows, those dropped left out.
            gaps: of all rows.
        """
        aside = self._lots.draw(frame)
        if self._lots.is_by_row:
            always = self.novelty.find(frame)
            aside &= ~always
        else:
            always = np.zeros(len(frame), dtype=bool)
            always[~aside] = self.novelty.find(frame[~aside])
        self._always.append(frame.index.to_numpy()[always])
        self._sample.add(frame[~aside], always[~aside])
        self._shown.add(frame[aside])
        self.kept.add(frame)
        self.count += len(frame)
        self.gaps += gaps
        self.set_aside += int(aside.sum())

    def check_named(self) -> None:
        """Check that there are rows with the values that data.split names, once all rows were there."""
        self._lots.check()

    def sampled(self) -> pd.DataFrame:
        """Return a sample of the training rows, with all that are to train with in any case.

        It is random and uniform but for these. Of every text there is more than one row beside, so that many
        categories do not look like names.
        """
        texts = self.novelty.texts
        columns = len(self.training.columns.features) + texts
        return self._sample.frame(max(LEAST_ROWS, SAMPLED_CELLS // columns, 2 * texts))

    def shown(self) -> pd.DataFrame:
        """Return a sample of the rows that are set aside."""
        return self._shown.frame()
