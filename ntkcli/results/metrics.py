"""Scores of all kernels and times, beside those of the baselines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.scaling import Scaling
from ntkcli.data.targets import Targets
from ntkcli.results.baselines import Baseline
from ntkcli.results.presentation import Presentation
from ntkcli.results.relative_errors import RelativeErrors
from ntkcli.results.result import Result
from ntkcli.results.score import BaselineScore, KernelScore
from ntkcli.results.unseen_rows import UnseenRows


@dataclass(frozen=True)
class Metrics:
    """Scores of the predictions of some rows.

    rows: number of rows predicted.
    interval: probability of the intervals that coverage and width are of.
    scores: one for every kernel, time and target, in this order.
    baselines: one for every baseline and target, in this order.
    unseen: the training rows that the model is calibrated by; None where nothing is.
    are_fitted: whether intervals are fitted to these rows; else they are normal ones.
    errors: of the calibration of each kernel and time; none where nothing is calibrated.
    """

    rows: int
    interval: float
    scores: list[KernelScore]
    baselines: list[BaselineScore]
    unseen: UnseenRows | None = None
    are_fitted: bool = False
    errors: Sequence[RelativeErrors] = ()

    @classmethod
    def of(
        cls,
        presentation: Presentation,
        observed: pd.DataFrame,
        results: Sequence[Result],
        baselines: Sequence[Result],
        unseen: UnseenRows | None = None,
    ) -> Self:
        """Score predictions against observations.

        Args:
            presentation: of the targets.
            observed: the observed targets, a column each, in their units.
            results: predictions of the kernels.
            baselines: predictions of the baselines.
            unseen: the training rows that calibrations are fitted to.
        """
        scores = [
            KernelScore(result.kernel, result.time, target, metrics, result.ready)
            for result in results
            for target, metrics in presentation.metrics(result, observed).items()
        ]
        baseline_scores = [
            BaselineScore(result.kernel, target, metrics)
            for result in baselines
            for target, metrics in presentation.metrics(result, observed).items()
        ]
        fitted = any(result.half_width is not None for result in results)
        interval = presentation.output.interval
        errors = [result.errors for result in results if result.errors is not None]
        return cls(len(observed), interval, scores, baseline_scores, unseen, fitted, errors)

    @property
    def content(self) -> dict[str, Any]:
        """What metrics.json holds: the scores of the targets that were observed."""
        return {
            "interval": self.interval,
            "interval_from": self.unseen.by if self.unseen and self.are_fitted else "normal",
            "scores": [score.content for score in self.scores if score.metrics is not None],
            "baselines": [score.content for score in self.baselines if score.metrics is not None],
        }


def baseline_results(targets: Targets, baselines: Sequence[Baseline], x: FloatArray) -> list[Result]:
    """Predict with the baselines, in the targets' units.

    The variance of the function is 0: a baseline's residual variance is all noise.

    Args:
        targets: what is predicted, with its scaling.
        baselines: fitted to the standardised targets.
        x: encoded features (m, d) of the rows to predict.
    """
    return [_result(baseline, targets.scaling, x) for baseline in baselines]


def _result(baseline: Baseline, scaling: Scaling, x: FloatArray) -> Result:
    with np.errstate(over="ignore", invalid="ignore"):
        mean = scaling.undo(baseline.predict(x))
        noise = baseline.variance * scaling.scale**2
    return Result(baseline.name, 0.0, mean, np.zeros_like(mean), noise, temperature=None)
