"""The first pass over a spec's files: what fits into memory, for a schema that is fitted to all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.dataset import Dataset
from ntkcli.data.first_pass import FirstPass, Limits
from ntkcli.data.lots import Lots
from ntkcli.data.raw_data import RawData
from ntkcli.data.row_source import FileRows, HeldRows, RowSource, RowStream
from ntkcli.data.split import check_sides, share_warnings
from ntkcli.data.table import Schema
from ntkcli.data.table_file import TableFile
from ntkcli.data.training_file import TrainingFile
from ntkcli.spec.data import DataSpec

# Cells that are read at a time; the rows are the same however many.
READ_CELLS = 1_000_000


@dataclass(frozen=True)
class Survey:
    """What is known of a spec's files after one pass over the rows to train with.

    raw: the rows that features and targets are fitted to. Up to 100,000 they are all, as `RawData.read` has
        them; of more they are a random sample of so many, with every category and class of the file among
        them. Of the rows to predict a dataset then has 1,000 at most.
    training: the training file.
    train_rows: the number of training rows.
    set_aside_rows: the number of rows that data.split sets aside in the passes over a file that is not held.
    is_small: whether `raw` has all rows of the training file.
    always: the numbers of the rows that are never set aside.
    last: which rows of the file are the last, if data.split.time cuts one that is not held; else None.
    frames: all rows of the training file, if they are kept.
    kept_bytes: that they take.
    read_rows: of a file that are read at a time.
    """

    raw: RawData
    training: TrainingFile
    train_rows: int
    set_aside_rows: int
    is_small: bool
    always: npt.NDArray[np.int64]
    last: BoolArray | None
    frames: list[pd.DataFrame] | None
    kept_bytes: int
    read_rows: int

    def rows(self, dataset: Dataset) -> RowSource:
        """Return all training rows and rows to predict.

        Args:
            dataset: made of `raw`; its schema makes tables of the rows.
        """
        training = HeldRows(dataset.train) if self.is_small else self._passes(dataset.schema, aside=False)
        return RowSource(self.train_rows, training, self._prediction(dataset, training), self.kept_bytes)

    def _prediction(self, dataset: Dataset, training: RowStream) -> RowStream:
        if not dataset.has_test_rows:
            return training
        test_file, schema = self.training.test_file, dataset.schema
        if test_file and self.raw.most_test_rows is not None:
            read = partial(schema.frames, test_file, _rows_at_a_time(test_file, self.read_rows))
            return FileRows(schema, test_file, read)
        if test_file or self.is_small:
            return HeldRows(dataset.test)
        return self._passes(schema, aside=True)

    def _passes(self, schema: Schema, *, aside: bool) -> FileRows:
        return FileRows(
            schema,
            self.training.file,
            partial(self._side, aside=aside),
            rows=self.set_aside_rows if aside else self.train_rows,
            is_read=self.frames is None,
        )

    def _side(self, *, aside: bool) -> Iterator[tuple[pd.DataFrame, int]]:
        """Yield the rows on one side of the split; those dropped are told by `raw`."""
        lots = Lots(self.training, self.last)
        for frame in self._read():
            chosen = lots.draw(frame) & ~np.isin(frame.index, self.always)
            yield frame[chosen if aside else ~chosen], 0

    def _read(self) -> Iterable[pd.DataFrame]:
        if self.frames is not None:
            return self.frames
        return (frame for frame, _ in self.training.frames(rows=self.read_rows))


def survey(
    spec: DataSpec, *, keep_bytes: int = 0, limits: Limits | None = None, read_rows: int | None = None
) -> Survey:
    """Go through the rows to train with, and hold what a schema is fitted to.

    What is held does not grow with the rows of a file, and does not depend on the machine. If data.split sets
    rows of a file aside that is not held, each row or group draws for itself, so that the share is met up to
    chance.

    Args:
        spec: the data section.
        keep_bytes: the rows of a file are kept for later passes if they take no more memory than that.
        limits: for what is held.
        read_rows: of a file that are read at a time, which changes nothing but time and memory; None for
            some 100,000, and fewer of a wide table.

    Raises:
        DataError: a file, a column or a value is not what the spec says, there are too few rows, or the file
            changes meanwhile.
    """
    training, limits = TrainingFile.open(spec), limits or Limits()
    first = FirstPass(training, limits, keep_bytes)
    read_rows = _rows_at_a_time(training.file, read_rows)
    with training.file.content.unchanged():
        for frame, gaps in training.frames(rows=read_rows):
            first.add(frame, gaps)
    is_long = training.test_file is not None and training.test_file.has_more(limits.rows)
    raw = _raw(first, limits.shown if is_long else None)
    return Survey(
        raw=raw,
        training=training,
        train_rows=len(raw.train) if first.is_small else first.count - first.set_aside,
        set_aside_rows=first.set_aside,
        is_small=first.is_small,
        always=first.always,
        last=first.last,
        frames=None if first.is_small else first.kept.frames,
        kept_bytes=0 if first.is_small else first.kept.bytes,
        read_rows=read_rows,
    )


def _raw(first: FirstPass, most_test_rows: int | None) -> RawData:
    training, split = first.training, first.training.spec.split
    if first.is_small:
        assert first.kept.frames is not None, "so few rows are always kept"
        raw = RawData.of(training, pd.concat(first.kept.frames), first.gaps)
        return replace(raw, most_test_rows=most_test_rows)
    training.check_left(first.gaps)
    first.novelty.check(first.count)
    warnings = first.gaps.warnings(training.file.path, training.dropping)
    if split:
        first.check_named()
        kept = first.count - first.set_aside
        check_sides(split, training.file, kept=kept, set_aside=first.set_aside)
        warnings += share_warnings(training.spec, training.file, kept=kept, set_aside=first.set_aside)
    return RawData(
        file=training.file,
        columns=training.columns,
        train=first.sampled(),
        set_aside=first.shown() if split else None,
        dates=training.dates,
        test_file=training.test_file,
        classes=training.classes,
        gaps=first.gaps,
        warnings=warnings,
        most_test_rows=most_test_rows,
    )


def _rows_at_a_time(file: TableFile, given: int | None) -> int:
    return given or max(1, READ_CELLS // len(file.columns))
