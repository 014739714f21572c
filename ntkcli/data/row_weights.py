"""Weights of rows, from a column of weights or of the noise of targets."""

from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import Field

from ntkcli.arrays import FloatArray
from ntkcli.data.cells import refuse
from ntkcli.data.faults import shown
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec
from ntkcli.spec.section import Section
from ntkcli.spec.types import Finite

Positive = Annotated[Finite, Field(gt=0)]


class RowWeights(Section):
    """How much rows count in a fit, by a column of the file.

        weight: as it is. noise: 1 / noise^2, of the standard deviation of the row's target.

    Both are divided by their mean over the training rows, so that a ridge is that of the average row.

    column: its name.
    is_noise: whether it holds the noise of targets.
    mean: of the weights in training, before they are divided by it.
    typical_noise: the variance of a new row's noise where it is not known, in units of the ridge.
    """

    column: str
    is_noise: bool
    mean: Positive
    typical_noise: Positive

    @classmethod
    def fit(cls, frame: pd.DataFrame, file: TableFile, spec: DataSpec) -> Self | None:
        """The weights of training rows that all have values above 0; None where the spec names no column.

        Raises:
            DataError: a cell is not above 0, or the mean leaves float64.
        """
        column = spec.noise or spec.weight
        if column is None:
            return None
        is_noise = spec.noise is not None
        _check(frame[column], file, is_noise=is_noise)
        with np.errstate(over="ignore", divide="ignore"):
            raw = _raw(frame[column].to_numpy(), is_noise=is_noise)
            mean = float(raw.mean())
            typical = float((mean / raw).mean()) if is_noise else 1.0
        if not (0 < mean < np.inf and 0 < typical < np.inf):
            raise DataError(f"{file.path}: column {column!r} has values too far apart: give it another unit")
        return cls(column=column, is_noise=is_noise, mean=mean, typical_noise=typical)

    def __str__(self) -> str:
        return f"{self.column}: {'the noise of the target' if self.is_noise else 'how much rows count'}"

    @property
    def ridge(self) -> float | None:
        """The ridge, in the target's unit squared, with which each row's is its noise; None of weights."""
        return 1 / self.mean if self.is_noise else None

    def weights(self, frame: pd.DataFrame, file: TableFile) -> FloatArray | None:
        """The weights (rows,) of some rows, of mean 1 in training; None where their file has no such column.

        Raises:
            DataError: a cell is not above 0.
        """
        if self.column not in frame:
            return None
        _check(frame[self.column], file, is_noise=self.is_noise)
        return _raw(frame[self.column].to_numpy(), is_noise=self.is_noise) / self.mean

    def noise(self, weights: FloatArray | None) -> FloatArray | float:
        """The noise variances (rows,) of rows with some weights, in units of the ridge."""
        return self.typical_noise if weights is None or not self.is_noise else 1 / weights


def _raw(values: FloatArray, *, is_noise: bool) -> FloatArray:
    return values**-2.0 if is_noise else values


def _check(cells: pd.Series, file: TableFile, *, is_noise: bool) -> None:
    what = "standard deviation (data.noise)" if is_noise else "weight (data.weight)"
    refuse(
        cells,
        ~(cells.to_numpy() > 0),
        file,
        lambda value: f"{shown(str(value))} is no {what} above 0: correct it, or leave the row out",
    )
