"""The importance of a feature: how much worse predictions get where its values belong to other rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.features import Features
from ntkcli.data.targets import Targets
from ntkcli.journal import Advance, unshown
from ntkcli.regression.question import time_text
from ntkcli.results.class_metrics import log_loss
from ntkcli.results.number_metrics import joined_rmse, json_number
from ntkcli.results.result import Result
from ntkcli.results.temperature import probabilities

SHUFFLES = 5


@dataclass(frozen=True)
class Importance:
    """The importance of one feature, in the unit of the metric.

    feature: its column in the file.
    increase: of the metric, the mean over the shuffles; NaN or infinite where a metric is infinite.
    standard_error: of that mean.
    """

    feature: str
    increase: float
    standard_error: float

    @classmethod
    def of(cls, feature: str, increases: FloatArray) -> Self:
        """Sum up the increases of the metric in some shuffles, (s,)."""
        with np.errstate(invalid="ignore"):
            spread = float(np.std(increases, ddof=1)) / math.sqrt(len(increases))
            return cls(feature, float(np.mean(increases)), spread)

    @property
    def content(self) -> dict[str, str | float | None]:
        """The importance as JSON has it."""
        return {
            "feature": self.feature,
            "increase": json_number(self.increase),
            "standard_error": json_number(self.standard_error),
        }


@dataclass(frozen=True)
class Importances:
    """The importances of all features for one kernel at one time.

    kernel: name of the kernel.
    time: training time t >= 0 or inf.
    metric: name of what increases, as `metric_name` has it.
    rows: number of rows that it is taken over.
    features: in order, the most important first.
    """

    kernel: str
    time: float
    metric: str
    rows: int
    features: list[Importance]

    @property
    def content(self) -> dict[str, Any]:
        """What `ntk evaluate --importance --json` adds to the metrics."""
        features = [importance.content for importance in self.features]
        return {
            "kernel": self.kernel,
            "time": time_text(self.time),
            "metric": self.metric,
            "rows": self.rows,
            "shuffles": SHUFFLES,
            "features": features,
        }


def permutation_importances(
    metric: Callable[[FloatArray], float], features: Features, encoded: FloatArray, advance: Advance = unshown
) -> list[Importance]:
    """Return the importance of every feature, the most important first.

        mean_s  metric(rows whose feature j is that of other rows, by shuffle s)  -  metric(rows)

    All columns of a category move together, before rows are filled, scaled and normalised. The shuffles have
    fixed seeds and are the same for every feature.

    Args:
        metric: of the predictions for encoded rows (m, columns).
        features: whose columns they are.
        encoded: the rows (m, columns), NaN where a value is missing.
        advance: called after each of `SHUFFLES` shuffles of every feature.

    Breiman 2001; Fisher, Rudin & Dominici 2019, whose model reliance is a ratio or, as here, a difference.
    """
    plain = metric(encoded)
    orders = [np.random.default_rng(seed).permutation(len(encoded)) for seed in range(SHUFFLES)]
    found = []
    for j, feature in enumerate(features.features):
        increases = np.empty(SHUFFLES)
        for s, order in enumerate(orders):
            moved = np.where(features.groups == j, encoded[order], encoded)
            # Two infinite metrics have no difference.
            increases[s] = metric(moved) - plain if math.isfinite(plain) else math.nan
            advance(1)
        found.append(Importance.of(feature.name, increases))
    return sorted(found, key=lambda each: math.inf if math.isnan(each.increase) else -each.increase)


def metric_name(targets: Targets) -> str:
    """Return what is measured: log_loss for classes, and rmse for numbers."""
    return "log_loss" if targets.is_classification else "rmse"


def metric_of(result: Result, targets: Targets, observed: pd.DataFrame) -> float:
    """Return the metric of predictions; infinite where a true class has probability 0.

    For one target the rmse is in the target's unit; for several it is the mean over the standardised targets,
    transformed where they have a transform.

    Args:
        result: predictions of m rows.
        targets: what is predicted.
        observed: the observed targets of the m rows, a column each.
    """
    if targets.is_classification:
        found = log_loss(targets.labels(observed), probabilities(result.mean, result.temperature or 1.0))
        return math.inf if found is None else found
    scale, y, mean = targets.scaling.scale, observed[targets.names].to_numpy(), result.mean
    if len(scale) == 1:
        mean = targets.transforms.undo(mean)
    else:
        y = targets.transforms.apply(y)
    with np.errstate(over="ignore", invalid="ignore"):
        residual = (y - mean) / scale
    return joined_rmse(residual, scale)
