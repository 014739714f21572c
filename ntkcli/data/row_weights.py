"""Weights of rows, from a column of weights or of the noise of targets, or by class."""

from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field

from ntkcli.arrays import FloatArray
from ntkcli.data.cells import check_filled, refuse
from ntkcli.data.faults import shown, some
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec
from ntkcli.spec.section import Section
from ntkcli.spec.suggestions import did_you_mean
from ntkcli.spec.types import Finite

Positive = Annotated[Finite, Field(gt=0)]


class RowWeights(Section):
    """How much rows count in a fit, by a column of the file.

        weight: as it is. noise: 1 / noise^2, of the standard deviation of the row's target.
        class: that of the row's class.

    All are divided by their mean over the training rows, so that a ridge is that of the average row.

    column: its name.
    is_noise: whether it holds the noise of targets.
    mean: of the weights in training, before they are divided by it.
    typical_noise: the variance of a new row's noise where it is not known, in units of the ridge.
    classes: the weight of every class, where the column is the target; None of other columns.
    """

    column: str
    is_noise: bool
    mean: Positive
    typical_noise: Positive
    classes: dict[str, Positive] | None = None

    @classmethod
    def fit(
        cls, frame: pd.DataFrame, file: TableFile, spec: DataSpec, *, counted: bool = False
    ) -> Self | None:
        """The weights of training rows that all have values above 0; None where the spec has none.

        Args:
            frame: the rows.
            file: that they are from.
            spec: names the column.
            counted: whether a weight has in it how often its row is there; a new row is there once.

        Raises:
            DataError: a cell is not above 0, the mean leaves float64, or a class is not in the training rows.
        """
        if spec.class_weight != "none":
            return cls._of_classes(frame[spec.target[0]], file, spec.class_weight)
        column = spec.noise or spec.weight
        if column is None:
            return None
        is_noise = spec.noise is not None
        check_filled(frame[column], file)
        _check(frame[column], file, is_noise=is_noise)
        with np.errstate(over="ignore", divide="ignore"):
            raw = _raw(frame[column].to_numpy(), is_noise=is_noise)
            mean = float(raw.mean())
            typical = float((mean / raw).mean()) if is_noise else mean if counted else 1.0
        if not (0 < mean < np.inf and 0 < typical < np.inf):
            raise DataError(f"{file.path}: column {column!r} has values too far apart: give it another unit")
        return cls(column=column, is_noise=is_noise, mean=mean, typical_noise=typical)

    @classmethod
    def _of_classes(
        cls, cells: pd.Series, file: TableFile, given: Literal["balanced"] | dict[str, float]
    ) -> Self:
        counts = {str(name): int(count) for name, count in cells.value_counts().sort_index().items()}
        rows = len(cells)
        if given == "balanced":
            classes = {name: rows / (len(counts) * count) for name, count in counts.items()}
        else:
            for name in given:
                if name not in counts:
                    raise DataError(
                        f"{file.path}: no training row has class {shown(name)} (data.class_weight)"
                        f"{did_you_mean(name, counts) or f': correct it; there are {some([*counts])}'}"
                    )
            classes = {name: given.get(name, 1.0) for name in counts}
        mean = sum(counts[name] / rows * weight for name, weight in classes.items())
        return cls(column=str(cells.name), is_noise=False, mean=mean, typical_noise=1.0, classes=classes)

    def __str__(self) -> str:
        if self.classes is not None:
            weights = some([f"{name} {weight:.3g}" for name, weight in self.classes.items()])
            return f"{self.column}: how much rows count, by class: {weights}"
        return f"{self.column}: {'the noise of the target' if self.is_noise else 'how much rows count'}"

    @property
    def numbers(self) -> list[str]:
        """The column that is read as numbers for the weights alone, if there is one."""
        return [self.column] if self.classes is None else []

    @property
    def ridge(self) -> float | None:
        """The ridge, in the target's unit squared, with which each row's is its noise; None of weights."""
        return 1 / self.mean if self.is_noise else None

    def weights(self, frame: pd.DataFrame, file: TableFile) -> FloatArray | None:
        """The weights (rows,) of some rows, of mean 1 in training; None where their file has no such column.

        They are NaN where rows to predict do not have theirs.

        Raises:
            DataError: a cell is not above 0.
        """
        if self.column not in frame:
            return None
        if self.classes is not None:
            return np.asarray(frame[self.column].map(self.classes).to_numpy(np.float64) / self.mean)
        _check(frame[self.column], file, is_noise=self.is_noise)
        return _raw(frame[self.column].to_numpy(), is_noise=self.is_noise) / self.mean

    def noise(self, weights: FloatArray | None) -> FloatArray | float:
        """The noise variances (rows,) of rows with some weights, in units of the ridge."""
        if weights is None or not self.is_noise:
            return self.typical_noise
        return np.where(np.isnan(weights), self.typical_noise, 1 / weights)


def _raw(values: FloatArray, *, is_noise: bool) -> FloatArray:
    return values**-2.0 if is_noise else values


def _check(cells: pd.Series, file: TableFile, *, is_noise: bool) -> None:
    what = "standard deviation (data.noise)" if is_noise else "weight (data.weight)"
    refuse(
        cells,
        cells.to_numpy() <= 0,
        file,
        lambda value: f"{shown(str(value))} is no {what} above 0: correct it, or leave the row out",
    )
