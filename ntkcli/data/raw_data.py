"""The rows of a spec's files as they were read, to which features and targets are then fitted."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.columns import Columns, check_present, choose_columns
from ntkcli.data.dataset import Dataset
from ntkcli.data.feature_fitting import columns_of, find_features, fit_features
from ntkcli.data.features import FeatureRules, encode
from ntkcli.data.gaps import Gaps, dropped_rows, no_rows_left
from ntkcli.data.groups import groups_of
from ntkcli.data.held_table import HeldTable
from ntkcli.data.log_scale import LogScale, helpful_log, skewness
from ntkcli.data.row_weights import RowWeights
from ntkcli.data.split import split_off
from ntkcli.data.table import Schema, Table
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile
from ntkcli.data.targets import fit_targets
from ntkcli.data.training_file import TrainingFile
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec


@dataclass(frozen=True)
class RawData:
    """The rows of a spec's files, before anything is fitted to them.

    Specs that differ only in how numbers are transformed (log, relevance, standardize, normalize_rows) share
    them.

    file: the training file.
    columns: their roles.
    train: the training rows, with numbers where a column is one of numbers, and text elsewhere.
    set_aside: the rows that data.split sets aside for prediction; None without it.
    dates: the features that hold dates.
    test_file: data.test, or None.
    classes: whether the target is a class.
    gaps: of the training file.
    warnings: about rows that were dropped.
    most_test_rows: of the test file that a dataset gets, the first that have every value; None for all.
    counts: how often each training row is there, (rows,), for means and scales; None for once.
    """

    file: TableFile
    columns: Columns
    train: pd.DataFrame
    set_aside: pd.DataFrame | None
    dates: list[str]
    test_file: TableFile | None
    classes: bool
    gaps: Gaps
    warnings: list[str]
    most_test_rows: int | None = None
    counts: FloatArray | None = None

    @classmethod
    def held(cls, table: HeldTable, spec: DataSpec, counts: FloatArray | None = None) -> Self:
        """Return the rows of a table in memory, whose features are numbers.

        Args:
            table: with the columns of features, targets and, if the spec names one, weights.
            spec: says which are targets, and of which kind.
            counts: how often each row is there, (rows,), which is in its weight already; None for once.
        """
        columns = choose_columns(table, spec.target, spec.features, [], spec.weight_columns)
        return cls(
            file=table,
            columns=columns,
            train=table.frame,
            set_aside=None,
            dates=[],
            test_file=None,
            classes=spec.task == "classification",
            gaps=Gaps(rows=len(table.frame)),
            warnings=[],
            counts=counts,
        )

    @classmethod
    def read(cls, spec: DataSpec) -> Self:
        """Read the training file of a spec, and check the columns of its test file.

        Raises:
            DataError: a file, a column or a value is not what the spec says, or there are fewer than two
                rows.
        """
        training = TrainingFile.open(spec)
        ((frame, gaps),) = training.frames()
        return cls.of(training, frame, gaps)

    @classmethod
    def of(cls, training: TrainingFile, frame: pd.DataFrame, gaps: Gaps) -> Self:
        """Return all rows of a training file, with some set aside if the spec says so.

        Args:
            training: the file.
            frame: its rows, but for those that lack a value if they are dropped.
            gaps: of all rows.

        Raises:
            DataError: there are fewer than two rows, or too many are dropped.
        """
        training.check_left(gaps)
        file, split, set_aside = training.file, training.spec.split, None
        if split:
            classes = training.columns.targets[0] if training.classes else None
            groups = groups_of(training.spec, frame, file)
            texts = [name for name in training.texts if name not in training.dates]
            chosen = split_off(frame, split, file, classes, texts, groups)
            frame, set_aside = frame[~chosen], frame[chosen]
        if len(frame) < 2:
            raise DataError(f"{file.path}: has one data row: at least two are needed")
        return cls(
            file=file,
            columns=training.columns,
            train=frame,
            set_aside=set_aside,
            dates=training.dates,
            test_file=training.test_file,
            classes=training.classes,
            gaps=gaps,
            warnings=gaps.warnings(file.path, training.dropping),
        )

    @cached_property
    def skewed(self) -> dict[str, LogScale]:
        """The numbers that are skewed, and less so on a logarithmic scale, with it; the most skewed first."""
        numbers = [name for name in self.columns.features if self.train[name].dtype == "float64"]
        cells = {name: self.train[name].to_numpy() for name in numbers if self.train[name].notna().any()}
        found = {name: scale for name, values in cells.items() if (scale := helpful_log(values))}
        return dict(sorted(found.items(), key=lambda item: -skewness(cells[item[0]])))

    def fit(self, spec: DataSpec) -> tuple[Schema, Table, list[str]]:
        """Fit features and targets to the training rows.

        Args:
            spec: says how; auto is none, where its log or its target_transform is that.

        Returns:
            The schema, the training rows as it makes them, and warnings.

        Raises:
            DataError: a column is not what the spec says.
        """
        check_present(self.file, [] if spec.log == "auto" else spec.log, "data.log")
        faults = FaultList(self.file.path)
        with faults.collecting():
            targets, warnings = fit_targets(
                self.train, self.file, spec, classes=self.classes, counts=self.counts
            )
        with faults.collecting():
            found = find_features(self.train, self.columns.features, self.dates, self.file, spec)
        faults.check()
        encoded = encode(found, self.train, self.file, FeatureRules.of(spec))
        features, more = fit_features(found, encoded, self.file, spec, self.counts)
        weights = RowWeights.fit(self.train, self.file, spec, counted=self.counts is not None)
        schema = Schema(self.columns.ids, features, targets, weights)
        table = schema.table(self.train, encoded[:, columns_of(found, features.features)], self.file)
        table = replace(table, groups=groups_of(spec, self.train, self.file))
        return schema, table, more + warnings

    def dataset(self, spec: DataSpec) -> Dataset:
        """Return the data of a run: the training rows and the rows to predict; arguments as of `fit`.

        Raises:
            DataError: a column is not what the spec says, or the test rows do not go with the training rows.
        """
        schema, train, more = self.fit(spec)
        test = train
        if self.set_aside is not None:
            encoded = schema.features.encode(self.set_aside, self.file)
            test = schema.table(self.set_aside, encoded, self.file)
        elif self.test_file:
            test = _test_table(schema, self.test_file, self.most_test_rows)
        warnings = [*self.warnings, *more, *dropped_rows(test.file.path, test.dropped)]
        return Dataset(train, test, schema, warnings, self.gaps)


def _test_table(schema: Schema, file: TableFile, most: int | None) -> Table:
    faults, found = FaultList(file.path), None
    with faults.collecting():
        found = next(schema.tables(file, rows=most), None)
    if faults.found and most is None:
        with suppress(DataError), faults.collecting():
            schema.check_texts(file)
    faults.check()
    if found is None:
        raise DataError(no_rows_left(file.path))
    # Of a part it is not known how many rows are dropped.
    return found if most is None else replace(found, dropped=0)
