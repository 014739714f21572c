"""The rows that several runs predict, matched one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray, IntArray
from ntkcli.errors import DataError
from ntkcli.results.row_errors import RowErrors
from ntkcli.runs.predictions import Predictions

ROW = "row"
# What the same observed value may differ in, relatively, where one file was written with fewer digits.
SAME = 1e-9


@dataclass(frozen=True)
class SharedRows:
    """The rows that are in the predictions of all runs.

    predictions: of each run.
    places: of the shared rows in each run's table, in the same order, (n,) each.
    targets: that all runs have.
    """

    predictions: Sequence[Predictions]
    places: list[IntArray]
    targets: list[str]

    @classmethod
    def of(cls, predictions: Sequence[Predictions]) -> Self:
        """Match rows by their ids, where all runs have the same ones, or else by their numbers.

        Raises:
            DataError: there are none, no target is the same, or a row's target is another one in another run.
        """
        first, names = predictions[0], _names(predictions)
        keys = [each.keys(names) for each in predictions]
        common = keys[0]
        for other in keys[1:]:
            common = common[common.isin(other)]
        if common.empty:
            raise DataError(
                f"{predictions[1].run.place}: predicts no row of {first.run.place} (by {', '.join(names)}): "
                "compare runs on the same test data"
            )
        targets = [name for name in first.targets if all(name in each.targets for each in predictions)]
        if not targets:
            raise DataError(
                f"{predictions[1].run.place}: has no target of {first.run.place}: compare runs of one target"
            )
        found = cls(predictions, [key.get_indexer(common) for key in keys], targets)
        found._check(common)
        return found

    @property
    def counts(self) -> dict[str, int]:
        """How many of the rows have each target."""
        return {name: len(self._observed(name)) for name in self.targets}

    def errors(self, i: int) -> list[RowErrors]:
        """Return what the predictions of run i cost on the shared rows that have the target, by target."""
        each, places = self.predictions[i], self.places[i]
        return [each.errors(name).of_rows(places[self._observed(name)]) for name in self.targets]

    def _values(self, i: int, target: str) -> pd.Series:
        """The observed values of a target by run i, of the shared rows."""
        return self.predictions[i].table[target].iloc[self.places[i]].reset_index(drop=True)

    def _observed(self, target: str) -> IntArray:
        values = self._values(0, target)
        return np.flatnonzero((values.notna() & (values != "")).to_numpy())

    def _check(self, common: pd.Index) -> None:
        """Refuse rows whose target is another one in another run."""
        for target in self.targets:
            one = self._values(0, target)
            for i, each in enumerate(self.predictions[1:], 1):
                other = self._values(i, target)
                differs = np.flatnonzero(~_same(one, other))
                if len(differs):
                    place, first = differs[0], self.predictions[0]
                    raise DataError(
                        f"{each.run.place}: row {common[place]} has {target} {other[place]}, and "
                        f"{one[place]} in {first.run.place}: compare runs on the same test data"
                    )
            if not len(self._observed(target)):
                raise DataError(
                    f"{self.predictions[0].run.place}: {target} was observed in no row that all runs have: "
                    "compare runs on the same test data"
                )


def _names(predictions: Sequence[Predictions]) -> list[str]:
    """Return the columns to match by.

    Raises:
        DataError: two rows of a run have the same there.
    """
    names = predictions[0].row_names
    if any(each.row_names != names for each in predictions):
        names = [ROW]
    ids = [name for name in names if name != ROW] or names
    if all(each.keys(ids).is_unique for each in predictions):
        return ids
    for each in predictions:
        keys = each.keys(names)
        if not keys.is_unique:
            again = keys[keys.duplicated()][0]
            raise DataError(f"{each.run.place}: predictions.csv has row {again} twice: run ntk fit again")
    return names


def _same(one: pd.Series, other: pd.Series) -> BoolArray:
    """Whether values are the same, row by row; classes are texts."""
    if one.dtype == np.float64 and other.dtype == np.float64:
        values = one.to_numpy(dtype=np.float64), other.to_numpy(dtype=np.float64)
        return np.asarray(np.isclose(*values, rtol=SAME, atol=0, equal_nan=True), dtype=np.bool_)
    return np.asarray(one.astype(str).to_numpy() == other.astype(str).to_numpy(), dtype=np.bool_)
