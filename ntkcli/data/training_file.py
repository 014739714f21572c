"""The training file of a spec, and how its columns are read."""

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Self

import pandas as pd

from ntkcli.arrays import BoolArray
from ntkcli.data.cells import check_target
from ntkcli.data.columns import Columns, check_present, check_test_columns, choose_columns
from ntkcli.data.date_reading import is_date
from ntkcli.data.feature_fitting import find_features
from ntkcli.data.formats import open_table
from ntkcli.data.frames import has_values, trimmed
from ntkcli.data.gaps import Gaps
from ntkcli.data.given_sides import GivenSides
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile
from ntkcli.data.targets import has_classes
from ntkcli.errors import DataError, SpecError
from ntkcli.spec.data import NO_CLASSES, NO_TRANSFORM_OF_CLASSES, DataSpec
from ntkcli.spec.split import ColumnSplit
from ntkcli.units import counted

# Rows in which text is looked at beside numbers that have faults.
LOOKED_AT = 100_000


@dataclass(frozen=True)
class TrainingFile:
    """The training file of a spec, whose columns have roles and kinds; none of its rows is held.

    spec: by which it is read.
    file: where the rows are.
    columns: their roles.
    numbers: the columns that are read as numbers.
    texts: the features and the target that are read as text.
    dates: those of the features that hold dates.
    test_file: data.test, or None.
    classes: whether the target is a class.
    """

    spec: DataSpec
    file: TableFile
    columns: Columns
    numbers: list[str]
    texts: list[str]
    dates: list[str]
    test_file: TableFile | None
    classes: bool

    @classmethod
    def open(cls, spec: DataSpec) -> Self:
        """Look at the header of the training file and at its first values, and at the test file's header.

        Raises:
            DataError: a file or a column is not what the spec says.
            SpecError: a class is to be transformed, or a number to have the weight of a class.
        """
        file = open_table(spec.train, spec.csv)
        columns = choose_columns(
            file,
            spec.target,
            spec.features,
            spec.id or [],
            spec.weight_columns,
            {"data.groups": [spec.groups] if spec.groups else [], "data.split.column": spec.split_columns},
        )
        check_present(file, spec.categorical, "data.categorical")
        check_present(file, spec.time_columns, "data.split.time")
        check_present(file, [*spec.dated], "data.dates")
        check_present(file, [*spec.gaps.columns], "data.missing")
        check_present(file, [*spec.factors], "data.relevance")
        test_file = open_table(spec.test, spec.csv) if spec.test else None
        check_present(test_file or file, columns.ids, "data.id")
        if test_file:
            check_test_columns(file, test_file, columns, all_features=spec.features == "all")
        classes = has_classes(spec, file)
        if classes and spec.has_target_transform:
            raise SpecError(f"data.target_transform: {NO_TRANSFORM_OF_CLASSES}")
        if not classes and spec.class_weight != "none":
            raise SpecError(f"data.class_weight: {NO_CLASSES}")
        numbers, texts, dates = _kinds(file, columns, spec, classes=classes)
        return cls(spec, file, columns, numbers, texts, dates, test_file, classes)

    @property
    def split_by(self) -> list[str]:
        """The column whose texts decide on which side of data.split a row is, if there is one."""
        groups = [self.spec.groups] if self.spec.split and self.spec.groups else []
        return self.spec.split_columns or groups

    @property
    def dropping(self) -> list[str]:
        """The columns for whose gaps rows are left out."""
        gaps = self.spec.gaps
        # Weights go with the targets: a row that lacks either cannot be trained with.
        others = self.columns.targets + self.columns.weights if gaps.target == "drop" else []
        return [name for name in self.columns.features if gaps.rule(name) == "drop"] + others

    def frames(self, *, rows: int | None = None) -> Iterator[tuple[pd.DataFrame, Gaps]]:
        """Yield the rows that can be used, in parts, each with the gaps of all rows there were.

        Rows that lack a value are left out if the spec says so; a part may then be empty. Those that a column
        says are to be predicted need no target.

        Args:
            rows: of the file in a part; None for all at once.

        Raises:
            DataError: rows are ragged, or cells are no numbers where numbers are wanted.
        """
        # Those of a test file are told instead, where there is one.
        ids = self.columns.ids if self.test_file is None else []
        used = list(dict.fromkeys(self.texts + ids + self.split_by))
        missing = self.spec.gaps.allows_gaps
        columns = self.columns
        looked_at = columns.features + columns.targets + columns.weights if missing else []
        faults = FaultList(self.file.path)
        with faults.collecting():
            for read in self.file.chunks(self.numbers, used, missing=missing, rows=rows):
                frame = trimmed(read, self.texts, self.file)
                kept = frame[self._are_whole(frame)] if self.dropping else frame
                yield kept, Gaps.of(frame[looked_at], dropped=len(frame) - len(kept))
        if faults.found:
            self._look_at_texts(faults)
        faults.check()

    def _are_whole(self, frame: pd.DataFrame) -> BoolArray:
        split, features = self.spec.split, set(self.columns.features)
        whole = has_values(frame[self.dropping])
        if not isinstance(split, ColumnSplit):
            return whole
        lacks_target = ~whole & has_values(frame[[name for name in self.dropping if name in features]])
        if lacks_target.any():
            whole[lacks_target] = GivenSides(split, self.file).set_aside(frame[lacks_target])
        return whole

    def check_left(self, gaps: Gaps) -> None:
        """Check that enough rows are left to train with.

        Args:
            gaps: of all rows.

        Raises:
            DataError: more are left out than data.missing.most_dropped, or fewer than two are left, of two or
                more.
        """
        most, path, kept = self.spec.gaps.most_dropped, self.file.path, gaps.rows - gaps.dropped
        if kept < 2 <= gaps.rows:
            empty = [name for name in self.dropping if gaps.counts[name] == gaps.rows]
            why = f"column {empty[0]!r} is empty in every row" if empty else "fill values in, or use mean"
            raise DataError(
                f"{path}: data.missing: drop leaves {counted(kept, 'row')} of {gaps.rows:,}, and "
                f"at least two are needed: {why}"
            )
        if excess := gaps.excess(self.dropping, most):
            raise DataError(
                f"{path}: {excess}: fill them in, use mean or category for these columns, or allow more than "
                f"data.missing.most_dropped: {most:g}"
            )

    def _look_at_texts(self, faults: FaultList) -> None:
        """Add the faults of the columns of text, where those of numbers have faults already."""
        features = [name for name in self.columns.features if name in self.texts]
        targets = [name for name in self.columns.targets if name in self.texts]
        # Ragged rows have been found.
        with suppress(DataError), closing(self.file.chunks([], self.texts, rows=LOOKED_AT)) as chunks:
            frame = trimmed(next(chunks), self.texts, self.file)
            with faults.collecting():
                find_features(frame, features, self.dates, self.file, self.spec)
            for name in targets:
                with faults.collecting():
                    check_target(frame[name], self.file)


def _kinds(
    file: TableFile, columns: Columns, spec: DataSpec, *, classes: bool
) -> tuple[list[str], list[str], list[str]]:
    """Return the columns that are numbers, those that are text, and those of these that hold dates.

    Text is what is listed, or no number at first; with data.dates: auto, a date is what is one at first.
    """
    listed = {*spec.categorical, *spec.dated}
    found = frozenset(file.texts([name for name in columns.features if name not in listed])) | listed
    texts = [name for name in columns.features if name in found]
    numbers = [name for name in columns.features if name not in found] + columns.weights
    dates = [*spec.dated]
    if spec.dates == "auto":
        first = file.first_values([name for name in texts if name not in listed])
        dates += [name for name in first if is_date(first[name].strip())]
    if classes:
        return numbers, texts + columns.targets, dates
    return numbers + columns.targets, texts, dates
