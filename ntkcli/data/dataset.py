"""The data of one run: arrays ready for the kernel, and the way back to the user's units."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.data.columns import Columns, check_ids, check_test_columns, choose_columns
from ntkcli.data.csv_file import CsvFile
from ntkcli.data.scaling import Scaling, constant_columns, normalize_rows
from ntkcli.errors import DataError
from ntkcli.spec.spec import DataSpec


@dataclass(frozen=True)
class Table:
    """The rows of one file.

    file: where they came from.
    x: (rows, features) as the kernel sees them.
    targets: (rows, targets that the file has), in the file's units.
    ids: the id columns, letter by letter.
    """

    file: CsvFile
    x: FloatArray
    targets: pd.DataFrame
    ids: pd.DataFrame

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Dataset:
    """Training rows and the rows to predict.

    test: the training rows themselves when there is no test file.
    columns: the roles of the columns, constant features left out.
    target_scaling: fitted on the training targets; predictions are taken back through it.
    warnings: what the user should know of the data.
    """

    train: Table
    test: Table
    columns: Columns
    target_scaling: Scaling
    warnings: list[str]

    @property
    def has_test_file(self) -> bool:
        """Whether the rows to predict are not just the training rows."""
        return self.test is not self.train

    @property
    def y_train(self) -> FloatArray:
        """The training targets (n, k) as the solvers see them."""
        return self.target_scaling.apply(self.train.targets.to_numpy())


def load_dataset(spec: DataSpec) -> Dataset:
    """Read the files of a spec and fit the scalings on the training rows.

    Raises:
        DataError: a file, a column or a value is not what the spec says, or there are fewer than two rows.
    """
    train_file = CsvFile(spec.train)
    columns = choose_columns(train_file, spec.target, spec.features, spec.id or [])
    test_file = CsvFile(spec.test) if spec.test else None
    check_ids(test_file or train_file, columns)
    if test_file:
        check_test_columns(train_file, test_file, columns, all_features=spec.features == "all")
    train_frame = _read(train_file, columns, with_ids=test_file is None)
    if len(train_frame) < 2:
        raise DataError(f"{spec.train}: has one data row: at least two are needed")
    columns, warnings = _drop_constant(train_file, train_frame, columns, drop=spec.standardize)

    values = train_frame[columns.features].to_numpy()
    scaling = _fit(train_file, columns.features, values, standardize=spec.standardize)
    targets = train_frame[columns.targets].to_numpy()
    target_scaling = _fit_targets(train_file, columns.targets, targets, standardize=spec.standardize_target)
    warnings += [
        f"{spec.train}: target {name!r} is constant"
        for name in _where(columns.targets, constant_columns(targets))
    ]
    train = _table(train_file, train_frame, columns, scaling, spec)
    test = train
    if test_file:
        test = _table(test_file, _read(test_file, columns, with_ids=True), columns, scaling, spec)
    return Dataset(train, test, columns, target_scaling, warnings)


def _read(file: CsvFile, columns: Columns, *, with_ids: bool) -> pd.DataFrame:
    targets = [name for name in columns.targets if name in file.columns]
    return file.read(columns.features + targets, columns.ids if with_ids else [])


def _drop_constant(
    file: CsvFile, frame: pd.DataFrame, columns: Columns, *, drop: bool
) -> tuple[Columns, list[str]]:
    """Leave out the features that standardising would divide by zero."""
    constant = constant_columns(frame[columns.features].to_numpy()) & drop
    kept, dropped = (_where(columns.features, mask) for mask in (~constant, constant))
    if not kept:
        raise DataError(
            f"{file.path}: every feature is constant ({', '.join(dropped)}): nothing to learn from"
        )
    warnings = [f"{file.path}: column {name!r} is constant and was dropped" for name in dropped]
    return Columns(kept, columns.targets, columns.ids), warnings


def _fit(file: CsvFile, names: list[str], values: FloatArray, *, standardize: bool) -> Scaling:
    if not standardize:
        return Scaling.identity(len(names))
    with np.errstate(over="ignore", invalid="ignore"):
        scaling = Scaling.standard(values)
        usable = np.isfinite(scaling.mean) & np.isfinite(scaling.scale)
    _refuse(file, names, ~usable, "too large to standardise")
    return scaling


def _fit_targets(file: CsvFile, names: list[str], values: FloatArray, *, standardize: bool) -> Scaling:
    """As `_fit`; a prediction's variance is in the target's unit squared, which float64 has to hold."""
    scaling = _fit(file, names, values, standardize=standardize)
    with np.errstate(over="ignore", under="ignore"):
        variance = scaling.scale**2
    out_of_range = (variance < np.finfo(np.float64).tiny) | np.isinf(variance)
    _refuse(file, names, out_of_range, "too large or too small for a variance in float64")
    return scaling


def _refuse(file: CsvFile, names: list[str], faulty: BoolArray, what: str) -> None:
    for name in _where(names, faulty):
        raise DataError(f"{file.path}: column {name!r} is {what}: give it another unit")


def _where(names: list[str], mask: BoolArray) -> list[str]:
    return [name for name, chosen in zip(names, mask, strict=True) if chosen]


def _table(file: CsvFile, frame: pd.DataFrame, columns: Columns, scaling: Scaling, spec: DataSpec) -> Table:
    x = scaling.apply(frame[columns.features].to_numpy())
    if spec.normalize_rows:
        normalize_rows(x)
    return Table(
        file=file,
        x=x,
        targets=frame[[name for name in columns.targets if name in frame]],
        ids=frame[[name for name in columns.ids if name in frame]],
    )
