"""The rows of a spec's files as they were read, to which features and targets are then fitted."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import pandas as pd

from ntkcli.data.columns import Columns, check_present, check_test_columns, choose_columns
from ntkcli.data.csv_file import CsvFile
from ntkcli.data.dataset import Dataset
from ntkcli.data.faults import number_in
from ntkcli.data.feature_fitting import columns_of, find_features, fit_features
from ntkcli.data.features import FeatureRules, encode
from ntkcli.data.log_scale import LogScale, helpful_log, skewness
from ntkcli.data.split import split_off
from ntkcli.data.table import Schema, Table, dropped_rows, has_values, no_rows_left, trimmed
from ntkcli.data.table_error import FaultList
from ntkcli.data.targets import check_target, fit_targets, has_classes
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec
from ntkcli.units import counted


@dataclass(frozen=True)
class RawData:
    """The rows of a spec's files, before anything is fitted to them.

    Specs that differ only in how numbers are transformed (log, relevance, standardize, normalize_rows) share
    them.

    file: the training file.
    columns: their roles.
    train: the training rows, with numbers where a column is one of numbers, and text elsewhere.
    set_aside: the rows that data.split sets aside for prediction; None without it.
    test_file: data.test, or None.
    classes: whether the target is a class.
    warnings: about rows that were dropped.
    """

    file: CsvFile
    columns: Columns
    train: pd.DataFrame
    set_aside: pd.DataFrame | None
    test_file: CsvFile | None
    classes: bool
    warnings: list[str]

    @classmethod
    def read(cls, spec: DataSpec) -> Self:
        """Read the training file of a spec, and check the columns of its test file.

        Raises:
            DataError: a file, a column or a value is not what the spec says, or there are fewer than two
                rows.
        """
        file = CsvFile(spec.train)
        columns = choose_columns(file, spec.target, spec.features, spec.id or [])
        check_present(file, spec.categorical, "data.categorical")
        check_present(file, [*spec.factors], "data.relevance")
        test_file = CsvFile(spec.test) if spec.test else None
        check_present(test_file or file, columns.ids, "data.id")
        if test_file:
            check_test_columns(file, test_file, columns, all_features=spec.features == "all")
        classes = has_classes(spec, file)
        train, warnings = _read(file, columns, spec, with_ids=test_file is None, classes=classes)
        set_aside = None
        if spec.split:
            chosen = split_off(train, spec.split, file, columns.targets[0] if classes else None)
            train, set_aside = train[~chosen], train[chosen]
        if len(train) < 2:
            raise DataError(f"{spec.train}: has one data row: at least two are needed")
        return cls(file, columns, train, set_aside, test_file, classes, warnings)

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
            spec: says how; its log is a list, or auto for none.

        Returns:
            The schema, the training rows as it makes them, and warnings.

        Raises:
            DataError: a column is not what the spec says.
        """
        check_present(self.file, [] if spec.log == "auto" else spec.log, "data.log")
        faults = FaultList(self.file.path)
        with faults.collecting():
            targets, warnings = fit_targets(self.train, self.file, spec, classes=self.classes)
        with faults.collecting():
            found = find_features(self.train, self.columns.features, self.file, spec)
        faults.check()
        encoded = encode(found, self.train, self.file, FeatureRules.of(spec))
        features, more = fit_features(found, encoded, self.file, spec)
        schema = Schema(self.columns.ids, features, targets)
        table = schema.table(self.train, encoded[:, columns_of(found, features.features)], self.file)
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
            test = _test_table(schema, self.test_file)
        warnings = [*self.warnings, *more, *dropped_rows(test.file.path, test.dropped)]
        return Dataset(train, test, schema, warnings)


def _read(
    file: CsvFile, columns: Columns, spec: DataSpec, *, with_ids: bool, classes: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Read the training file, with warnings; rows that lack a value are dropped if the spec says so."""
    texts = [name for name in columns.features if name in spec.categorical]
    others = [name for name in columns.features if name not in texts]
    first = file.first_values(others)
    texts += [name for name in others if number_in(first.get(name, "0")) is None]
    numbers = [name for name in columns.features if name not in texts]
    if classes:
        texts += columns.targets
    else:
        numbers += columns.targets
    used = list(dict.fromkeys(texts + (columns.ids if with_ids else [])))
    faults = FaultList(file.path)
    with faults.collecting():
        frame = trimmed(file.read(numbers, used, missing=spec.missing != "error"), texts)
    if faults.found:
        _look_at_texts(file, texts, columns, spec, faults)
    faults.check()
    if spec.missing != "drop":
        return frame, []
    kept = _complete_rows(frame, columns.features + columns.targets, file)
    return kept, dropped_rows(file.path, len(frame) - len(kept))


def _look_at_texts(
    file: CsvFile, texts: list[str], columns: Columns, spec: DataSpec, faults: FaultList
) -> None:
    """Add the faults of the columns of text, where those of numbers have faults already."""
    # Ragged rows have been found.
    with suppress(DataError):
        frame = trimmed(file.read([], texts), texts)
        with faults.collecting():
            find_features(frame, [name for name in columns.features if name in texts], file, spec)
        for name in [name for name in columns.targets if name in texts]:
            with faults.collecting():
                check_target(frame[name], file)


def _complete_rows(frame: pd.DataFrame, names: list[str], file: CsvFile) -> pd.DataFrame:
    """Drop the rows that lack a value in one of some columns."""
    needed = frame[names]
    kept = frame[has_values(needed)]
    if len(kept) < 2 <= len(frame):
        empty = [name for name in needed if not has_values(needed[[name]]).any()]
        why = f"column {empty[0]!r} is empty in every row" if empty else "fill values in, or use mean"
        raise DataError(
            f"{file.path}: data.missing: drop leaves {counted(len(kept), 'row')} of {len(frame):,}, and at "
            f"least two are needed: {why}"
        )
    return kept


def _test_table(schema: Schema, file: CsvFile) -> Table:
    faults = FaultList(file.path)
    with faults.collecting():
        found = list(schema.tables(file))
    if faults.found:
        with suppress(DataError), faults.collecting():
            schema.check_texts(file)
    faults.check()
    if not found:
        raise DataError(no_rows_left(file.path))
    (table,) = found
    return table
