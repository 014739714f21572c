"""The targets: numbers, or the class of a row, as the outputs that a kernel is fitted to."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray, FloatArray, IntArray
from ntkcli.data.cells import check_no_slip, check_target, is_missing, refuse
from ntkcli.data.faults import shown, some
from ntkcli.data.feature import category_order
from ntkcli.data.scaling import Scaling, constant_columns
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile
from ntkcli.data.transforms import Transforms, check_transform
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec


@dataclass(frozen=True)
class Targets:
    """The target columns, and how they become the k outputs that a kernel is fitted to.

        numbers: one output each, transformed if that is wanted, and scaled.
        a class: one output for each of C classes, 1 - 1/C for the row's own and -1/C for the others.

    names: of the target columns.
    classes: in order; empty for numbers.
    scaling: of the k outputs, behind their transforms.
    transforms: of the numbers.

    Lee et al. 2018, section 3.1, for the coding of classes.
    """

    names: list[str]
    classes: list[str]
    scaling: Scaling
    transforms: Transforms = field(default_factory=Transforms)

    @property
    def is_classification(self) -> bool:
        """Whether the target is a class."""
        return bool(self.classes)

    @property
    def count(self) -> int:
        """The number of outputs k."""
        return len(self.classes or self.names)

    @property
    def unit(self) -> str:
        """The output's name, for its unit; "" where class scores have none, or targets no common one."""
        return self.output_names[0] if self.count == 1 else ""

    @property
    def output_names(self) -> list[str]:
        """The names of the k outputs."""
        return self.classes or self.transforms.names(self.names)

    @property
    def numbers(self) -> list[str]:
        """The target columns that are read as numbers."""
        return [] if self.is_classification else self.names

    @property
    def texts(self) -> list[str]:
        """The target columns that are read as text."""
        return self.names if self.is_classification else []

    def outputs(self, frame: pd.DataFrame) -> FloatArray:
        """Return the outputs (rows, k) of rows, NaN where a target has no value."""
        if self.is_classification:
            labels = self.labels(frame)[:, None]
            outputs = (labels == np.arange(len(self.classes))) - 1.0 / len(self.classes)
            return np.where(labels < 0, np.nan, outputs)
        return self.scaling.apply(self.transforms.apply(frame[self.names].to_numpy()))

    def labels(self, frame: pd.DataFrame) -> IntArray:
        """Return the index of each row's class among the classes, (rows,); -1 for another class."""
        return pd.Index(self.classes).get_indexer(pd.Index(frame[self.names[0]]))

    def check(self, frame: pd.DataFrame, file: TableFile, *, missing: bool = False) -> None:
        """Check the targets that rows have.

        Args:
            frame: the rows, indexed as in the file.
            file: that they are from.
            missing: whether a target may have no value.

        Raises:
            TableError: targets have no value, or are classes that training had not; it has their lines.
        """
        faults = FaultList(file.path)
        for name in self.names:
            if name in frame:
                with faults.collecting():
                    if not missing:
                        check_target(frame[name], file)
                    self._check_known(frame, file)
                    self.transforms.check(frame[name], file)
        faults.check()

    def _check_known(self, frame: pd.DataFrame, file: TableFile) -> None:
        if self.is_classification:
            refuse(
                frame[self.names[0]],
                (self.labels(frame) < 0) & ~is_missing(frame[self.names[0]]),
                file,
                lambda text: (
                    f"class {shown(str(text))} is not in the training rows ({some(self.classes)}): "
                    "correct it, drop the row, or train with rows of that class"
                ),
            )


def has_classes(spec: DataSpec, file: TableFile) -> bool:
    """Return whether a spec's target is a class: because the spec says so, or because it is text."""
    if spec.task != "auto":
        return spec.task == "classification"
    if len(spec.target) > 1:
        return False
    return bool(file.texts(spec.target))


def fit_targets(
    frame: pd.DataFrame,
    file: TableFile,
    spec: DataSpec,
    *,
    classes: bool,
    counts: FloatArray | None = None,
) -> tuple[Targets, list[str]]:
    """Fit the targets to the training rows: their classes, or their means and scales.

    Args:
        frame: the training rows, indexed as in the file.
        file: that they are from.
        spec: names the targets, and says whether to standardise them.
        classes: whether the target is a class.
        counts: how often each row is there, (rows,); None for once.

    Returns:
        The targets, and warnings.

    Raises:
        DataError: there is one class only, nearly every row has a class of its own, or a scale is out of the
            range of float64.
    """
    faults = FaultList(file.path)
    for name in spec.target:
        with faults.collecting():
            check_target(frame[name], file)
            check_transform(spec.transform_names[name], frame[name], file)
    faults.check()
    if classes:
        if spec.task == "auto":
            check_no_slip(frame[spec.target[0]], file)
        return _classes(frame[spec.target[0]], file, spec), []
    values = frame[spec.target].to_numpy()
    constant = constant_columns(values)
    warnings = [f"{file.path}: target {name!r} is constant" for name in _where(spec.target, constant)]
    transforms = Transforms.fit(spec, values)
    return Targets(
        spec.target, [], _scaling(spec, transforms.apply(values), file, counts), transforms
    ), warnings


def _classes(cells: pd.Series, file: TableFile, spec: DataSpec) -> Targets:
    classes = category_order(set(cells))
    where = f"{file.path}: target {cells.name!r}"
    if len(classes) == 1:
        what = f"{where} has one class only, {shown(classes[0])}"
        if spec.split_key:
            what += f", in the rows that {spec.split_key} leaves to train with"
        raise DataError(f"{what}: there is nothing to tell apart")
    keys = file.notation.keys(classes)
    if keys and spec.task == "auto":
        raise DataError(
            f"{where} holds numbers that cannot be read (such as {shown(classes[0])}): {keys}, or data.task: "
            "classification if they are classes"
        )
    if len(classes) > max(2, len(cells) / 2):
        raise DataError(
            f"{where} has {len(classes)} different classes in {len(cells)} rows: for numbers, correct those "
            "that are none, or set data.task: regression"
        )
    return Targets([str(cells.name)], classes, Scaling.identity(len(classes)))


def _scaling(spec: DataSpec, values: FloatArray, file: TableFile, counts: FloatArray | None) -> Scaling:
    """Scale targets if the spec says so; the square of a scale, a unit of variances, has to be in range."""
    if not spec.standardize_target:
        return Scaling.identity(values.shape[1])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        scaling = Scaling.standard(values, counts)
        variance = scaling.scale**2
    usable = np.isfinite(scaling.mean) & np.isfinite(scaling.scale)
    _refuse(file, _where(spec.target, ~usable), "too large to standardise")
    out_of_range = (variance < np.finfo(np.float64).tiny) | np.isinf(variance)
    _refuse(file, _where(spec.target, out_of_range), "too large or too small for a variance in float64")
    return scaling


def _refuse(file: TableFile, names: list[str], what: str) -> None:
    for name in names:
        raise DataError(f"{file.path}: column {name!r} is {what}: give it another unit")


def _where(names: list[str], mask: BoolArray) -> list[str]:
    return [name for name, chosen in zip(names, mask, strict=True) if chosen]
