"""From a table's feature columns to the kernel's inputs, by rules that are saved with the model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.csv_file import CsvFile
from ntkcli.data.feature import Feature
from ntkcli.data.scaling import Scaling, normalize_rows
from ntkcli.spec.data import DataSpec
from ntkcli.spec.section import Section


class FeatureRules(Section):
    """What the spec says of features: the keys of its data section."""

    unknown: Literal["error", "ignore"]
    missing: Literal["error", "drop", "mean"]
    normalize_rows: bool

    @classmethod
    def of(cls, spec: DataSpec) -> Self:
        """The rules of a spec."""
        return cls(unknown=spec.unknown, missing=spec.missing, normalize_rows=spec.normalize_rows)


@dataclass(frozen=True)
class Features:
    """The encoded columns of a table, filled, scaled, and maybe normalised by row.

    features: those that are used, in order.
    rules: what to do with cells that need it.
    fill: (columns,) what stands in for a missing value: the mean in training.
    scaling: of the encoded columns.
    relevance: (columns,) what scaled columns are multiplied with.
    """

    features: list[Feature]
    rules: FeatureRules
    fill: FloatArray
    scaling: Scaling
    relevance: FloatArray

    @property
    def columns(self) -> list[str]:
        """The names of the encoded columns."""
        return [column for feature in self.features for column in feature.columns]

    @property
    def numbers(self) -> list[str]:
        """The columns of a file that are read as numbers."""
        return [feature.name for feature in self.features if feature.kind == "number"]

    @property
    def texts(self) -> list[str]:
        """The columns of a file that are read letter by letter."""
        return [feature.name for feature in self.features if feature.kind != "number"]

    def encode(self, frame: pd.DataFrame, file: CsvFile) -> FloatArray:
        """The columns (rows, columns) as numbers, NaN where a value is missing.

        Raises:
            DataError: a cell is of no use; the message has its line.
        """
        return encode(self.features, frame, file, self.rules)

    def inputs(self, encoded: FloatArray) -> FloatArray:
        """What the kernel sees, (rows, columns), of encoded columns."""
        x = self.scaling.apply(np.where(np.isnan(encoded), self.fill, encoded))
        if self.rules.normalize_rows:
            normalize_rows(x)
        return x * self.relevance

    @property
    def groups(self) -> npt.NDArray[np.intp]:
        """The feature that each of the encoded columns belongs to, from 0."""
        return np.repeat(np.arange(len(self.features)), [len(feature.columns) for feature in self.features])

    def weighted(self, factors: FloatArray) -> Self:
        """The same with every feature multiplied by a factor of its own."""
        return replace(self, relevance=factors[self.groups])


def encode(
    features: Sequence[Feature], frame: pd.DataFrame, file: CsvFile, rules: FeatureRules
) -> FloatArray:
    """The columns of all features beside each other, (rows, columns). Arguments as `Features.encode`."""
    missing, ignore = rules.missing != "error", rules.unknown == "ignore"
    parts = [
        feature.encode(frame[feature.name], file, missing=missing, ignore_unknown=ignore)
        for feature in features
    ]
    return np.hstack(parts)
