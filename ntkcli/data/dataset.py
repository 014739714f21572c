"""The data of one run: training and test rows as arrays, and the schema that made them."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.columns import Columns, check_present, check_test_columns, choose_columns
from ntkcli.data.csv_file import CsvFile
from ntkcli.data.faults import number_in
from ntkcli.data.feature_fitting import columns_of, find_features, fit_features
from ntkcli.data.features import FeatureRules, encode
from ntkcli.data.scaling import Scaling
from ntkcli.data.split import split_off
from ntkcli.data.table import Schema, Table, dropped_rows, has_values, no_rows_left, trimmed
from ntkcli.data.table_error import FaultList
from ntkcli.data.targets import check_target, fit_targets, has_classes
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec
from ntkcli.units import counted


@dataclass(frozen=True)
class Dataset:
    """The training rows and the rows to predict.

    test: the same object as `train` where there are no test rows.
    schema: how files become tables; fitted on the training rows.
    warnings: about columns that are constant and rows that were dropped.
    """

    train: Table
    test: Table
    schema: Schema
    warnings: list[str]

    @property
    def has_test_rows(self) -> bool:
        """Whether there are rows to predict other than the training rows."""
        return self.test is not self.train

    @property
    def is_classification(self) -> bool:
        """Whether the target is a class."""
        return self.schema.targets.is_classification

    @property
    def target_scaling(self) -> Scaling:
        """The scaling of the targets, whose inverse takes predictions back to the user's units."""
        return self.schema.targets.scaling

    def weighted(self, factors: FloatArray) -> Self:
        """Return this dataset with every feature multiplied by a factor of its own, (features,)."""
        features = self.schema.features.weighted(factors)
        train = replace(self.train, x=self.train.x * features.relevance)
        test = replace(self.test, x=self.test.x * features.relevance) if self.has_test_rows else train
        return replace(self, train=train, test=test, schema=replace(self.schema, features=features))

    @property
    def y_train(self) -> FloatArray:
        """The training targets (n, k) as the solvers see them."""
        return self.schema.targets.outputs(self.train.targets)


def load_dataset(spec: DataSpec) -> Dataset:
    """Read the files of a spec; encoding, scaling and classes are fitted on the training rows.

    Raises:
        DataError: a file, a column or a value is not what the spec says, or there are fewer than two rows.
    """
    file = CsvFile(spec.train)
    columns = choose_columns(file, spec.target, spec.features, spec.id or [])
    check_present(file, spec.categorical, "data.categorical")
    check_present(file, [] if spec.log == "auto" else spec.log, "data.log")
    check_present(file, [*spec.factors], "data.relevance")
    test_file = CsvFile(spec.test) if spec.test else None
    check_present(test_file or file, columns.ids, "data.id")
    if test_file:
        check_test_columns(file, test_file, columns, all_features=spec.features == "all")
    classes = has_classes(spec, file)
    frame, warnings = _read(file, columns, spec, with_ids=test_file is None, classes=classes)
    chosen = (
        split_off(frame, spec.split, file, columns.targets[0] if classes else None) if spec.split else None
    )
    train_frame = frame if chosen is None else frame[~chosen]
    if len(train_frame) < 2:
        raise DataError(f"{spec.train}: has one data row: at least two are needed")
    schema, train, more = _fit(train_frame, columns, file, spec, classes=classes)
    test = train
    if chosen is not None:
        test = schema.table(frame[chosen], schema.features.encode(frame[chosen], file), file)
    elif test_file:
        test = _test_table(schema, test_file)
    warnings += [*more, *dropped_rows(test.file.path, test.dropped)]
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


def _fit(
    frame: pd.DataFrame, columns: Columns, file: CsvFile, spec: DataSpec, *, classes: bool
) -> tuple[Schema, Table, list[str]]:
    """Fit the schema, and return it with the training rows as it makes them, and with warnings."""
    faults = FaultList(file.path)
    with faults.collecting():
        targets, warnings = fit_targets(frame, file, spec, classes=classes)
    with faults.collecting():
        found = find_features(frame, columns.features, file, spec)
    faults.check()
    encoded = encode(found, frame, file, FeatureRules.of(spec))
    features, more = fit_features(found, encoded, file, spec)
    schema = Schema(columns.ids, features, targets)
    train = schema.table(frame, encoded[:, columns_of(found, features.features)], file)
    return schema, train, more + warnings


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
