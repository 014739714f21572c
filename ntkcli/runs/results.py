"""Predictions in the user's units, as the tables that are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset
from ntkcli.data.scaling import Scaling
from ntkcli.errors import DataError, NumericalError
from ntkcli.inference.metrics import normal_quantile, point_metrics, spread_metrics
from ntkcli.question import time_text
from ntkcli.regression import Answer
from ntkcli.spec.spec import OutputSpec


@dataclass(frozen=True)
class Result:
    """What one kernel predicts at one time, in the targets' units.

    mean: (m, k).
    variance: (m, k) of the function, or None.
    noise: (k,), variance of an observation around the function.
    ready: seconds since the start of the run.
    """

    kernel: str
    time: float
    mean: FloatArray
    variance: FloatArray | None
    noise: FloatArray
    ready: float

    @classmethod
    def of(cls, answer: Answer, scaling: Scaling, *, ready: float) -> Self:
        """An answer taken back from standardised targets.

        Raises:
            NumericalError: a prediction is not finite.
        """
        prediction, squared = answer.prediction, scaling.scale**2
        variance = None
        if prediction.variance is not None:
            variance = prediction.variance.astype(np.float64)[:, None] * squared
        mean = scaling.undo(prediction.mean.astype(np.float64))
        result = cls(answer.kernel, answer.time, mean, variance, answer.noise * squared, ready)
        result._check_finite()
        return result

    def _check_finite(self) -> None:
        """A singular Gram matrix has finite answers at finite times; float64 may not have them."""
        if not all(np.isfinite(part).all() for part in (self.mean, self.variance) if part is not None):
            raise NumericalError(
                f"predictions of kernel {self.kernel} at time {time_text(self.time)} leave the range of "
                "float64: give inference.ridge a value above 0, or a time nearer to 1"
            )


def check_names(dataset: Dataset) -> None:
    """Check that no two columns of predictions.csv have one name.

    Raises:
        DataError: an id or a target has a name that predictions.csv gives to another column.
    """
    suffixes = ("", "_mean", "_std", "_lower", "_upper")
    names = [*(dataset.columns.ids or ["row"]), "kernel", "time"]
    names += [target + suffix for target in dataset.columns.targets for suffix in suffixes]
    for name in names:
        if names.count(name) > 1:
            raise DataError(
                f"{dataset.train.file.path}: predictions.csv would have two columns {name!r}: "
                "rename the target or the id"
            )


def prediction_table(dataset: Dataset, results: list[Result], output: OutputSpec) -> pd.DataFrame:
    """A row for every (row to predict, kernel, time), in that order."""
    parts = [_result_table(dataset, result, output) for result in results]
    table = pd.concat(parts, ignore_index=True)
    by_row = np.arange(len(table)).reshape(len(results), len(dataset.test)).T
    return table.iloc[by_row.ravel()]


def _result_table(dataset: Dataset, result: Result, output: OutputSpec) -> pd.DataFrame:
    test = dataset.test
    columns: list[tuple[str, Any]] = [(str(name), test.ids[name]) for name in test.ids]
    if not columns:
        columns = [("row", np.arange(len(test)))]
    columns += [("kernel", result.kernel), ("time", time_text(result.time))]
    for i, target in enumerate(dataset.columns.targets):
        columns += _target_columns(target, result, i, output)
        if target in test.targets:
            columns.append((target, test.targets[target]))
    return pd.DataFrame(dict(columns))


def _target_columns(
    target: str, result: Result, i: int, output: OutputSpec
) -> Iterator[tuple[str, FloatArray]]:
    mean = result.mean[:, i]
    yield f"{target}_mean", mean
    if output.std and result.variance is not None:
        noise = result.noise[i] if output.noise else 0.0
        std = np.sqrt(result.variance[:, i] + noise)
        half = normal_quantile(output.interval) * std
        yield f"{target}_std", std
        yield f"{target}_lower", mean - half
        yield f"{target}_upper", mean + half


def scores(dataset: Dataset, result: Result, *, interval: float) -> list[dict[str, Any]]:
    """A record for every target, with the metrics that the observations allow.

    nll and coverage judge observations, so the noise is in them.
    """
    found = []
    for i, target in enumerate(dataset.columns.targets):
        score: dict[str, Any] = {"kernel": result.kernel, "time": time_text(result.time), "target": target}
        if target in dataset.test.targets:
            y, mean = dataset.test.targets[target].to_numpy(), result.mean[:, i]
            score |= point_metrics(y, mean)
            if result.variance is not None:
                score |= spread_metrics(y, mean, result.variance[:, i] + result.noise[i], interval)
        found.append(score)
    return found
